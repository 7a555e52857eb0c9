"""The image of the Containerfile, built and run by the commands of docs/node-ops.md.

`make test` leaves this folder out where podman cannot run a container.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from urllib.error import URLError
from urllib.request import urlopen

from tests.node_stores import ROOT

GUIDE = (ROOT / "docs" / "node-ops.md").read_text()
STATUS = "http://127.0.0.1:8645/v1/status"
PATIENCE_S = 300  # a first start makes keys


def find_command(verb: str) -> list[str]:
    """Return the words of the guide's command."""
    (command,) = re.findall(rf"podman {verb} [^`&]+", GUIDE)
    return shlex.split(command)


def test_image_is_built() -> None:
    subprocess.run(find_command("build"), cwd=ROOT, check=True)
    listed = subprocess.run(["podman", "image", "exists", "zkmargin"], cwd=ROOT)
    assert listed.returncode == 0


def test_node_serves_from_the_image_and_stops() -> None:
    subprocess.run(find_command("build"), cwd=ROOT, check=True)  # of layers that are there
    with subprocess.Popen(find_command("run"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as node:
        try:
            wait_for_status(node)
            subprocess.run(["podman", "stop", "--latest", "--time", "60"], check=True)
            said, _ = node.communicate(timeout=PATIENCE_S)
        finally:
            node.kill()
    assert "node has stopped" in said


def wait_for_status(node: subprocess.Popen[str]) -> None:
    """Return once the API answers."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urlopen(STATUS, timeout=5) as answer:
                assert b"state_root" in answer.read()
                return
        except (URLError, ConnectionError):
            assert node.poll() is None, "it ended"
            assert time.monotonic() < end_s, "it does not answer"
            time.sleep(0.5)

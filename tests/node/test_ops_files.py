"""The unit and the image: what they name is there, and what they set is what the configuration takes."""

from __future__ import annotations

import re
from pathlib import Path

from sequencer.doctor.machine import SPARE_FILES
from sequencer.node.config_loading import ENV_PREFIX, load_config

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text()
UNIT = (ROOT / "examples" / "zkmargin-node.service").read_text()


def test_the_image_overrides_keys_of_the_configuration() -> None:
    env = dict(re.findall(rf"({ENV_PREFIX}\w+)=(\S+)", CONTAINERFILE))
    config = load_config(ROOT / "examples" / "node.toml", env)
    assert (config.node.data, config.api.host) == (Path("/var/lib/zkmargin/node"), "0.0.0.0")
    assert f"EXPOSE {config.api.port}" in CONTAINERFILE


def test_the_image_copies_what_is_there_and_what_is_not_ignored() -> None:
    copied = [
        path for line in re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.MULTILINE) for path in line.split()
    ]
    taken = (ROOT / ".containerignore").read_text().splitlines()
    assert len(copied) > 8
    assert [path for path in copied if not (ROOT / path).exists() or f"!{path}" not in taken] == []


def test_the_image_runs_as_a_user_of_its_own_and_names_its_bases_by_version() -> None:
    assert re.search(r"^USER 10001:10001$", CONTAINERFILE, re.MULTILINE)
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(":" in base and not base.endswith(":latest") for base in bases)


def test_the_unit_has_files_enough_and_no_privileges() -> None:
    config = load_config(ROOT / "examples" / "node.toml", {})
    limit = int(re.findall(r"^LimitNOFILE=(\d+)$", UNIT, re.MULTILINE)[0])
    assert limit >= config.api.max_connections + SPARE_FILES
    for line in ("CapabilityBoundingSet=", "NoNewPrivileges=true", "ProtectSystem=strict", "StateDirectoryMode=0700"):
        assert f"\n{line}\n" in UNIT
    assert "zkmargin node --config" in UNIT


def test_the_guide_names_both() -> None:
    guide = (ROOT / "docs" / "node-ops.md").read_text()
    assert "examples/zkmargin-node.service" in guide
    assert "`Containerfile`" in guide


def test_the_guide_runs_the_image_with_its_volume_and_its_port() -> None:
    (command,) = re.findall(r"podman run ([^`]+)`", (ROOT / "docs" / "node-ops.md").read_text())
    volume, port = (re.findall(rf"^{word} (\S+)$", CONTAINERFILE, re.MULTILINE)[0] for word in ("VOLUME", "EXPOSE"))
    assert f"-v zkmargin:{volume}:U" in command
    assert f"-p 127.0.0.1:{port}:{port}" in command

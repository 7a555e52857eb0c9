"""The generated pages, all of them: docs/generated/, which git ignores."""

from __future__ import annotations

from pathlib import Path

from docs._site.api import write_api_pages
from docs._site.circuits import write_circuit_pages

__all__ = ["GENERATED", "generate"]

GENERATED = "generated"


def generate(docs: Path) -> None:
    """Write the circuit reference and the API reference below the folder of the documents."""
    write_circuit_pages(docs / GENERATED / "circuit")
    write_api_pages(docs / GENERATED)

"""The generated pages, all of them: docs/generated/, which git ignores."""

from __future__ import annotations

from pathlib import Path

from docs._site.api import write_api_pages
from docs._site.circuits import write_circuit_pages

__all__ = ["generate"]


def generate(docs: Path) -> None:
    """Write the circuit reference and the API reference below the folder of the documents; what was there else goes."""
    folder = docs / "generated"
    written = {*write_circuit_pages(folder / "circuit"), *write_api_pages(folder)}
    for path in folder.rglob("*.md"):
        if path not in written:
            path.unlink()

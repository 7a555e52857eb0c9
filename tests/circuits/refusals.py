"""What the catalogue of forgeries says of each constraint class: pinned, for the circuit reference of the site.

Forging takes half a minute, so `docs/_site/circuits.py` reads `tests/pins/refusals.json`, and the tests that forge a
template's catalogue anyway hold the file to it. `python -m tests.circuits.refusals` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.circuits.forging import Forged

__all__ = ["assert_refusals_are_pinned", "summarise"]

PINS: Final = Path(__file__).parents[1] / "pins" / "refusals.json"
_NAMED: Final = 2  # forgeries of a class that are named, the rest is a number


def summarise(forgeries: Iterable[Forged]) -> dict[str, list[int | str]]:
    """Return, by class, how many forgeries it refuses and the names of the first."""
    names: dict[str, list[str]] = {}
    for forged in forgeries:
        for refusing in forged.refused_by:
            names.setdefault(refusing, []).append(forged.name)
    return {refusing: [len(found), *found[:_NAMED]] for refusing, found in sorted(names.items())}


def assert_refusals_are_pinned(template: str, forgeries: Iterable[Forged]) -> None:
    """Assert that the file has what this catalogue refuses."""
    assert json.loads(PINS.read_text())[template] == summarise(forgeries), "python -m tests.circuits.refusals"


def main() -> None:
    """Write the file anew."""
    from tests.circuits.other_mutants import load_catalogues
    from tests.circuits.trade_mutants import load_trade_catalogues

    loaded = {**load_catalogues(), **load_trade_catalogues()}
    found = {name: summarise(forgeries) for name, forgeries in loaded.items() if not name.startswith("Horner")}
    PINS.write_text("{\n" + ",\n".join(f' "{name}": {_spell(found[name])}' for name in sorted(found)) + "\n}\n")


def _spell(refusals: dict[str, list[int | str]]) -> str:
    """Return JSON with a class a line, for whoever reads a change of it."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in refusals.items()) + "\n }"


if __name__ == "__main__":
    main()

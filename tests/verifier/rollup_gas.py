"""The pins of what the Rollup's transactions cost: `python -m tests.verifier.rollup_gas` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from prover import kernel
from sequencer.gas_calls import measure_calls, measure_groups

PATH: Final = Path(__file__).parents[1] / "pins" / "gas.json"


def measure() -> dict[str, int]:
    """Return all of it, named as it is pinned."""
    return {f"Rollup: {name}": gas for name, gas in (measure_calls() | measure_groups()).items()}


def main() -> None:
    """Pin what it costs now."""
    kernel.install()
    pins = {name: gas for name, gas in json.loads(PATH.read_text()).items() if not name.startswith("Rollup: ")}
    PATH.write_text(json.dumps(pins | measure(), indent=1) + "\n")


if __name__ == "__main__":
    main()

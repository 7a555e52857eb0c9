"""The table of `zkmargin compare`; those of --evm are in gas_tables.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from sequencer.cli.output import make_table

if TYPE_CHECKING:
    from sequencer.comparing import Comparison

__all__ = ["make_compare_table"]

_COLUMNS = ("batch", "equal", "fills", "constraints", "witness s", "proof s", "bytes", "bytes direct", "gas to settle")


def make_compare_table(comparison: Comparison) -> Table:
    """Return one row a batch; what was not made shows as a dash."""
    rows = [tuple("-" if value is None else value for value in asdict(batch).values()) for batch in comparison.batches]
    return make_table("Rollup against direct settlement", _COLUMNS, rows)

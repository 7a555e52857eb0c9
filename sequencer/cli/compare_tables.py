"""The tables of `zkmargin compare`."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from rich.table import Table

from sequencer.cli.output import make_table

if TYPE_CHECKING:
    from sequencer.comparing import Comparison
    from sequencer.comparing_gas import GasComparison

__all__ = ["make_compare_table", "make_gas_tables", "summarise_gas"]

_COLUMNS = ("batch", "equal", "fills", "constraints", "witness s", "proof s", "bytes", "bytes direct", "gas to settle")
_GAS_COLUMNS = (
    "settled",
    "batches",
    "orders",
    "txs",
    "gas",
    "gas/order",
    "execution",
    "calldata",
    "floor",
    "bytes",
    "all in",
)


def make_compare_table(comparison: Comparison) -> Table:
    """Return one row a batch; what was not made shows as a dash."""
    rows = [tuple("-" if value is None else value for value in asdict(batch).values()) for batch in comparison.batches]
    return make_table("Rollup against direct settlement", _COLUMNS, rows)


def make_gas_tables(gas: GasComparison) -> tuple[Table, Table]:
    """Return one row for each way to settle, and the figures that others publish."""
    from sequencer.published_gas import PUBLISHED

    rows = [tuple(_show(value) for value in astuple(column)) for column in gas.columns]
    others = [
        (
            figure.name,
            figure.format_range(),
            "-" if figure.bytes_per_trade is None else figure.bytes_per_trade,
            figure.what,
            figure.source,
        )
        for figure in PUBLISHED
    ]
    return (
        make_table("Gas on the base layer", _GAS_COLUMNS, rows),
        make_table("Published by others", ("who", "gas a trade", "bytes", "of what", "source"), others),
    )


def summarise_gas(gas: GasComparison) -> dict[str, Any]:
    """Return what --json adds for --evm."""
    return {
        "gas_per_order": gas.get_gas_per_order("rollup"),
        "direct_gas_per_order": gas.get_gas_per_order("direct"),
        "ratio": gas.ratio,
        "evm": [asdict(column) for column in gas.columns],
    }


def _show(value: object) -> object:
    if value is None:
        return "-"
    return round(value) if isinstance(value, float) else value

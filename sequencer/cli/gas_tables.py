"""What `zkmargin compare --evm` shows: gas tables, the curve, and the keys of --json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from rich.table import Table

from sequencer.cli.output import make_table

if TYPE_CHECKING:
    from sequencer.comparing_run import GasReport
    from sequencer.gas_model import RollupGas

__all__ = ["describe_gas", "make_gas_tables", "summarise_gas"]

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
    "settled s",
)


def make_gas_tables(gas: GasReport) -> tuple[Table, ...]:
    """Return one row for each way to settle, what the contract charges, its curve, and what others publish."""
    rows = [tuple(_show(value) for value in astuple(column)) for column in gas.comparison.columns]
    return (
        make_table("Gas on the base layer", _GAS_COLUMNS, rows),
        _make_contract_table(gas.rollup),
        _make_curve_table(gas.rollup),
        _make_published_table(),
    )


def _make_contract_table(rollup: RollupGas) -> Table:
    rows = [
        ("one batch of block, a deposit and two withdrawals in it", rollup.batch_gas),
        *((f"{n} quiet batches, one transaction", used) for n, used in rollup.settle_gas.items()),
        ("each further proof in proveBatches", round(rollup.marginal_proof_gas)),
        ("an order, 16 full batches in one transaction", round(rollup.amortised_gas_per_order)),
        ("deposit, first of its window", rollup.deposit_gas),
        ("forced request, the dearest kind", rollup.forced_gas),
        ("claim", rollup.claim_gas),
        ("exit: register", rollup.register_exit_gas),
        ("exit: pay", rollup.pay_exit_gas),
    ]
    return make_table("The settlement contract, blob gas apart", ("transaction", "gas"), rows)


def _make_curve_table(rollup: RollupGas) -> Table:
    from sequencer.gas_curve import ORDER_STEPS, PROOF_STEPS, compute_curve, fit_law

    points = compute_curve(fit_law(rollup.settle_gas))
    rows = [
        (
            f"{orders:,}",
            *(f"{p.gas_per_order:,.0f}{'' if p.fits_one_blob else ' *'}" for p in points if p.orders == orders),
        )
        for orders in ORDER_STEPS
    ]
    columns = ("orders a proof", *(f"{n} proof{'s' if n > 1 else ''}" for n in PROOF_STEPS))
    return make_table("Gas an order, all places filled (*: data of such a group fill more than a blob)", columns, rows)


def _make_published_table() -> Table:
    from sequencer.published_gas import PUBLISHED

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
    return make_table("Published by others", ("who", "gas a trade", "bytes", "of what", "source"), others)


def describe_gas(gas: GasReport) -> Iterator[str]:
    """Yield what is to be said in words: bytes, the ratio, and where the curve meets half of StarkEx's trade."""
    from sequencer.gas_curve import TARGET_GAS, find_orders, find_orders_in_one_blob, fit_law

    law = fit_law(gas.rollup.settle_gas)
    few, many = (find_orders(law, n) for n in (16, 64))
    needed = f"{few} orders a proof with 16 proofs a transaction, {many} with 64"
    yield f"{TARGET_GAS:.0f} gas an order, half of StarkEx's trade, takes {needed}"
    if (whole := find_orders_in_one_blob(law)) is not None:
        yield f"and with all data in one blob at least {whole.orders}, with {whole.proofs} proofs"
    if (all_in := gas.bytes.bytes_per_order_all_in) is not None:
        unused = f"{gas.bytes.unused_bytes:,} unused in blobs"
        yield f"{all_in:,.0f} bytes an order, calldata and segments of blobs; {unused}"
    if (ratio := gas.comparison.ratio) is not None:
        yield f"an order costs {ratio:,.1f} times as much without the rollup"


def summarise_gas(gas: GasReport) -> dict[str, Any]:
    """Return what --json adds for --evm."""
    from sequencer.run_bytes import BLOB_BYTES_PER_FILL

    comparison, rollup = gas.comparison, gas.rollup
    return {
        "gas_per_order": comparison.get_gas_per_order("rollup"),
        "direct_gas_per_order": comparison.get_gas_per_order("direct"),
        "ratio": comparison.ratio,
        "blob_bytes_per_fill": BLOB_BYTES_PER_FILL,
        "bytes_per_order_all_in": gas.bytes.bytes_per_order_all_in,
        "blob_bytes_unused": gas.bytes.unused_bytes,
        **asdict(rollup),
        "exit_gas": rollup.exit_gas,
        "curve": _summarise_curve(rollup),
        "evm": [asdict(column) for column in comparison.columns],
    }


def _summarise_curve(rollup: RollupGas) -> dict[str, Any]:
    from sequencer.gas_curve import (
        PROOF_STEPS,
        TARGET_GAS,
        compute_curve,
        find_orders,
        find_orders_in_one_blob,
        fit_law,
    )

    law = fit_law(rollup.settle_gas)
    whole = find_orders_in_one_blob(law)
    return {
        "target_gas": TARGET_GAS,
        "orders_at_target": {n: find_orders(law, n) for n in PROOF_STEPS},
        "one_blob_at_target": asdict(whole) if whole else None,
        "points": [asdict(point) for point in compute_curve(law)],
    }


def _show(value: object) -> object:
    if value is None:
        return "-"
    return round(value) if isinstance(value, float) else value

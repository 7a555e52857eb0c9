"""`zkmargin replay`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.options import shape_option
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

if TYPE_CHECKING:
    from sequencer.manifest import Manifest

__all__ = ["make_batch_table", "replay", "summarise"]


@click.command()
@click.argument("trades", type=click.Path(path_type=Path), metavar="TRADES.csv.gz")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the batch files."
)
@shape_option
@click.option("--batches", default=6, show_default=True, help="Slices of the tape, equally many trades each.")
@click.option("--accounts", default=10, show_default=True, help="Traders and market makers together.")
@click.option("--seed", default=1, show_default=True, help="Keys and roles are derived from it.")
@json_option
def replay(trades: Path, out: Path, shape_name: str, batches: int, accounts: int, seed: int, as_json: bool) -> None:
    """Turn a public trade tape into funded accounts and signed orders, and clear them in batches.

    Deterministic by seed. One file a batch, and manifest.json.

    Example: zkmargin replay examples/avax-2025-10-10.csv.gz --out run
    """
    from prover import kernel
    from rollup.shapes import get_shape
    from sequencer.replay import replay_tape

    kernel.install()
    with show_stage("replay") as stage:
        manifest, _ = replay_tape(trades, out, get_shape(shape_name), batches, accounts, seed, stage.report)
    if as_json:
        print_json(summarise(manifest))
    else:
        print_tables(make_batch_table(manifest))


def summarise(manifest: Manifest) -> dict[str, object]:
    """Return the totals that scripts rely on, and every batch."""
    names = ("orders", "fills", "liquidations", "deposits", "withdrawals", "cancels", "rejected")
    totals = {name: sum(getattr(batch, name) for batch in manifest.batches) for name in names}
    return {"shape": manifest.shape, **totals, "batches": [asdict(batch) for batch in manifest.batches]}


def make_batch_table(manifest: Manifest) -> Table:
    """Return one row a batch."""
    columns = ("batch", "mark USD", "price USD", "orders", "fills", "liquidated", "deposits", "withdrawals", "cancels")
    rows = [
        (
            batch.file.removesuffix(".zkm"),
            f"{batch.mark_ticks / 10**6:.3f}",
            f"{batch.price_ticks / 10**6:.3f}",
            batch.orders,
            batch.fills,
            batch.liquidations,
            batch.deposits,
            batch.withdrawals,
            batch.cancels,
        )
        for batch in manifest.batches
    ]
    return make_table(f"Batches of {manifest.tape}, shape {manifest.shape}", columns, rows)

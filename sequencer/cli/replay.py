"""`zkmargin replay`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import json_option, make_table, print_json, show_stage

if TYPE_CHECKING:
    from sequencer.manifest import Manifest

__all__ = ["replay", "summarise"]


@click.command()
@click.argument("trades", type=click.Path(path_type=Path), metavar="TRADES.csv.gz")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the batch files."
)
@click.option("--shape", "shape_name", default="small", show_default=True, help="Lanes of a batch: tiny, small, block.")
@click.option("--batches", default=6, show_default=True, help="Slices of the tape, equally many trades each.")
@click.option("--accounts", default=10, show_default=True, help="Traders and market makers together.")
@click.option("--seed", default=1, show_default=True, help="Keys and roles are derived from it.")
@json_option
def replay(trades: Path, out: Path, shape_name: str, batches: int, accounts: int, seed: int, as_json: bool) -> None:
    """Turn a public trade tape into funded accounts and signed orders, and clear them in batches.

    Deterministic by seed. One file a batch, and manifest.json.

    Example: `zkmargin replay examples/avax-2025-10-10.csv.gz --out run --batches 6`
    """
    from rollup.shapes import get_shape
    from sequencer.replay import replay_tape

    with show_stage("replay") as stage:
        manifest, _ = replay_tape(trades, out, get_shape(shape_name), batches, accounts, seed, stage.report)
    if as_json:
        print_json(summarise(manifest))
    else:
        print_batches(manifest)


def summarise(manifest: Manifest) -> dict[str, object]:
    """Return the totals that scripts rely on, and every batch."""
    names = ("orders", "fills", "liquidations", "deposits", "withdrawals", "cancels", "rejected")
    totals = {name: sum(getattr(batch, name) for batch in manifest.batches) for name in names}
    return {"shape": manifest.shape, **totals, "batches": [asdict(batch) for batch in manifest.batches]}


def print_batches(manifest: Manifest) -> None:
    """Print one row a batch."""
    from rich.console import Console

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
    Console().print(make_table(f"Batches of {manifest.tape}, shape {manifest.shape}", columns, rows))

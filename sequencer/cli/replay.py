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
@click.option("--all-trades", is_flag=True, help="Send every trade, in as many batches as that takes.")
@click.option("--accounts", default=10, show_default=True, help="Traders and market makers together.")
@click.option("--seed", default=1, show_default=True, help="Keys and roles are derived from it.")
@click.option(
    "--group", "group_size", type=click.IntRange(1, 64), default=64, show_default=True, help="Batches a blob."
)
@click.option(
    "--chain-id", type=click.IntRange(1, 2**64 - 1), default=31_337, show_default=True, help="That it is to settle on."
)
@click.option(
    "--ends-at",
    "ends_at_s",
    type=click.IntRange(1, 2**40 - 1),
    metavar="S",
    help="Move the tape to end then, UNIX time.",
)
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Also draw the replay: SVG, PNG or PDF.")
@json_option
def replay(
    trades: Path,
    out: Path,
    shape_name: str,
    batches: int,
    all_trades: bool,
    accounts: int,
    seed: int,
    group_size: int,
    chain_id: int,
    ends_at_s: int | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Turn a public trade tape into funded accounts and signed orders, and clear them in batches.

    Deterministic by seed. One file a batch, a blob and its JSON a group, queue.json and manifest.json.

    Example: zkmargin replay examples/avax-2025-10-10.csv.gz --out run
    """
    from prover import kernel
    from rollup.shapes import get_shape
    from sequencer.replay import ReplayOptions, replay_tape

    kernel.install()
    n_batches = None if all_trades else batches
    options = ReplayOptions(get_shape(shape_name), n_batches, accounts, seed, group_size, chain_id, ends_at_s)
    if plot is not None:
        from sequencer.plot_style import check_suffix
        from sequencer.plotting import plot_replay

        check_suffix(plot)
    with show_stage("replay") as stage:
        manifest, _ = replay_tape(trades, out, options, stage.report)
    if plot is not None:
        plot_replay(manifest.batches, f"{manifest.tape}, shape {manifest.shape}, {manifest.accounts} accounts", plot)
    if as_json:
        print_json(summarise(manifest))
    else:
        print_tables(make_batch_table(manifest))


def summarise(manifest: Manifest) -> dict[str, object]:
    """Return the totals that scripts rely on, and every batch."""
    counts = ("orders", "fills", "liquidations", "takeovers", "deleveraged", "adl_lots")
    names = (*counts, "deposits", "withdrawals", "cancels", "rejected")
    totals = {name: sum(getattr(batch, name) for batch in manifest.batches) for name in names}
    last = manifest.batches[-1]
    standing = {"bad_debt_atoms": last.bad_debt_atoms, "fund_atoms": last.fund_atoms}
    is_held = all(batch.identity_held for batch in manifest.batches)
    rows = [asdict(batch) for batch in manifest.batches]
    return {
        "shape": manifest.shape,
        "groups": manifest.groups,
        **totals,
        **standing,
        "identity_held": is_held,
        "batches": rows,
    }


def make_batch_table(manifest: Manifest) -> Table:
    """Return one row a batch."""
    columns = (
        "batch",
        "mark USD",
        "price USD",
        "orders",
        "fills",
        "liquidated",
        "rescued",
        "deposits",
        "withdrawals",
        "cancels",
    )
    rows = [
        (
            batch.file.removesuffix(".zkm"),
            f"{batch.mark_ticks / 10**6:.3f}",
            f"{batch.price_ticks / 10**6:.3f}",
            batch.orders,
            batch.fills,
            batch.liquidations,
            batch.takeovers + batch.deleveraged,
            batch.deposits,
            batch.withdrawals,
            batch.cancels,
        )
        for batch in manifest.batches
    ]
    return make_table(f"Batches of {manifest.tape}, shape {manifest.shape}", columns, rows)

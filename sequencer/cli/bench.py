"""`zkmargin bench node`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from sequencer.cli.options import keys_option
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

__all__ = ["bench"]


@click.group()
def bench() -> None:
    """Measure this machine.

    Example: zkmargin bench node --json
    """


@bench.command()
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Of each run.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), help="Figures are their medians.")
@click.option(
    "--accounts",
    default=200,
    show_default=True,
    type=click.IntRange(1, 400_000),
    metavar="N",
    help="In the genesis.",
)
@click.option(
    "--traders",
    default=200,
    show_default=True,
    type=click.IntRange(12, 100_000),
    metavar="N",
    help="Accounts that trade: each has room for 384 resting orders.",
)
@click.option(
    "--records",
    default=100_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    metavar="N",
    help="Of the log behind its snapshot, for restart_s.",
)
@click.option(
    "--shape",
    "shape_name",
    default="tiny",
    show_default=True,
    type=click.Choice(("tiny", "small", "block")),
    help="Lanes of a batch.",
)
@click.option("--no-risk", is_flag=True, help="Leave risk_tick_ms out: it takes half a minute.")
@keys_option
@click.option("--folder", type=click.Path(path_type=Path), metavar="DIR", help="Whose disk. [default: the system's]")
@json_option
def node(
    seconds: float,
    runs: int,
    accounts: int,
    traders: int,
    records: int,
    shape_name: str,
    no_risk: bool,
    keys_dir: Path | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Measure a node: a process of its own on a temporary folder, loaded by this one, its prover at work.

    Of the orders 60 % replace, 30 % are new, 10 % cross; all are signed before the clock runs.

    Example: zkmargin bench node --seconds 60 --records 1000000 --accounts 100000 --json
    """
    from sequencer.bench.node import NodeBench, measure_node

    asked = NodeBench(seconds, runs, accounts, traders, records, shape_name, keys_dir, folder, not no_risk)
    with show_stage("bench node") as stage:
        figures = measure_node(asked, stage.report)
    if as_json:
        print_json(figures)
        return
    rows = [(name, str(value) if isinstance(value, dict) else value) for name, value in figures.items()]
    print_tables(make_table("Node", ("figure", "value"), rows))

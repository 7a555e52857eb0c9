"""`zkmargin compare`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from sequencer.comparing import Comparison

__all__ = ["compare", "make_compare_table"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@json_option
def compare(folder: Path, as_json: bool) -> int:
    """Hold a replay's state against the same orders settled one by one, and show what each batch costs.

    Proofs that stand in the same folder are verified and their figures shown. Exit status 0 where every balance and
    position agrees after every batch, else 1.

    Example: zkmargin compare run
    """
    from prover import kernel
    from sequencer.comparing import compare_run

    kernel.install()
    with show_stage("compare") as stage:
        comparison = compare_run(folder, stage.report)
    if as_json:
        orders = sum(batch.orders for batch in comparison.batches)
        why = {} if comparison.is_equal else {"reason": comparison.reason}
        counts = {"orders": orders, "proved": comparison.n_proved, "n_batches": len(comparison.batches)}
        rows = [asdict(batch) for batch in comparison.batches]
        print_json({"equal": comparison.is_equal, **counts, **why, "batches": rows})
    else:
        print_tables(make_compare_table(comparison))
        click.echo("equal after every batch" if comparison.is_equal else f"not equal: {comparison.reason}")
        click.echo(f"{comparison.n_proved} of {len(comparison.batches)} batches are proved")
    return 0 if comparison.is_equal else EXIT_NOT_VALID


def make_compare_table(comparison: Comparison) -> Table:
    """Return one row a batch; what was not made shows as a dash."""
    columns = (
        "batch",
        "equal",
        "fills",
        "constraints",
        "witness s",
        "proof s",
        "bytes",
        "bytes direct",
        "gas to settle",
    )
    rows = [tuple("-" if value is None else value for value in asdict(batch).values()) for batch in comparison.batches]
    return make_table("Rollup against direct settlement", columns, rows)

"""`zkmargin compare`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.compare_tables import make_compare_table
from sequencer.cli.gas_tables import describe_gas, make_gas_tables, summarise_gas
from sequencer.cli.options import keys_option, resolve_keys_dir
from sequencer.cli.output import json_option, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from sequencer.comparing import Comparison
    from sequencer.comparing_run import GasReport

__all__ = ["compare", "make_compare_table"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--evm",
    is_flag=True,
    help="Also settle on an EVM, with the rollup and without, and count the gas.",
)
@click.option("--first", type=click.IntRange(1), metavar="N", help="With --evm: only the first N batches.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="With --evm: draw gas an order: SVG, PNG or PDF."
)
@keys_option
@json_option
def compare(folder: Path, evm: bool, first: int | None, plot: Path | None, keys_dir: Path | None, as_json: bool) -> int:
    """Hold a replay's state against the same orders settled one by one, and show what each batch costs.

    Proofs that stand in the same folder are verified and their figures shown. Exit status 0 where every balance and
    position agrees after every batch, else 1.

    Example: zkmargin compare run --evm --plot gas.png
    """
    from prover import kernel
    from sequencer.comparing import read_and_compare

    _check_options(evm, first, plot)
    kernel.install()
    with show_stage("compare") as stage:
        comparison, batches = read_and_compare(folder, stage.report)
    gas = None
    if evm:
        from sequencer.comparing_run import price_run

        with show_stage("settle") as stage:
            gas = price_run(folder, batches[:first], resolve_keys_dir(keys_dir), stage.report)
    if gas is not None and plot is not None:
        from sequencer.gas_plot import plot_gas

        plot_gas(gas.comparison, gas.rollup, f"Gas an order: {folder.name}", plot)
    _print(comparison, gas, as_json)
    is_equal = comparison.is_equal and (gas is None or not gas.comparison.reason)
    return 0 if is_equal else EXIT_NOT_VALID


def _check_options(evm: bool, first: int | None, plot: Path | None) -> None:
    from sequencer.plot_style import check_suffix

    for name, value in (("--first", first), ("--plot", plot)):
        if value is not None and not evm:
            raise OptionInvalid(name, str(value), "--evm beside it")
    if plot is not None:
        check_suffix(plot)


def _print(comparison: Comparison, gas: GasReport | None, as_json: bool) -> None:
    reason = comparison.reason or (gas.comparison.reason if gas else "")
    if as_json:
        orders = sum(batch.orders for batch in comparison.batches)
        why = {"reason": reason} if reason else {}
        counts = {"orders": orders, "proved": comparison.n_proved, "n_batches": len(comparison.batches)}
        rows = [asdict(batch) for batch in comparison.batches]
        print_json({"equal": not reason, **counts, **why, **(summarise_gas(gas) if gas else {}), "batches": rows})
        return
    print_tables(make_compare_table(comparison), *(make_gas_tables(gas) if gas else ()))
    click.echo(f"not equal: {reason}" if reason else "equal after every batch")
    click.echo(f"{comparison.n_proved} of {len(comparison.batches)} batches are proved")
    if gas is not None:
        for line in describe_gas(gas):
            click.echo(line)

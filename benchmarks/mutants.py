"""The complete mutation run: `make mutants`. Exit status 1 where a constraint class of a lane is noticed by nothing."""

from __future__ import annotations

import sys
import time

import click

from circuits.mutants import Report
from prover import kernel
from tests.circuits.other_mutants import run_other_mutants
from tests.circuits.trade_mutants import KINDS, run_trade_mutants


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sample", type=int, default=None, help="Classes a template, chosen by the seed; all unless given.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
def main(sample: int | None, seed: int) -> None:
    """Drop each named constraint class of every lane in turn and report the ones that nothing notices."""
    kernel.install()
    started = time.perf_counter()
    reports: list[Report] = []
    for kind in KINDS:
        reports.append(run_trade_mutants(kind, sample, seed=seed))
        click.echo(reports[-1].to_text())
    for report in run_other_mutants(sample, seed=seed):
        reports.append(report)
        click.echo(report.to_text())
    survivors = sum(len(report.survivors) for report in reports)
    classes = sum(report.n_classes for report in reports)
    click.echo(f"{classes} classes, {survivors} survivors, {time.perf_counter() - started:.0f} s")
    sys.exit(max(report.exit_status for report in reports))


if __name__ == "__main__":
    main()

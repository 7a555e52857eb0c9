"""The complete mutation run: `make mutants`. Exit status 1 where a constraint class of a lane is noticed by nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from circuits.mutants import Report
from prover import kernel
from tests.circuits.other_mutants import TEMPLATES, run_mutants_of
from tests.circuits.trade_mutants import KINDS, run_trade_mutants

_KINDS = {kind.name: kind for kind in KINDS}
_NAMES = (*_KINDS, *TEMPLATES)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(_NAMES), help="A template; again for another.")
@click.option("--sample", type=int, default=None, help="Classes a template, chosen by the seed; all unless given.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
def main(only: tuple[str, ...], sample: int | None, seed: int) -> None:
    """Drop each named constraint class of every lane in turn and report the ones that nothing notices."""
    kernel.install()
    started = time.perf_counter()
    reports: list[Report] = []
    for report in _run([name for name in _NAMES if name in (only or _NAMES)], sample, seed):
        reports.append(report)
        click.echo(report.to_text())
    survivors = sum(len(report.survivors) for report in reports)
    classes = sum(report.n_classes for report in reports)
    click.echo(f"{classes} classes, {survivors} survivors, {time.perf_counter() - started:.0f} s")
    sys.exit(max(report.exit_status for report in reports))


def _run(names: list[str], sample: int | None, seed: int) -> Iterator[Report]:
    for name in names:
        kind = _KINDS.get(name)
        yield run_mutants_of(name, sample, seed=seed) if kind is None else run_trade_mutants(kind, sample, seed=seed)


if __name__ == "__main__":
    main()

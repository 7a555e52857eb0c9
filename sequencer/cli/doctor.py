"""`zkmargin doctor`."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click
from rich.table import Table
from rich.text import Text

from sequencer.cli.output import json_option, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

__all__ = ["doctor"]


@click.command()
@click.option(
    "--config", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The node's TOML configuration."
)
@json_option
def doctor(config: Path, as_json: bool) -> int:
    """Look whether a node can run here: keys, store, base layer, contract, clock, ports, disk, memory, proving key.

    Run it before the node starts: it opens the store, which is led by one process at a time. Exit status 1 where
    something is wrong; each such line says what to do. A note is no fault.

    Example: zkmargin doctor --config examples/node.toml
    """
    from prover import kernel
    from sequencer.doctor.checks import Level
    from sequencer.doctor.examining import examine
    from sequencer.node.config_loading import load_config

    kernel.install()
    loaded = load_config(config, os.environ)
    with show_stage("doctor") as stage:
        checks = []
        for check in examine(loaded):
            checks.append(check)
            stage.report(check.name, len(checks), len(checks))
    n_wrong = sum(check.level is Level.WRONG for check in checks)
    if as_json:
        rows = [
            {"check": check.name, "level": check.level.value, "found": check.found, "advice": check.advice}
            for check in checks
        ]
        print_json({"healthy": n_wrong == 0, "wrong": n_wrong, "checks": rows})
    else:
        table = Table(title="Doctor", title_justify="left", title_style="bold", header_style="bold cyan")
        for column in ("check", "", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for check in checks:
            table.add_row(*(Text(part) for part in (check.name, check.level.value, check.found, check.advice)))
        print_tables(table)
    return EXIT_NOT_VALID if n_wrong else 0

"""A tick of auction and risk at full size (sequencer/bench/risk_tick.py): `python -m benchmarks.node_risk [--json]`."""

from __future__ import annotations

import json

import click

from sequencer.bench.risk_tick import measure


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def main(as_json: bool) -> None:
    """Measure one tick of auction and risk at full size."""
    figures = measure()
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()

"""A tick of auction and risk at full size (sequencer/bench/risk_tick.py): `python -m benchmarks.node_risk [--json]`."""

from __future__ import annotations

import json

import click

from sequencer.bench.risk_tick import FULL, MAKERS, TAKERS, Scale, measure

_ACCOUNTS = click.IntRange(TAKERS.stop, 1_000_000)
_ORDERS = click.IntRange(len(MAKERS), 512 * len(MAKERS))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--accounts", default=FULL.n_accounts, show_default=True, type=_ACCOUNTS, help="All with positions.")
@click.option("--orders", default=FULL.n_orders, show_default=True, type=_ORDERS, help="Resting, of 50 makers.")
@click.option("--ticks", default=FULL.n_ticks, show_default=True, type=click.IntRange(1, 1000), help="Of each load.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def main(accounts: int, orders: int, ticks: int, as_json: bool) -> None:
    """Measure one tick of auction and risk."""
    figures = measure(Scale(accounts, orders, ticks))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()

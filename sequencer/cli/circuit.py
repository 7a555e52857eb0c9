"""`zkmargin circuit stats`."""

from __future__ import annotations

import rich_click as click

from sequencer.cli.output import json_option, make_table, print_json, print_tables

__all__ = ["circuit"]


@click.group()
def circuit() -> None:
    """Look at the circuits.

    Example: zkmargin circuit stats
    """


@circuit.command()
@json_option
def stats(as_json: bool) -> None:
    """Count the constraints of gadgets, lanes and shapes.

    Example: zkmargin circuit stats --json
    """
    from sequencer.stats import count_stats

    found = count_stats()
    if as_json:
        print_json(found)
        return
    scopes = [
        (f"{name} / {scope}", count)
        for name, lane in found["lanes"].items()
        for scope, count in sorted(lane["by_scope"].items(), key=lambda item: -item[1])
    ]
    shapes = [(name, *shape.values()) for name, shape in found["shapes"].items()]
    print_tables(
        make_table("Gadgets", ("gadget", "constraints"), list(found["gadgets"].items())),
        make_table("Lanes by scope", ("lane / scope", "constraints"), scopes),
        make_table("Lanes", ("lane", "constraints"), [(n, lane["constraints"]) for n, lane in found["lanes"].items()]),
        make_table("Shapes", ("shape", "constraints", "orders", "log2 of the domain"), shapes),
    )

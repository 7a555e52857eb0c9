"""`zkmargin circuit stats` and `zkmargin circuit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from sequencer.cli.options import out_option
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

__all__ = ["circuit"]


@click.group()
def circuit() -> None:
    """Look at the circuits.

    Example: zkmargin circuit stats
    """


@circuit.command()
@json_option
def stats(as_json: bool) -> None:
    """Count the constraints of gadgets, lanes, shapes and the exit circuit.

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
        make_table(
            "Operations by the lane that proves them",
            ("operation", "lane", "share it", "constraints", "each"),
            [tuple(row.values()) for row in found["operations"]],
        ),
        make_table("Shapes", ("shape", "constraints", "orders", "log2 of the domain"), shapes),
        make_table("Exit circuit", ("scope", "constraints"), make_exit_rows(found["exit"])),
    )


def make_exit_rows(found: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the exit circuit's scopes, the largest first, and all of them together."""
    scopes = sorted(found["by_scope"].items(), key=lambda item: -item[1])
    return [*scopes, ("all", found["constraints"]), ("log2 of the domain", found["domain_log2"])]


@circuit.command()
@click.argument("batch", type=click.Path(path_type=Path), metavar="BATCH")
@out_option
@json_option
def export(batch: Path, out: Path, as_json: bool) -> None:
    """Write circuit.r1cs and the witness of a batch, or of all batches of a replay's folder, in the iden3 formats.

    Third-party tools read them: snarkjs r1cs info, snarkjs wtns check.

    Example: zkmargin circuit export run/batch-0000.zkm --out artefacts
    """
    from prover import kernel
    from sequencer.batches import select_batches
    from sequencer.exporting import export_batches

    kernel.install()
    selection = select_batches(batch)
    with show_stage("export") as stage:
        paths = export_batches(selection, out, stage.report)
    files = [(str(path), path.stat().st_size) for path in paths]
    if as_json:
        print_json(
            {"shape": selection.batches[0].trace.shape_name, "files": [{"file": f, "bytes": n} for f, n in files]}
        )
    else:
        print_tables(make_table("Artefacts", ("file", "bytes"), files))

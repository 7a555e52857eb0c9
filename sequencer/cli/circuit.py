"""`zkmargin circuit stats` and `zkmargin circuit export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from sequencer.cli.options import CIRCUIT_HELP, out_option
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

if TYPE_CHECKING:
    from sequencer.progress import Report

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
@click.argument("batch", required=False, type=click.Path(path_type=Path), metavar="[BATCH]")
@click.option("--circuit", "circuit_name", help=f"{CIRCUIT_HELP} Without witness, in place of BATCH.")
@out_option
@json_option
def export(batch: Path | None, circuit_name: str | None, out: Path, as_json: bool) -> None:
    """Write circuit.r1cs and the witness of a batch, or of all batches of a replay's folder, in the iden3 formats.

    With --circuit, a circuit alone, the exit's too. Third-party tools read them: snarkjs r1cs info, snarkjs wtns check.

    Example: zkmargin circuit export run/batch-0000.zkm --out artefacts
    """
    from prover import kernel

    kernel.install()
    with show_stage("export") as stage:
        shape_name, paths = _export(batch, circuit_name, out, stage.report)
    files = [(str(path), path.stat().st_size) for path in paths]
    if as_json:
        print_json({"shape": shape_name, "files": [{"file": f, "bytes": n} for f, n in files]})
    else:
        print_tables(make_table("Artefacts", ("file", "bytes"), files))


def _export(batch: Path | None, circuit_name: str | None, out: Path, report: Report) -> tuple[str, list[Path]]:
    """Return the name of the circuit and the files."""
    from sequencer.batches import select_batches
    from sequencer.exporting import export_batches, export_circuit

    if (batch is None) == (circuit_name is None):
        raise click.UsageError("either BATCH or --circuit, one of them")
    if circuit_name is not None:
        return circuit_name, export_circuit(circuit_name, out, report)
    assert batch is not None
    selection = select_batches(batch)
    return selection.batches[0].trace.shape_name, export_batches(selection, out, report)

"""`zkmargin report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

if TYPE_CHECKING:
    from sequencer.report.writing import Written

__all__ = ["report"]

_MAX_HOURS = 24 * 366


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder to write. [default: DIR-report]")
@click.option(
    "--hours",
    type=click.IntRange(1, _MAX_HOURS),
    metavar="H",
    help="Of a node: how far back from the last record of its log. [default: 24]",
)
@json_option
def report(folder: Path, out: Path | None, hours: int | None, as_json: bool) -> None:
    """Write a report in HTML of a replay, or of a node's last hours, with every plot as SVG and PNG beside it.

    DIR is a replay's folder, with its proofs and its settlement where they stand there; or a node's data folder, its
    store's, or a backup of it. A node may run meanwhile: its store is only read. The page asks nobody for anything.

    Example: zkmargin report run --out run-report
    """
    from prover import kernel
    from sequencer.report.writing import read_subject, write_report

    kernel.install()
    with show_stage("read") as stage:
        subject = read_subject(folder, hours, stage.report)
    with show_stage("write") as stage:
        written = write_report(subject, out or _name_out(folder), stage.report)
    if as_json:
        print_json(summarise(written))
        return
    rows = [(str(written.folder / name), (written.folder / name).stat().st_size) for name in written.files]
    print_tables(make_table(f"Report of {folder.name}", ("file", "bytes"), rows))
    for sentence in written.subject.missing:
        click.echo(sentence)


def _name_out(folder: Path) -> Path:
    place = folder.absolute()
    return place.with_name(f"{place.name}-report")


def summarise(written: Written) -> dict[str, object]:
    """Return what --json prints."""
    subject = written.subject
    proofs = subject.proving.proofs if subject.proving else ()
    return {
        "kind": subject.kind,
        "shape": subject.shape,
        "folder": str(written.folder),
        "files": list(written.files),
        "facts": dict(subject.facts),
        "stages": [stage._asdict() for stage in subject.stages],
        "groups": [group._asdict() for group in subject.gas],
        "proofs": [proof._asdict() for proof in proofs],
        "missing": list(subject.missing),
    }

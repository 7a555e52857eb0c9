"""`zkmargin prove`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.options import keys_option, out_option, resolve_keys_dir
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

if TYPE_CHECKING:
    from sequencer.proofs import ProvingRecord

__all__ = ["make_proof_table", "prove"]


@click.command()
@click.argument("batch", type=click.Path(path_type=Path), metavar="BATCH")
@out_option
@keys_option
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True, help="Of a folder: each N-th batch.")
@json_option
def prove(batch: Path, out: Path, keys_dir: Path | None, every: int, as_json: bool) -> None:
    """Prove a batch file, or the batches of a replay's folder: all of them, or a sample.

    Writes a proof and its public inputs for each batch, the files of their groups, queue.json, verification_key.json
    and proving.json: all of them, or none. A batch file that stands in no group is a group of its own.

    Example: zkmargin prove run --out run
    """
    from prover import kernel
    from sequencer.batches import select_batches
    from sequencer.proving import prove_batches

    kernel.install()
    selection = select_batches(batch, every)
    with show_stage("prove") as stage:
        record, _ = prove_batches(selection, out, resolve_keys_dir(keys_dir), stage.report)
    if as_json:
        names = ("shape", "circuit_digest", "key", "n_batches", "every")
        facts = {name: getattr(record, name) for name in names}
        print_json({**facts, "batches": [asdict(entry) for entry in record.proofs]})
    else:
        print_tables(make_proof_table(record))


def make_proof_table(record: ProvingRecord) -> Table:
    """Return one row a proof."""
    columns = ("batch", "constraints", "witness s", "proof s", "peak memory MiB")
    rows = [
        (entry.batch, entry.constraints, entry.witness_s, entry.prove_s, entry.peak_rss_bytes // 2**20)
        for entry in record.proofs
    ]
    proved = f"{len(record.proofs)} of {record.n_batches} batches"
    return make_table(f"Proofs of {proved}, shape {record.shape}, {record.key} key", columns, rows)

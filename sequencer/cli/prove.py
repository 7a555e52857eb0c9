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
@json_option
def prove(batch: Path, out: Path, keys_dir: Path | None, as_json: bool) -> None:
    """Prove a batch file, or all batches of a replay's folder.

    Writes a proof and its public inputs for each batch, verification_key.json and proving.json: all of them, or none.

    Example: zkmargin prove run --out run
    """
    from prover import kernel
    from sequencer.batches import read_batches
    from sequencer.proving import prove_batches

    kernel.install()
    batches = read_batches(batch)
    with show_stage("prove") as stage:
        record, _ = prove_batches(batches, out, resolve_keys_dir(keys_dir), stage.report)
    if as_json:
        facts = {"shape": record.shape, "circuit_digest": record.circuit_digest, "key": record.key}
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
    return make_table(f"Proofs, shape {record.shape}, {record.key} key", columns, rows)

"""`zkmargin verify`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.options import base_layer_option, key_file_option, open_layer
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from sequencer.checking import CheckedRun

__all__ = ["make_check_table", "spell_verdict", "verify"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@base_layer_option
@key_file_option
@json_option
def verify(folder: Path, base_layer: str, key_file: Path | None, as_json: bool) -> int:
    """Verify a folder of proofs by kernel, by py-ecc, and by settling them in order on a base layer, and their data.

    The data: every public input must be what group, queue and calldata make of it, and the group's blob must have the
    value that the proofs claim. Exit status 0 where all accept and each batch starts where the last ended, else 1. In a
    sample (prove --every) each proof is settled from the state that it starts from.

    Example: zkmargin verify run
    """
    from sequencer.checking import check_run

    layer = open_layer(base_layer, key_file)
    with show_stage("verify") as stage:
        checked = check_run(folder, stage.report, layer)
    if as_json:
        facts: dict[str, object] = {
            "valid": checked.is_valid,
            "key": "development" if checked.is_development_key else "ceremony",
        }
        facts |= {"proved": len(checked.proofs), "n_batches": checked.n_batches}
        groups = [asdict(group) for group in checked.groups]
        why = {} if checked.is_valid else {"reason": checked.reason}
        print_json({**facts, **why, "batches": [asdict(proof) for proof in checked.proofs], "groups": groups})
    else:
        print_tables(make_check_table(checked))
        click.echo(spell_verdict(checked))
    return 0 if checked.is_valid else EXIT_NOT_VALID


def spell_verdict(checked: CheckedRun) -> str:
    """Return the answer in words, with how many batches were proved where that is not all."""
    if not checked.is_valid:
        return f"not valid: {checked.reason}"
    n_proved, n_groups = len(checked.proofs), len(checked.groups)
    if n_proved == checked.n_batches and checked.n_joined == n_groups:
        return "valid"
    proved = f"{n_proved} of {checked.n_batches} batches are proved"
    return f"valid: {proved}; the blob's value was joined from proofs in {checked.n_joined} of {n_groups} groups"


def make_check_table(checked: CheckedRun) -> Table:
    """Return one row a proof."""
    columns = ("batch", "kernel", "py-ecc", "EVM", "data", "blob", "gas to verify")
    rows = [
        (*(proof.batch, proof.kernel, proof.py_ecc, proof.evm, proof.data, proof.blob), _spell_gas(proof.gas))
        for proof in checked.proofs
    ]
    return make_table("Verification: does it accept?", columns, rows)


def _spell_gas(gas: int | None) -> str | int:
    return "-" if gas is None else gas

"""`zkmargin verify`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from sequencer.checking import CheckedRun

__all__ = ["make_check_table", "spell_verdict", "verify"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@json_option
def verify(folder: Path, as_json: bool) -> int:
    """Verify a folder of proofs by the kernel, by py-ecc, and by settling them in order in an embedded EVM.

    Exit status 0 where all three accept every proof and each batch starts where the one before ended, else 1. In a
    sample (prove --every) each proof is settled from the state that it starts from.

    Example: zkmargin verify run
    """
    from sequencer.checking import check_run

    with show_stage("verify") as stage:
        checked = check_run(folder, stage.report)
    if as_json:
        facts: dict[str, object] = {
            "valid": checked.is_valid,
            "key": "development" if checked.is_development_key else "ceremony",
        }
        facts |= {"proved": len(checked.proofs), "n_batches": checked.n_batches}
        why = {} if checked.is_valid else {"reason": checked.reason}
        print_json({**facts, **why, "batches": [asdict(proof) for proof in checked.proofs]})
    else:
        print_tables(make_check_table(checked))
        click.echo(spell_verdict(checked))
    return 0 if checked.is_valid else EXIT_NOT_VALID


def spell_verdict(checked: CheckedRun) -> str:
    """Return the answer in words, with how many batches were proved where that is not all."""
    if not checked.is_valid:
        return f"not valid: {checked.reason}"
    n_proved = len(checked.proofs)
    return "valid" if n_proved == checked.n_batches else f"valid: {n_proved} of {checked.n_batches} batches are proved"


def make_check_table(checked: CheckedRun) -> Table:
    """Return one row a proof."""
    columns = ("batch", "kernel", "py-ecc", "EVM", "data", "gas to settle")
    rows = [
        (proof.batch, proof.kernel, proof.py_ecc, proof.evm, proof.data, "-" if proof.gas is None else proof.gas)
        for proof in checked.proofs
    ]
    return make_table("Verification: does it accept?", columns, rows)

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

__all__ = ["make_check_table", "verify"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@json_option
def verify(folder: Path, as_json: bool) -> int:
    """Verify a folder of proofs by the kernel, by py-ecc, and by settling them in order in an embedded EVM.

    Exit status 0 where all three accept every proof and each batch starts where the one before ended, else 1.

    Example: zkmargin verify run
    """
    from sequencer.checking import check_run

    with show_stage("verify") as stage:
        checked = check_run(folder, stage.report)
    if as_json:
        facts = {"valid": checked.is_valid, "key": "development" if checked.is_development_key else "ceremony"}
        why = {} if checked.is_valid else {"reason": checked.reason}
        print_json({**facts, **why, "batches": [asdict(proof) for proof in checked.proofs]})
    else:
        print_tables(make_check_table(checked))
        click.echo("valid" if checked.is_valid else f"not valid: {checked.reason}")
    return 0 if checked.is_valid else EXIT_NOT_VALID


def make_check_table(checked: CheckedRun) -> Table:
    """Return one row a proof."""
    columns = ("batch", "kernel", "py-ecc", "EVM", "data", "gas to settle")
    rows = [
        (proof.batch, proof.kernel, proof.py_ecc, proof.evm, proof.data, "-" if proof.gas is None else proof.gas)
        for proof in checked.proofs
    ]
    return make_table("Verification: does it accept?", columns, rows)

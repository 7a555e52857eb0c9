"""`zkmargin exit prove` and `zkmargin exit verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.options import (
    account_option,
    keys_option,
    optional_root_option,
    out_option,
    resolve_keys_dir,
    snapshot_argument,
)
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from rollup.exit import ExitInputs

__all__ = ["exit"]


@click.group()
def exit() -> None:  # the command's name
    """Prove what an account may claim when the rollup is frozen.

    Example: zkmargin exit prove run/snapshot.zks --account 2 --out exit
    """


@exit.command()
@snapshot_argument
@account_option
@out_option
@keys_option
@json_option
def prove(snapshot: Path, account_id: int, out: Path, keys_dir: Path | None, as_json: bool) -> None:
    """Prove an account's equity at the prices of a snapshot. Makes the key, for development, if it is not cached.

    Writes exit.proof.json, exit.public.json and verification_key.json: all of them, or none.

    Example: zkmargin exit prove run/snapshot.zks --account 2 --out exit
    """
    from prover import kernel
    from sequencer.exits import prove_exit
    from sequencer.snapshots import read_snapshot

    kernel.install()
    state = read_snapshot(snapshot)
    with show_stage("exit prove") as stage:
        proved = prove_exit(state, account_id, out, resolve_keys_dir(keys_dir), stage.report)
    facts = spell_inputs(proved.exit.inputs) | {
        "equity_atoms": str(proved.exit.equity_atoms),
        "constraints": proved.constraints,
        "circuit_digest": proved.circuit_digest,
        "key": "development" if proved.loaded.key.is_development else "ceremony",
        "new_key": proved.loaded.is_new,
        "key_s": proved.key_s,
        "witness_s": proved.exit.witness_s,
        "prove_s": proved.exit.prove_s,
    }
    if as_json:
        print_json(facts)
    else:
        print_tables(make_table(f"Exit of account {account_id}", ("what", "value"), list(facts.items())))


@exit.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@optional_root_option
@json_option
def verify(folder: Path, root: int | None, as_json: bool) -> int:
    """Verify an exit proof by the kernel, by py-ecc, and by the contract in an embedded EVM.

    Exit status 0 where all three accept it, and it is of the given state root, else 1.

    Example: zkmargin exit verify exit
    """
    from sequencer.exits import check_exit

    with show_stage("exit verify"):
        checked = check_exit(folder, root)
    facts: dict[str, object] = {"valid": checked.is_valid}
    facts |= {"kernel": checked.kernel, "py_ecc": checked.py_ecc, "evm": checked.evm}
    facts |= spell_inputs(checked.inputs) if checked.inputs else {}
    if as_json:
        print_json(facts | ({} if checked.is_valid else {"reason": checked.reason}))
    else:
        print_tables(make_table("Exit proof", ("what", "value"), list(facts.items())))
        click.echo("valid" if checked.is_valid else f"not valid: {checked.reason}")
    return 0 if checked.is_valid else EXIT_NOT_VALID


def spell_inputs(inputs: ExitInputs) -> dict[str, object]:
    """Return the public inputs taken apart; what may exceed 2**53 as decimal strings."""
    from rollup.exit import unpack_claim

    account_id, claim_e6 = unpack_claim(inputs.claim)
    owner = f"{inputs.owner:#042x}"
    return {"account": account_id, "owner": owner, "claim_e6": str(claim_e6), "state_root": str(inputs.state_root)}

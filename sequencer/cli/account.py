"""`zkmargin account`: `show`, `proof` and `verify` of a snapshot; `create`, `status` and `deposit` of a wallet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.account_wallet import create, deposit, status
from sequencer.cli.options import account_option, root_option, snapshot_argument
from sequencer.cli.output import json_option, make_table, print_json, print_tables
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from rollup.snapshot import Snapshot

__all__ = ["account"]

_LAST_SLOT = 511


@click.group()
def account() -> None:
    """Make a wallet and fund its account; look at an account of a snapshot, and prove that the state holds it.

    Example: zkmargin account proof run/snapshot.zks --account 2 --out proof.json
    """


account.add_command(create)
account.add_command(status)
account.add_command(deposit)


@account.command()
@snapshot_argument
@account_option
@json_option
def show(snapshot: Path, account_id: int, as_json: bool) -> None:
    """Show an account at the prices of a snapshot.

    Example: zkmargin account show run/snapshot.zks --account 2
    """
    from prover import kernel
    from sequencer.snapshots import read_snapshot

    kernel.install()
    facts = describe_account(read_snapshot(snapshot), account_id)
    if as_json:
        print_json(facts)
        return
    positions = facts.pop("positions")
    assert isinstance(positions, dict)
    table = make_table(f"Account {account_id}", ("what", "value"), list(facts.items()))
    print_tables(table, make_table("Positions", ("market", "lots"), list(positions.items())))


def describe_account(snapshot: Snapshot, account_id: int) -> dict[str, object]:
    """Return an account's fields and what it is worth; numbers beyond 2**53 as decimal strings, as in public.json."""
    from rollup.exit import compute_claim_e6, compute_exit_equity

    state = snapshot.state
    found = state.get_account(account_id)
    equity_atoms = compute_exit_equity(state.header, found)
    names = [market.name or f"market {m}" for m, market in enumerate(snapshot.params.markets)]
    return {
        "account": account_id,
        "empty": found.is_empty,
        "owner": f"{found.owner:#042x}",
        "key_x": str(found.key[0]),
        "key_y": str(found.key[1]),
        "epoch": found.epoch,
        "cash_nonce": found.cash_nonce,
        "tier": found.tier,
        "last_touched_s": found.last_touched_s,
        "order_slots": len(list(found.orders.items())),
        "cash_atoms": str(found.cash_atoms),
        "equity_atoms": str(equity_atoms),
        "claim_e6": str(compute_claim_e6(equity_atoms)),
        "positions": {name: size for name, size in zip(names, found.sizes_lots, strict=True) if size},
        "state_root": str(state.state_root),
        "batch_number": state.header.batch_number,
    }


@account.command()
@snapshot_argument
@account_option
@click.option("--slot", type=click.IntRange(0, _LAST_SLOT), metavar="N", help="Also show this order slot.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write. [default: stdout]")
@json_option
def proof(snapshot: Path, account_id: int, slot: int | None, out: Path | None, as_json: bool) -> None:
    """Write the proof that a snapshot's state root holds an account: its fields, siblings and the header's hashes.

    Without --out the proof itself, which is JSON, goes to stdout.

    Example: zkmargin account proof run/snapshot.zks --account 2 --out proof.json
    """
    from prover import kernel
    from rollup.codec_inclusion import encode_inclusion
    from rollup.inclusion import prove_account
    from sequencer.files import write_atomically
    from sequencer.snapshots import read_snapshot

    kernel.install()
    state = read_snapshot(snapshot).state
    data = encode_inclusion(prove_account(state, account_id, slot))
    if out is None:
        sys.stdout.write(data.decode())
        return
    write_atomically(out, data)
    facts = {"account": account_id, "slot": slot, "state_root": str(state.state_root), "file": str(out)}
    if as_json:
        print_json(facts)
    else:
        print_tables(make_table("Inclusion proof", ("what", "value"), list(facts.items())))


@account.command()
@click.argument("proof_file", type=click.Path(path_type=Path), metavar="PROOF")
@root_option
@json_option
def verify(proof_file: Path, root: int, as_json: bool) -> int:
    """Check an inclusion proof against a state root. Exit status 0 where the state holds the account, else 1.

    Example: zkmargin account verify proof.json --root 0x12ab
    """
    from prover import kernel
    from rollup.codec_inclusion import MAX_INCLUSION_BYTES, decode_inclusion
    from rollup.errors import ProofInvalid
    from rollup.inclusion import check_inclusion
    from sequencer.files import read_limited

    kernel.install()
    shown = decode_inclusion(read_limited(proof_file, MAX_INCLUSION_BYTES), str(proof_file))
    try:
        check_inclusion(shown, root)
        reason = ""
    except ProofInvalid as error:
        reason = str(error)
    if as_json:
        slot = None if shown.slot is None else shown.slot.slot
        facts: dict[str, object] = {"valid": reason == "", "account": shown.account_id, "slot": slot}
        print_json(facts | ({"reason": reason} if reason else {}))
    else:
        click.echo(f"not valid: {reason}" if reason else "valid")
    return EXIT_NOT_VALID if reason else 0

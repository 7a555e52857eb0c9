"""What a cheating sequencer might try with the totals of a batch and what it commits to: refused by the close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from circuits.close import FROM_ZERO
from rollup.field import R
from rollup.public_inputs import compute_data_commitment
from rollup.trace import BatchTrace
from tests.circuits.forging import Forged, Forger
from tests.circuits.frame_cases import (
    N_BRIDGE_LANES,
    get_day,
    load_frame,
    make_close_case,
    with_funding,
)
from tests.circuits.lane_cases import Values

__all__ = ["CLOSE", "forge_closes", "get_honest_closes"]

CLOSE = f"Close({N_BRIDGE_LANES})"


def get_honest_closes() -> dict[str, Values]:
    """Return honest closes: of every batch of the day, and with the vault at its edges."""
    day = {name: make_close_case(with_funding(trace)) for name, trace in get_day().items()}
    return day | {f"vault of {name}": make_close_case(_with_vault(v)) for name, v in (("0", 0), ("96 bits", 2**96 - 1))}


def _with_vault(vault_e6: int) -> BatchTrace:
    """Return the last batch with that much left in the vault after its withdrawal."""
    trace = get_day()["withdraw and cancel"]
    before, after = trace.header_before, trace.header_after
    taken = before.vault_e6 - after.vault_e6
    return replace(
        trace,
        header_before=replace(before, vault_e6=vault_e6 + taken),
        header_after=replace(after, vault_e6=vault_e6),
    )


def forge_closes() -> list[Forged]:
    """Return the whole catalogue of closes."""
    forger = Forger(load_frame(CLOSE), ())
    plain = [*_unbalanced(forger), *_other_records(forger), *_other_data(forger)]
    sums = [forged for forged in plain if any(name.endswith("/sum") for name in forged.refused_by)]
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in sums)]


def _honest_close() -> Values:
    return make_close_case(get_day()["deposits and fills"])


def _unbalanced(forger: Forger) -> Iterator[Forged]:
    honest = _honest_close()
    for m, lots in ((0, 1), (1, -1), (15, 2**47)):
        for end in ("start", "end"):
            changes = {f"lots_{end}[{m}]": lots}
            yield forger.forge(f"{lots} lots at the {end} in {m}", honest, [f"totals/lots_{end}[*]"], changes=changes)
    for total in FROM_ZERO:
        for value in (1, -1):
            changes = {f"{total}_start": value}
            yield forger.forge(f"{total} start at {value}", honest, [f"totals/{total}_start"], changes=changes)
    sent = {"transfer_end": (9 << 64) + 1_000}
    yield forger.forge("transfer without its incoming leg", honest, ["totals/transfer_end"], changes=sent)
    for vault_e6 in (-1, 2**96):
        changes, follow = {"vault": vault_e6}, ["new_state_root"]
        yield forger.forge(f"vault of {vault_e6}", honest, ["totals/vault/sum"], changes=changes, also_follow=follow)


def _other_records(forger: Forger) -> Iterator[Forged]:
    honest = _honest_close()
    for port in (
        "accounts_root",
        "markets_hash",
        "resources_hash",
        "oracle_hash",
        "queue",
        "vault",
        "clock",
        "new_state_root",
    ):
        changes = {port: (honest[port] + 1) % R}
        yield forger.forge(f"new state with another {port}", honest, ["new_state_root/is_public"], changes=changes)


def _other_data(forger: Forger) -> Iterator[Forged]:
    honest = _honest_close()
    names = [f"lane[{i}]/bridge[{j}]" for i in range(N_BRIDGE_LANES) for j in range(4)]
    words = [honest[name] for name in names]
    for name, other in {
        "a lane left out of the data": words[:4],
        "lanes reordered in the data": [*words[4:], *words[:4]],
        "words of a lane reordered": [words[1], words[0], *words[2:]],
        "a deposit that the queue does not hold": [words[0] + (1 << 25), *words[1:]],
        "another owner in the data": [words[0], words[1] + 1, *words[2:]],
        "a word appended": [*words, 1],
    }.items():
        changes = {"data_commitment": compute_data_commitment(other)}
        yield forger.forge(name, honest, ["data/is_public"], changes=changes)
    for name in names:
        changes = {name: honest[name] + 1}
        yield forger.forge(f"{name} altered", honest, ["data/is_public"], changes=changes)

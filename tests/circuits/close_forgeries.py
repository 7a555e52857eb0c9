"""What a cheating sequencer might try with fund, treasury and totals: refused by FundLane and close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from circuits.close import FROM_ZERO
from rollup.accounts import Account
from rollup.field import R
from rollup.public_inputs import compute_data_commitment
from rollup.trace import BatchTrace
from rollup.units import ATOMS_PER_E6
from tests.circuits.forging import Forged, Forger, path_inputs
from tests.circuits.frame_cases import (
    N_BRIDGE_LANES,
    get_day,
    load_frame,
    make_close_case,
    make_fund_case,
    with_funding,
)
from tests.circuits.lane_cases import Values, Venue

__all__ = ["CLOSE", "forge_closes", "forge_fund_lanes", "get_honest_closes", "get_honest_fund_lanes", "make_funds"]

CLOSE = f"Close({N_BRIDGE_LANES})"
ROOT_IN, ROOT_OUT = "account_tree/root_in", "account_tree/root_out"
PENALTIES, FEES = 5 * 10**18 + 1, 3 * 10**15 + 2  # atoms
MET = 5 * 10**12  # of what the fund takes, by base fees and rent
SEQUENCER = 2
OTHERS = {SEQUENCER: Account(owner=7), 9: Account(owner=8), 8**6: Account(owner=5)}


def make_funds(
    fund: Account, treasury: Account, dues: Sequence[int] = (PENALTIES, FEES), written: dict[int, Account] | None = None
) -> Values:
    """Return a FundLane's inputs on these two accounts, and the tree after it: the dues taken, or what is `written`."""
    tree = Venue(others=OTHERS).tree({0: fund, 1: treasury})
    after = tree
    taken = {
        i: replace(a, cash_atoms=a.cash_atoms + due)
        for i, (a, due) in enumerate(zip((fund, treasury), dues, strict=True))
    }
    for account_id, account in (taken | (written or {})).items():
        after = after.set(account_id, account.leaf_hash())
    trace = get_day()["liquidation"]
    lane = replace(trace.fund_lane, fund_before=fund, treasury_before=treasury, account_path=tree.path(0))
    ports = {"root_in": tree.root, "root_out": after.root, "penalties": dues[0] - MET, "fees": dues[1]}
    ports |= {"base_fees_e6": 1, "rent": MET - ATOMS_PER_E6}
    return make_fund_case(replace(trace, fund_lane=lane)) | ports


FUND = Account(cash_atoms=10**20 + 3)
TREASURY = Account(cash_atoms=10**19 + 4, last_touched_s=5)


def get_honest_fund_lanes() -> dict[str, Values]:
    """Return honest FundLanes: of every batch of the day, and at the edges."""
    return {
        **{name: make_fund_case(trace) for name, trace in get_day().items()},
        "both due": make_funds(FUND, TREASURY),
        "nothing due": make_funds(FUND, TREASURY, (0, 0)),
        "fund in debt": make_funds(replace(FUND, cash_atoms=-(10**21)), TREASURY),
        "up to the greatest cash": make_funds(replace(FUND, cash_atoms=2**120 - 1 - PENALTIES), TREASURY),
    }


def forge_fund_lanes() -> list[Forged]:
    """Return the whole catalogue of FundLanes."""
    forger = Forger(load_frame("FundLane"), ("root_out",))
    plain = [*_misdirected(forger), *_opened_wrongly(forger), *_overflows(forger)]
    sums = [forged for forged in plain if any(name.endswith("/sum") for name in forged.refused_by)]
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in sums)]


def _with_cash(account: Account, more_atoms: int) -> Account:
    return replace(account, cash_atoms=account.cash_atoms + more_atoms)


def _misdirected(forger: Forger) -> Iterator[Forged]:
    thief = Account(owner=7, cash_atoms=PENALTIES)
    for name, written in {
        "penalty to the treasury": {0: FUND, 1: _with_cash(TREASURY, FEES + PENALTIES)},
        "fee to the fund": {0: _with_cash(FUND, FEES + PENALTIES), 1: TREASURY},
        "dues swapped": {0: _with_cash(FUND, FEES), 1: _with_cash(TREASURY, PENALTIES)},
        "penalty not taken": {0: FUND},
        "fee not taken": {1: TREASURY},
        "penalty to the sequencer": {0: FUND, SEQUENCER: thief},
        "one atom more for the fund": {0: _with_cash(FUND, PENALTIES + 1)},
        "one atom less for the treasury": {1: _with_cash(TREASURY, FEES - 1)},
        "owner of the fund set": {0: replace(_with_cash(FUND, PENALTIES), owner=7)},
        "treasury touched": {1: replace(_with_cash(TREASURY, FEES), last_touched_s=6)},
        "neighbour changed": {SEQUENCER: thief},
        "far account changed": {8**6: thief},
    }.items():
        inputs = make_funds(FUND, TREASURY, written=written)
        yield Forged(name, inputs, {}, frozenset([ROOT_OUT]))


def _opened_wrongly(forger: Forger) -> Iterator[Forged]:
    honest = make_funds(FUND, TREASURY)
    for name, changes in {
        "fund richer than it is": {"fund/cash": FUND.cash_atoms + 1},
        "treasury of another status": {"treasury/status": 1},
        "fund with a position": {"fund/positions[1]": 1},
        "another neighbour": {"account_path[0][2]": 1},
        "another root": {"root_in": honest["root_in"] + 1},
    }.items():
        yield forger.forge(name, honest, [ROOT_IN], changes=changes)
    tree = Venue(others=OTHERS).tree({0: FUND, 1: TREASURY, 8: FUND, 9: TREASURY})
    elsewhere = path_inputs("account_path", tree.path(8)) | {"root_in": tree.root}
    yield forger.forge("accounts 8 and 9 in their place", honest, [ROOT_IN], changes=elsewhere)


def _overflows(forger: Forger) -> Iterator[Forged]:
    full = 2**120 - 1
    rich_fund = make_funds(replace(FUND, cash_atoms=full), TREASURY, (1, 0))
    yield forger.forge("fund beyond 2**120", rich_fund, ["fund/cash_after/sum"])
    rich_treasury = make_funds(FUND, replace(TREASURY, cash_atoms=full), (0, 1))
    yield forger.forge("treasury beyond 2**120", rich_treasury, ["treasury/cash_after/sum"])
    indebted = make_funds(replace(FUND, cash_atoms=-(2**120) - 2), TREASURY, (1, 0))
    yield forger.forge("fund below -2**120", indebted, ["fund/cash_after/sum"])


# --- the close --------------------------------------------------------------------------------------------------------
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

"""A batch whose lanes were tampered with, made to fit again: later leaves, paths, roots and totals follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from circuits.bus import compute_bus
from circuits.witness import WitnessInputs, compute_witness_inputs
from prover.circuit import load_batch
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.shapes import TINY
from rollup.state import make_genesis
from rollup.trace import BatchTrace, CashLaneTrace, FundLaneTrace, RescueLaneTrace, TradeLaneTrace
from rollup.trees import SparseTree
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, TREASURY_ACCOUNT
from tests.circuits.frame_cases import get_day
from tests.circuits.lane_cases import Values
from tests.scenarios import AVAX_PRICE, ETH_PRICE, START_S

__all__ = ["Ledger", "change_bus", "change_private", "get_ledger", "give_inputs", "rechain"]

_TO_FUND = {"penalties": 1, "base_fees_e6": ATOMS_PER_E6, "rent": 1, "takeover_cash": 1}  # in atoms
_TO_TREASURY = {"fees": 1, "tips_e6": ATOMS_PER_E6}
Credits = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Ledger:
    """The accounts as they stand before a batch, and their tree."""

    tree: SparseTree
    accounts: Mapping[int, Account]

    def get(self, account_id: int) -> Account:
        """Return the account, empty where there is none."""
        return self.accounts.get(account_id, EMPTY_ACCOUNT)

    def put(self, account_id: int, account: Account) -> Ledger:
        """Return the ledger with this account."""
        return Ledger(self.tree.set(account_id, account.leaf_hash()), {**self.accounts, account_id: account})

    def credit(self, account_id: int, atoms: int) -> Ledger:
        """Return the ledger with more cash in an account."""
        account = self.get(account_id)
        return self.put(account_id, replace(account, cash_atoms=account.cash_atoms + atoms))


@lru_cache(maxsize=1)
def _ledgers() -> dict[str, Ledger]:
    ledger, found = Ledger(make_genesis((AVAX_PRICE, ETH_PRICE), START_S).tree, {}), {}
    for name, trace in get_day().items():
        assert ledger.tree.root == trace.header_before.accounts_root
        found[name] = ledger
        ledger = rechain(trace, ledger)[1]
    return found


def get_ledger(name: str) -> Ledger:
    """Return the accounts before a batch of the day."""
    return _ledgers()[name]


def rechain(trace: BatchTrace, ledger: Ledger, credits: Credits | None = None) -> tuple[BatchTrace, Ledger]:
    """Return the batch with its lanes as given, and the accounts after it.

    Each lane starts from what the lanes before it left, and moves cash and positions by as much as in `trace`. credits:
    (instance, account) -> atoms that the instance writes into the tree besides its own work.
    """
    book = _Book(ledger, dict(credits or {}))
    moved = replace(
        trace,
        cash_lanes=book.turn_all("cash", trace.cash_lanes),
        rescue_lanes=book.turn_all("rescue", trace.rescue_lanes),
        trade_lanes=book.turn_all("trade", trace.trade_lanes),
        quote_lanes=book.turn_all("quote", trace.quote_lanes),
    )
    fund = book.take_dues(moved)
    header = replace(trace.header_after, accounts_root=book.ledger.tree.root)
    return replace(moved, fund_lane=fund, header_after=header), book.ledger


Lane = TypeVar("Lane", CashLaneTrace, RescueLaneTrace, TradeLaneTrace)


class _Book:
    """The ledger as the lanes of one batch change it."""

    def __init__(self, ledger: Ledger, credits: Mapping[tuple[str, int], int]) -> None:
        self.ledger = ledger
        self._credits = credits

    def turn_all(self, kind: str, lanes: Sequence[Lane]) -> tuple[Lane, ...]:
        """Return the lanes of one kind, each on its account as it then stands, and write them."""
        return tuple(self.turn(f"{kind}[{i}]", lane) for i, lane in enumerate(lanes))

    def turn(self, name: str, lane: Lane) -> Lane:
        """Return the lane on the account as it now stands, and write it."""
        before, path = self.ledger.get(lane.account_id), self.ledger.tree.path(lane.account_id)
        gained = lane.after.cash_atoms - lane.before.cash_atoms
        pairs = zip(before.sizes_lots, lane.before.sizes_lots, lane.after.sizes_lots, strict=True)
        sizes = tuple(now + new - old for now, old, new in pairs)
        after = replace(lane.after, cash_atoms=before.cash_atoms + gained, sizes_lots=sizes)
        self.ledger = self.ledger.put(lane.account_id, after)
        self._credit(name)
        return replace(lane, before=before, after=after, account_path=path)

    def take_dues(self, trace: BatchTrace) -> FundLaneTrace:
        """Return the FundLane after these lanes, and write it. What it trades is as in `trace`."""
        bus, lane = compute_bus(trace), trace.fund_lane
        wiring = {part.name: part.wiring for part in load_batch(TINY).batch.instances}["fund"]
        due = {port: bus[wiring[port]] for port in (*_TO_FUND, *_TO_TREASURY)}
        fund, treasury = self.ledger.get(FUND_ACCOUNT), self.ledger.get(TREASURY_ACCOUNT)
        path = self.ledger.tree.path(FUND_ACCOUNT)
        self.ledger = self.ledger.put(FUND_ACCOUNT, replace(fund, sizes_lots=lane.fund_after.sizes_lots))
        self.ledger = self.ledger.credit(FUND_ACCOUNT, sum(due[port] * unit for port, unit in _TO_FUND.items()))
        self.ledger = self.ledger.credit(TREASURY_ACCOUNT, sum(due[port] * unit for port, unit in _TO_TREASURY.items()))
        after = self.ledger.get(FUND_ACCOUNT), self.ledger.get(TREASURY_ACCOUNT)
        self._credit("fund")
        return FundLaneTrace(fund, after[0], treasury, after[1], path, lane.fill)

    def _credit(self, name: str) -> None:
        for (instance, account_id), atoms in self._credits.items():
            if instance == name:
                self.ledger = self.ledger.credit(account_id, atoms)


def give_inputs(trace: BatchTrace) -> WitnessInputs:
    """Return what the circuit of the shape tiny is given."""
    return compute_witness_inputs(load_batch(TINY).batch, trace)


def change_bus(inputs: WitnessInputs, changes: Values) -> WitnessInputs:
    """Return the inputs with bus wires changed."""
    assert changes.keys() <= inputs.bus.keys()
    return WitnessInputs(inputs.bus | changes, inputs.privates)


def change_private(inputs: WitnessInputs, instance: str, changes: Values) -> WitnessInputs:
    """Return the inputs with private inputs of one instance changed."""
    names = [part.name for part in load_batch(TINY).batch.instances]
    position = names.index(instance)
    assert changes.keys() <= inputs.privates[position].keys()
    changed = inputs.privates[position] | changes
    return WitnessInputs(inputs.bus, (*inputs.privates[:position], changed, *inputs.privates[position + 1 :]))

"""TradeLanes and QuoteLanes worked out from a batch's data: fills at the clearing prices, liquidations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rollup.accounts import Account
from rollup.fund import TradingDues
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY, OrderTerms, unpack_slot
from rollup.rebuild_rules import Spot
from rollup.rent import charge_rent
from rollup.settle import FillDues, settle_fill, settle_liquidation
from rollup.turn_record import FLAG_LIQUIDATION, NO_FILL, FillRecord, TurnRecord
from rollup.workspace import Workspace

__all__ = ["Traded", "apply_turn_records"]

_ORDER_FLAGS = IOC | REDUCE_ONLY | POST_ONLY


@dataclass
class Traded:
    """What the turns paid, and (market, lots) of each of their fills."""

    paid: list[FillDues] = field(default_factory=list)
    penalties_atoms: int = 0
    rent_atoms: int = 0
    fills: list[tuple[int, int]] = field(default_factory=list)

    @property
    def dues(self) -> TradingDues:
        """What accounts 1 and 0 are due of it."""
        return TradingDues(self.paid, self.penalties_atoms, self.rent_atoms)


def apply_turn_records(
    workspace: Workspace, records: Sequence[TurnRecord], prices_ticks: Sequence[int], spot: Spot
) -> Traded:
    """Move the accounts as the lanes say, and return what they paid. Raises RecordMisfit."""
    traded = Traded()
    for position, record in enumerate(records):
        at = spot.at(f"turn[{position}]")
        if record.account == 0:
            at.require(not any(fill != NO_FILL for fill in record.fills), record, "an unused lane, all zero")
        else:
            _apply_turn(workspace, record, prices_ticks, traded, at)
    return traded


def _apply_turn(
    workspace: Workspace, record: TurnRecord, prices_ticks: Sequence[int], traded: Traded, at: Spot
) -> None:
    at.require_user(record.account)
    at.require(any(fill.lots for fill in record.fills), "no fill", "a fill in a lane that is used")
    with at.guard("an account that can pay its rent"):
        account, rent_atoms = charge_rent(workspace.get(record.account), workspace.tick)
    for place, fill in enumerate(record.fills):
        inside = at.at(f".fills[{place}]")
        if fill.lots == 0:
            inside.require(fill == NO_FILL, fill, "a place without a fill, all zero")
            continue
        with inside.guard("a fill that the rules allow"):
            if fill.is_liquidation:
                _check_liquidation(record, fill, account, inside)
                account = _liquidate(workspace, account, fill, prices_ticks, traded)
            else:
                account = _fill_order(workspace, record.account, account, fill, prices_ticks, traded, inside)
        traded.fills.append((fill.market, fill.lots))
    traded.rent_atoms += rent_atoms
    workspace.put(record.account, account)


def _fill_order(
    workspace: Workspace,
    account_id: int,
    account: Account,
    fill: FillRecord,
    prices_ticks: Sequence[int],
    traded: Traded,
    at: Spot,
) -> Account:
    at.require(fill.flags & ~_ORDER_FLAGS == 0, f"flags {fill.flags}", f"at most {_ORDER_FLAGS}")
    slot_nonce, _ = unpack_slot(account.orders.get(fill.slot))
    head = (account_id, fill.market, fill.side, fill.slot, slot_nonce + fill.nonce_step)
    terms = OrderTerms(*head, tip_e6=fill.tip_e6, flags=fill.flags)
    price_ticks = prices_ticks[fill.market]
    after, dues = settle_fill(account, terms, fill.lots, price_ticks, workspace.tick, workspace.params)
    traded.paid.append(dues)
    return after


def _check_liquidation(record: TurnRecord, fill: FillRecord, account: Account, at: Spot) -> None:
    """A liquidation is alone in its lane, says nothing of an order, and is against the position."""
    side = int(account.sizes_lots[fill.market] > 0)
    alone = FillRecord(fill.market, side, fill.lots, 0, 0, 0, FLAG_LIQUIDATION)
    expected = (alone, *[NO_FILL] * (len(record.fills) - 1))
    at.require(record.fills == expected, record.fills, expected)


def _liquidate(
    workspace: Workspace, account: Account, fill: FillRecord, prices_ticks: Sequence[int], traded: Traded
) -> Account:
    delta_lots, price_ticks = -fill.lots if fill.side else fill.lots, prices_ticks[fill.market]
    tick, params = workspace.tick, workspace.params
    after, penalty_atoms = settle_liquidation(account, fill.market, delta_lots, price_ticks, tick, params)
    traded.penalties_atoms += penalty_atoms
    return after

"""What the transition leaves behind for the circuit: every value a witness needs, as plain integers.

A path is given as children, not as siblings: `path[h]` holds the eight children of the node at height h on the way
from the leaf (h = 0) to the root, as they stood BEFORE the change, own child included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from rollup.accounts import Account
from rollup.oracle import OracleMessages, is_stale
from rollup.orders import Order
from rollup.params import Params
from rollup.rationing import Rationing
from rollup.rescue import Carry, RescueOp
from rollup.signature import Signature
from rollup.state import StateHeader
from rollup.tick import Tick, derive_tick
from rollup.txs import CashOp, Flows

Path: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class FillTrace:
    """One order fill. `place` is its place in the lane: 0, 1, .. in a TradeLane, that in the quote in a QuoteLane."""

    order: Order
    place: int
    signature: Signature | None  # None in a QuoteLane, where the quote is signed
    fill_lots: int
    slot_before: int  # packed nonce * 2**48 + filled
    slot_path: Path  # orders tree, 3 levels, before this fill


@dataclass(frozen=True)
class LiquidationTrace:
    """The one fill of a liquidation lane."""

    market: int
    fill_lots: int
    penalty_atoms: int


@dataclass(frozen=True)
class QuoteTrace:
    """What a QuoteLane's account signed: the messages of all sixteen places, 0 where empty, and the signature."""

    order_messages: tuple[int, ...]
    signature: Signature


@dataclass(frozen=True)
class TradeLaneTrace:
    """One account's turn with order fills, or with one liquidation fill, or (both empty) an unused lane.

    The same record serves a QuoteLane: there `quote` is given if the lane is used, and there is no liquidation.
    """

    capacity: int  # K of TradeLane(K) or QuoteLane(K)
    account_id: int
    before: Account
    after: Account
    account_path: Path  # account tree, 7 levels, before this lane
    fills: tuple[FillTrace, ...]  # in rising places
    liquidation: LiquidationTrace | None
    quote: QuoteTrace | None = None


@dataclass(frozen=True)
class CashLaneTrace:
    """One cash operation on one account; `op` is None in an unused lane. A transfer takes two lanes in a row."""

    account_id: int
    before: Account
    after: Account
    account_path: Path
    op: CashOp | None
    is_applied: bool  # False: a returned deposit, a dropped request, an unused lane
    flows: Flows  # what the lane adds to the batch's totals
    signature: Signature | None  # of a `SignedOp`
    slot_before: int  # cancel: the slot's packed value, else slot 0's
    slot_path: Path  # orders tree before, of the cancelled slot, else of slot 0

    @property
    def paid_e6(self) -> int:
        """What left the vault, 1e-6 USD."""
        return max(0, -self.flows.vault_e6)


@dataclass(frozen=True)
class RescueLaneTrace:
    """One rescue operation on one account; `op` is None in an unused lane. What runs from lane to lane, in and out."""

    account_id: int
    before: Account  # before rent
    after: Account
    account_path: Path
    op: RescueOp | None
    carry_in: Carry
    carry_out: Carry


@dataclass(frozen=True)
class FundFillTrace:
    """The fund's one fill of the auction: always against its position."""

    market: int
    fill_lots: int


@dataclass(frozen=True)
class FundLaneTrace:
    """Accounts 0 (insurance fund) and 1 (treasury) taking what is due to them, and the fund's one fill."""

    fund_before: Account
    fund_after: Account
    treasury_before: Account
    treasury_after: Account
    account_path: Path  # of account 0, before
    fill: FundFillTrace | None


@dataclass(frozen=True)
class BatchTrace:
    """One batch, ready to be proved."""

    shape_name: str
    params: Params
    header_before: StateHeader
    header_after: StateHeader
    oracle: OracleMessages
    clearing_prices_ticks: tuple[int, ...]  # p* per market; the mark where nothing traded
    rationing: tuple[Rationing, ...]  # per market
    cash_lanes: tuple[CashLaneTrace, ...]
    rescue_lanes: tuple[RescueLaneTrace, ...]
    trade_lanes: tuple[TradeLaneTrace, ...]
    quote_lanes: tuple[TradeLaneTrace, ...]
    fund_lane: FundLaneTrace

    @property
    def order_lanes(self) -> tuple[TradeLaneTrace, ...]:
        """All lanes with order places: an order's position in the batch counts places over these, used or not."""
        return self.trade_lanes + self.quote_lanes

    @cached_property
    def tick(self) -> Tick:
        """What the lanes of this batch read, worked out again from the headers and the parameters."""
        return derive_tick(self.header_before, self.header_after, self.params, stale=is_stale(self.oracle))

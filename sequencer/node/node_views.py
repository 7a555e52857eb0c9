"""What a node shows, read from its parts: the half of `Core` that changes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Container

from rollup.babyjubjub import Point
from rollup.codec_inclusion import encode_inclusion
from rollup.inclusion import prove_account
from rollup.orders import unpack_slot
from rollup.params import Params
from rollup.units import FIRST_USER_ACCOUNT, MARKET_COUNT, SLOT_BITS
from sequencer.node.admission import Admission
from sequencer.node.auctioneer import Auctioneer
from sequencer.node.batch_clock import compute_resume_s, list_clock_alarms
from sequencer.node.engine_loop import BooksSeen
from sequencer.node.event_types import Event, FillSeen
from sequencer.node.history import History
from sequencer.node.hub import Hub
from sequencer.node.links import GENESIS, Head, LogRecord
from sequencer.node.live import LiveState
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.store import Store
from sequencer.node.view_types import (
    AccountView,
    AuctionView,
    BatchView,
    BookLevel,
    BookView,
    EntryView,
    FeesView,
    FundingPage,
    FundingStepView,
    MarketView,
    NodeStatus,
    OracleView,
    OrderView,
    SlotView,
)
from sequencer.node.views import (
    make_account_view,
    make_fees_view,
    make_market_views,
    make_oracle_view,
    make_order_views,
)

__all__ = ["NodeViews"]


class NodeViews:
    """Reads what `Node` has set up."""

    admission: Admission
    live: LiveState
    history: History
    get_backlog: Callable[[], int]
    get_alarms: Callable[[], tuple[str, ...]]
    _auctioneer: Auctioneer
    _books: BooksSeen
    _chain: ReceiptChain
    _hub: Hub
    _store: Store

    @property
    def params(self) -> Params:
        """The parameters in force."""
        return self.live.params

    @property
    def receipt_key(self) -> Point:
        """The key that signs receipts."""
        return self._chain.public_key

    def get_status(self) -> NodeStatus:
        """Return how the node is."""
        header = self.live.state.header
        facts = (header.batch_number, header.state_root, self._store.last_sequence, self.get_backlog())
        resume_s = compute_resume_s(header.timestamp_s, time.time())
        alarms = self.get_alarms() + self._auctioneer.list_alarms() + list_clock_alarms(resume_s)
        return NodeStatus(*facts, self.admission.withdraw_only, alarms, resume_s)

    def get_account(self, account: int) -> AccountView | None:
        """Return an account, None where nobody owns it. Fund and treasury have no owner, and are there."""
        record = self.live.state.get_account(account)
        if record.is_empty and account >= FIRST_USER_ACCOUNT:
            return None
        admission = self.admission
        facts = (admission.find_cash_nonce(account), admission.get_totals(account), admission.terms)
        return make_account_view(account, record, *facts)

    def list_orders(self, account: int) -> tuple[OrderView, ...]:
        """Return the account's resting orders by slot."""
        return make_order_views(self.live, account)

    def list_slots(self, account: int) -> tuple[SlotView, ...]:
        """Return the account's slots that were used, as far as the node knows: all that the state or the log names."""
        in_state, resting = self.live.state.get_account(account).orders, self.live.slots.get(account, ())
        views = (
            SlotView(
                slot,
                self.admission.find_order_nonce(account, slot),
                unpack_slot(in_state.get(slot))[0],
                slot in resting,
            )
            for slot in range(2**SLOT_BITS)
        )
        return tuple(view for view in views if view.next_nonce or view.is_resting)

    def list_fills(self, account: int, limit: int, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return the account's last fills, newest first."""
        return self.history.list_fills(account, limit, before)

    def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets in use."""
        tick = self.admission.terms.tick
        return make_market_views(self.params, tick, self.history.last_prices, self._books.prices)

    def get_oracle(self) -> OracleView:
        """Return what the oracle's signers said last."""
        return make_oracle_view(self.live, int(time.time()))

    def get_book(self, market: int, levels: int) -> BookView | None:
        """Return the depth of a market, None where there is no such market."""
        if not 0 <= market < MARKET_COUNT or not self.params.is_market_open(market):
            return None
        depth = self._books.depths.get(market)
        bids, asks = (depth.bids, depth.asks) if depth else ((), ())
        bid_levels, ask_levels = (tuple(BookLevel(*level) for level in side[:levels]) for side in (bids, asks))
        return BookView(market, bid_levels, ask_levels, self._books.sequence)

    def list_past_auctions(self, market: int, limit: int, before: int | None = None) -> tuple[AuctionView, ...]:
        """Return the last auctions in which a market traded, newest first."""
        return self.history.markets.list_auctions(market, limit, before)

    def list_market_funding(self, market: int, limit: int, before: int | None = None) -> tuple[FundingStepView, ...]:
        """Return the last moves of a market's funding index, newest first."""
        return self.history.markets.list_funding(market, limit, before)

    def list_funding_payments(self, account: int, limit: int, before: int | None = None) -> FundingPage:
        """Return what an account's positions were paid, newest first."""
        sizes_lots = self.live.state.get_account(account).sizes_lots
        return self.history.markets.list_payments(account, sizes_lots, limit, before)

    def get_fees(self) -> FeesView:
        """Return what resources cost."""
        return make_fees_view(self.params, self.admission.terms.tick)

    def list_batches(self, limit: int, before: int | None = None) -> tuple[BatchView, ...]:
        """Return the last batches, newest first."""
        return self.history.list_batches(limit, before)

    def get_batch(self, number: int) -> BatchView | None:
        """Return a batch."""
        return self.history.get_batch(number)

    def list_entries(self, limit: int, before: int | None = None) -> tuple[EntryView, ...]:
        """Return the last entries of the queue, newest first."""
        return self.history.list_entries(limit, before)

    def get_receipt(self, sequence: int) -> Receipt | None:
        """Return the receipt of a record that is still in the log."""
        if sequence < 1:
            return None
        found = self._store.read(max(sequence - 2, 0), min(sequence, 2))  # with the one before: its link is needed
        if [record.sequence for record in found] != list(range(max(sequence - 1, 1), sequence + 1)):
            return None
        before = GENESIS if sequence == 1 else _get_head(found[0])
        return self._chain.issue(before, found[-1:])[0]

    def get_file(self, kind: str, name: str) -> bytes | None:
        """Return what is published."""
        return self._store.get_artifact(kind, name)

    def prove_inclusion(self, account: int) -> bytes | None:
        """Return the account's inclusion proof in the last batch's state."""
        if self.live.state.get_account(account).is_empty:
            return None
        return encode_inclusion(prove_account(self.live.state, account))

    def watch(self, accounts: Container[int], markets: Container[int]) -> AsyncIterator[Event]:
        """Yield what happens from now on. Raises SubscriberSlow."""
        return self._hub.watch(accounts, markets)


def _get_head(record: LogRecord) -> Head:
    return Head(record.sequence, record.time_us, record.link)

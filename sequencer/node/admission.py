"""What a client sends, judged against the last batch and all that rests: the node's own promises are kept here.

What is admitted takes effect on the spot, so that the next command is judged beside it, and is written to the log next;
where the store refuses that, `forget` goes back to what the log says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set
from typing import Final

from rollup.accounts import Account
from rollup.errors import RollupError, TxRejected
from rollup.orders import Order, unpack_slot
from rollup.rejections import (
    AccountNotOpen,
    CashNonceMismatch,
    EpochMismatch,
    FeeAboveMaximum,
    MarketNotOpen,
    OrderExpired,
    QuoteMismatch,
)
from rollup.settle import get_filled_lots
from rollup.tick import Tick
from rollup.txs import KeyChange, Transfer
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    PlaceOrder,
    PlaceQuote,
)
from sequencer.node.exposure import PretradeTerms
from sequencer.node.live import LiveRecord, LiveState, Slot
from sequencer.node.outcome import ClosedOrder, Outcome
from sequencer.node.pretrade import RestingTotals, admit_order
from sequencer.node.refusals import CancelTimeNotRising, NonceUsed, WithdrawOnly

__all__ = ["Admission"]

_NO_SLOTS: Final[Set[int]] = frozenset()


class Admission:
    """Judges commands one after the other. `live` is what the log says; here is what comes on top until it is there."""

    def __init__(self, live: LiveState) -> None:
        self.live = live
        self.withdraw_only = False
        self._terms: PretradeTerms | None = None
        self._totals: dict[int, RestingTotals] = {}
        self._closed: dict[int, list[ClosedOrder]] = {}  # by account, what its totals still hold
        self._next_nonce: dict[Slot, int] = {}  # lowest free nonces above what `live` says
        self._cancel_all_ms: dict[int, int] = {}
        self._unwritten: list[ClientCommand] = []  # admitted, not yet in `live`
        self._unwritten_cash: defaultdict[int, set[int]] = defaultdict(set)  # cash nonces among them, by account
        for account in list(live.slots):
            self._restore(account)

    def set_tick(self, tick: Tick) -> None:
        """Judge by these marks and fees from now on."""
        self._terms = PretradeTerms(tick, self.live.params)

    @property
    def terms(self) -> PretradeTerms:
        """What the last tick says. Assumes that one was set."""
        assert self._terms is not None, "no tick was set"
        return self._terms

    def get_totals(self, account: int) -> RestingTotals:
        """Return the open orders of an account."""
        totals = self._totals.setdefault(account, RestingTotals())
        for one in self._closed.pop(account, ()):
            known = totals.get(one.slot)
            if known is not None and known[0].nonce <= one.nonce:
                totals.remove(one.slot)
        return totals

    def find_cash_nonce(self, account: int) -> int:
        """Return the cash nonce that the account's next operation must have: the lowest that no waiting one has.

        Not how many wait: where one is refused before the others had their turn, its nonce comes again.
        """
        taken = self.live.cash_nonces.get(account, frozenset()) | self._unwritten_cash.get(account, set())
        nonce = self.live.state.get_account(account).cash_nonce
        while nonce in taken:
            nonce += 1
        return nonce

    def find_order_nonce(self, account: int, slot: int) -> int:
        """Return the lowest nonce that an order may have in a slot now."""
        in_state, filled_lots = unpack_slot(self.live.state.get_account(account).orders.get(slot))
        return max(self._find_lowest((account, slot)), in_state + (filled_lots > 0))

    def admit(self, command: ClientCommand, now_s: int) -> RollupError | None:
        """Let a command take effect and return None, or return why it is refused. Its signature was checked.

        Assumes `command.check()`.
        """
        account = self.live.state.get_account(command.account)
        try:
            _check_open(command, account)
            match command:
                case PlaceOrder(signed):
                    self._admit_orders([signed.order], account, now_s)
                case PlaceQuote(signed_quote):
                    self._admit_orders([quoted.order for quoted in signed_quote.quoted_orders], account, now_s)
                case CancelOrder(number, slot, nonce):
                    self._cancel(number, slot, nonce)
                case CancelAllOrders(number, time_ms):
                    self._cancel_all(number, time_ms)
                case CashRequest():
                    self._admit_cash(command, account)
        except TxRejected as error:
            return error
        self._unwritten.append(command)
        return None

    def follow(self, outcome: Outcome) -> None:
        """Let go of what an auction closed, and note what it filled. What is unwritten stays on top.

        An account's sums change when they are next asked for: thousands at once would keep everybody waiting.
        """
        for one in outcome.closed:
            self._closed.setdefault(one.account, []).append(one)
        for fill in outcome.batch.fills if outcome.batch else ():
            totals = self.get_totals(fill.account)
            known = totals.get(fill.slot)
            is_order = not fill.is_liquidation and self.live.rests(fill.account, fill.slot, fill.nonce)
            if is_order and known is not None and known[0].nonce == fill.nonce:
                totals.put(known[0], self.live.get_filled(fill.account, fill.slot, fill.nonce))

    def note_durable(self) -> None:
        """The log now says all that was admitted: what stood here on top of it is let go."""
        self._next_nonce.clear()
        self._cancel_all_ms.clear()
        self._unwritten.clear()
        self._unwritten_cash.clear()
        if self._closed:  # one account each time, for those who never come back
            self.get_totals(next(iter(self._closed)))

    def forget(self) -> None:
        """Take back what was admitted and could not be written."""
        commands = list(self._unwritten)
        self.note_durable()
        for account in {command.account for command in commands}:
            self._restore(account)

    def _admit_orders(self, orders: list[Order], account: Account, now_s: int) -> None:
        """Admit all of them or none. Raises TxRejected."""
        undo: list[tuple[Order, tuple[Order, int] | None, int | None]] = []
        try:
            for order in orders:
                resting = self.get_totals(order.account).get(order.slot)
                before = (order, resting, self._next_nonce.get((order.account, order.slot)))
                self._admit_order(order, account, now_s)
                undo.append(before)
        except TxRejected:
            for order, resting, nonce in reversed(undo):
                self._take_back(order, resting, nonce)
            raise

    def _take_back(self, order: Order, resting: tuple[Order, int] | None, nonce: int | None) -> None:
        """Undo an order of a quote of which a later one was refused."""
        totals, key = self.get_totals(order.account), (order.account, order.slot)
        totals.remove(order.slot)
        if resting is not None:
            totals.put(*resting)
        del self._next_nonce[key]
        if nonce is not None:
            self._next_nonce[key] = nonce

    def _admit_order(self, order: Order, account: Account, now_s: int) -> None:
        if self.withdraw_only:
            raise WithdrawOnly(order.account)
        if not self.live.params.is_market_open(order.market):
            raise MarketNotOpen(order.account, order.market)
        if order.epoch != account.epoch:
            raise EpochMismatch(order.account, order.epoch, account.epoch)
        if order.expiry_s < now_s:
            raise OrderExpired(order.account, order.expiry_s, now_s)
        key = (order.account, order.slot)
        if order.nonce < (lowest := self._find_lowest(key)):
            raise NonceUsed(*key, order.nonce, lowest)
        get_filled_lots(order, account)
        fault = admit_order(account, self.get_totals(order.account), order, self.terms)
        if fault is not None:
            raise fault
        self._next_nonce[key] = order.nonce + 1

    def _find_lowest(self, key: Slot) -> int:
        """Return the lowest nonce that may still come in a slot."""
        resting = self.live.orders.get(key)
        above = resting[0] + 1 if resting is not None else self.live.floors.get(key, 0)
        return max(above, self._next_nonce.get(key, 0))

    def _cancel(self, account: int, slot: int, nonce: int) -> None:
        totals = self.get_totals(account)
        resting = totals.get(slot)
        if resting is not None and resting[0].nonce <= nonce:
            totals.remove(slot)
        self._next_nonce[account, slot] = max(self._next_nonce.get((account, slot), 0), nonce + 1)

    def _cancel_all(self, account: int, time_ms: int) -> None:
        previous_ms = max(self.live.cancel_all_ms.get(account, -1), self._cancel_all_ms.get(account, -1))
        if time_ms <= previous_ms:
            raise CancelTimeNotRising(account, time_ms, previous_ms)
        self._cancel_all_ms[account] = time_ms
        self._totals.pop(account, None)
        self._closed.pop(account, None)

    def _admit_cash(self, request: CashRequest, account: Account) -> None:
        op, tick = request.op, self.terms.tick
        if self.withdraw_only and isinstance(op, Transfer | KeyChange):
            raise WithdrawOnly(op.account)
        expected = self.find_cash_nonce(op.account)
        if op.cash_nonce != expected:
            raise CashNonceMismatch(op.account, op.cash_nonce, expected)
        if op.epoch != account.epoch:
            raise EpochMismatch(op.account, op.epoch, account.epoch)
        if tick.cash_fee_e6 > op.max_fee_e6:
            raise FeeAboveMaximum(op.account, tick.cash_fee_e6, op.max_fee_e6)
        self._unwritten_cash[op.account].add(op.cash_nonce)

    def _restore(self, account: int) -> None:
        """Set the open orders of an account to those that rest by the log, with what was filled of them.

        Those that are known already stay: nonces of a slot rise, so what stands under this one is what the log has.
        """
        totals, resting = self.get_totals(account), self.live.slots.get(account, _NO_SLOTS)
        for slot in totals.list_slots():
            if slot not in resting:
                totals.remove(slot)
        for slot in resting:
            nonce, record = self.live.orders[account, slot]
            filled_lots = self.live.get_filled(account, slot, nonce)
            known = totals.get(slot)
            if known is None or known[0].nonce != nonce:
                totals.put(_find_order(record, slot, nonce), filled_lots)
            elif known[1] != filled_lots:
                totals.put(known[0], filled_lots)


def _check_open(command: ClientCommand, account: Account) -> None:
    """Raise unless the account exists and the command, where it names an epoch, names its own."""
    if account.is_empty:
        raise AccountNotOpen(command.account)
    if isinstance(command, CancelOrder | CancelAllOrders) and command.epoch != account.epoch:
        raise EpochMismatch(command.account, command.epoch, account.epoch)
    if isinstance(command, PlaceQuote):
        for quoted in command.signed.quoted_orders:
            if quoted.order.account != command.account:
                raise QuoteMismatch(command.account, quoted.place, quoted.order.account)


def _find_order(record: LiveRecord, slot: int, nonce: int) -> Order:
    return next(one for one in _list_orders(record.kind, record.body) if (one.slot, one.nonce) == (slot, nonce))


def _list_orders(kind: int, body: bytes) -> list[Order]:
    command = decode_command(kind, body)
    if isinstance(command, PlaceOrder):
        return [command.signed.order]
    assert isinstance(command, PlaceQuote), "a record without orders"
    return [quoted.order for quoted in command.signed.quoted_orders]

"""Turns a tape into what accounts send: deposits, signed orders, withdrawals, cancels. Deterministic by seed.

Each batch stands for one slice of the tape. The largest of its last trades become taker orders of traders and resting
orders of market makers on the other side, at the tape's price. Accounts are funded as CashLanes permit and trade once
funded; a trader holds at most its leverage, so that the fall finds some below their maintenance requirement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.oracle import SignedPrices
from rollup.orders import POST_ONLY, Order, SignedOrder, is_passive, unpack_slot
from rollup.params import Params
from rollup.quotes import Quote, SignedQuote
from rollup.shapes import Shape
from rollup.signature import Signature, sign
from rollup.state import State
from rollup.tick import Tick, run_tick
from rollup.txs import Cancel, Deposit, SignedCashOp, Withdraw
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS
from sequencer.cast import Participant
from sequencer.market import MARKET, Slice, compute_price_ticks, compute_size_lots
from sequencer.oracle_feed import OracleSigner, sign_prices
from sequencer.tape import Trade

__all__ = ["BatchInput", "Workload"]

_RECENT: Final = 5  # a slice's takers are the largest among its last `_RECENT` times as many trades
_SLIPPAGE_PPM: Final = 10_000  # how far from the tape's price a taker's limit and a maker's backstop lie
_PPM: Final = 10**6
_ORDER_SLOTS: Final = 512
_FEE_MARGIN: Final = 2  # an order pays up to twice the fee of its first batch: a base fee rises by an eighth at most
_BUY, _SELL = 0, 1


@dataclass(frozen=True)
class BatchInput:
    """What reaches the sequencer for one batch."""

    timestamp_s: int
    oracle: tuple[SignedPrices, ...]
    cash_ops: tuple[SignedCashOp, ...]
    orders: tuple[SignedOrder | SignedQuote, ...]

    @property
    def n_orders(self) -> int:
        """How many orders that makes, those of quotes counted one by one."""
        return sum(1 if isinstance(sent, SignedOrder) else len(sent.quoted_orders) for sent in self.orders)


@dataclass
class _Turn:
    """One batch while it is put together."""

    slice: Slice
    state: State
    tick: Tick  # marks, fractions and fees of the batch, as anybody works them out from the oracle's messages
    expiry_s: int
    cash_ops: list[SignedCashOp] = field(default_factory=list)
    orders: list[SignedOrder | SignedQuote] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)  # accounts that have sent what they will send

    @property
    def mark_ticks(self) -> int:
        """The batch's mark in the tape's market."""
        return self.tick.header.marks_ticks[MARKET]


class Workload:
    """The participants' side of a replay. `next_batch` looks at the state as any user could, and at nothing else."""

    def __init__(
        self,
        slices: Sequence[Slice],
        shape: Shape,
        params: Params,
        cast: Sequence[Participant],
        signers: Sequence[OracleSigner],
        seed: int,
    ) -> None:
        """Prepare the participants. Assumes a cast of `make_cast` with makers first, and the params' oracle."""
        self._slices, self._shape, self._params, self._signers = slices, shape, params, signers
        self._makers = [participant for participant in cast if participant.is_maker]
        self._traders = [participant for participant in cast if not participant.is_maker]
        Random(f"zkmargin replay {seed}").shuffle(self._traders)
        self._sent = dict.fromkeys((participant.account_id for participant in cast), 0)
        self._resting: list[tuple[Participant, SignedOrder]] = []

    def next_batch(self, number: int, state: State) -> BatchInput:
        """Return what is sent in batch `number`, counted from 0, given the state before it."""
        part, following = self._slices[number], self._slices[min(number + 1, len(self._slices) - 1)]
        oracle = sign_prices(self._signers, (part.mark_ticks,), part.timestamp_s, self._params.domain)
        tick = run_tick(state.header, self._params, oracle, part.timestamp_s)
        turn = _Turn(part, state, tick, following.timestamp_s)
        trades = self._pick_trades(turn.slice)
        self._fund_makers(turn, trades)
        self._carry_resting(turn)
        self._send_takers(turn, trades)
        self._send_quotes(turn, trades)
        self._withdraw(turn, is_last=number == len(self._slices) - 1)
        return BatchInput(part.timestamp_s, oracle, tuple(turn.cash_ops), tuple(turn.orders))

    def _pick_trades(self, part: Slice) -> list[Trade]:
        """Return the slice's takers: one a single-order lane, the largest of its last buys and sells, in tape order."""
        n_takers = max(1, sum(capacity == 1 for capacity in self._shape.trade_capacities))
        recent = part.trades[-n_takers * _RECENT :]
        largest = sorted(range(len(recent)), key=lambda i: (-recent[i].contracts, i))
        buys = [i for i in largest if recent[i].is_buy]
        sells = [i for i in largest if not recent[i].is_buy]
        n_buys = max(n_takers - n_takers // 2, n_takers - len(sells))  # as many of each, where there are as many
        return [recent[i] for i in sorted([*buys[:n_buys], *sells[: n_takers - len(buys[:n_buys])]])]

    def _fund_makers(self, turn: _Turn, trades: Sequence[Trade]) -> None:
        # a maker can take the other side of every trade of the tape's largest batches without leverage
        notional_e6 = sum(trade.contracts for part in self._slices for trade in self._pick_trades(part)) * 10 * _PPM
        for maker in self._makers:
            if self._account(turn, maker).is_empty:
                self._deposit(turn, maker, max(notional_e6, _PPM))

    def _carry_resting(self, turn: _Turn) -> None:
        """Keep what rests of the last batch's taker orders, all but the first, which its owner cancels."""
        resting, self._resting = self._resting, []
        for participant, signed in resting:
            order, account = signed.order, self._account(turn, participant)
            nonce, filled_lots = unpack_slot(account.orders.get(order.slot))
            if nonce > order.nonce or (nonce == order.nonce and filled_lots == order.size_lots):
                continue
            turn.busy.add(participant.account_id)
            if self._has_cash_lane(turn) and not any(isinstance(sent.op, Cancel) for sent in turn.cash_ops):
                cancel = Cancel(order.account, account.cash_nonce, account.epoch, order.slot, order.nonce)
                turn.cash_ops.append(SignedCashOp(cancel, self._sign(participant, cancel)))
            else:
                turn.orders.append(signed)

    def _send_takers(self, turn: _Turn, trades: Sequence[Trade]) -> None:
        for trade in trades:
            price_ticks = compute_price_ticks(trade.price_e9)
            size_lots = compute_size_lots(trade.contracts, price_ticks)
            for trader in self._rotate_traders():
                lots = self._compute_taker_lots(turn, trader, trade, price_ticks, size_lots)
                if lots > 0:
                    limit_ticks = _move(price_ticks, _SLIPPAGE_PPM if trade.is_buy else -_SLIPPAGE_PPM)
                    signed = self._order(turn, trader, _side(trade.is_buy), lots, limit_ticks)
                    self._resting.append((trader, signed))
                    turn.busy.add(trader.account_id)
                    break

    def _compute_taker_lots(
        self, turn: _Turn, trader: Participant, trade: Trade, price_ticks: int, size_lots: int
    ) -> int:
        """Return how much of a trade a trader takes: 0 where it is busy, has no money, or has all it wants."""
        if trader.account_id in turn.busy or (trader.is_holder and not trade.is_buy):
            return 0
        account = self._account(turn, trader)
        if account.is_empty:
            notional_e6 = size_lots * price_ticks // 10**6
            deposit_e6 = max(1, notional_e6 * 11 // (10 * trader.leverage))  # a tenth over, for fees and slippage
            return size_lots if self._deposit(turn, trader, deposit_e6) else 0
        held_lots = account.sizes_lots[MARKET] * (1 if trade.is_buy else -1)
        if held_lots < 0:
            return min(size_lots, -held_lots)
        equity_atoms = self._compute_margin(turn, account).equity
        wanted_lots = equity_atoms * trader.leverage * 9 // (10 * turn.mark_ticks * LOT_TICK_ATOMS)
        return max(0, min(size_lots, wanted_lots - held_lots))

    def _send_quotes(self, turn: _Turn, trades: Sequence[Trade]) -> None:
        """Makers take the other side of the trades at the tape's price, and one backstop each for what liquidates."""
        quotes = [(not trade.is_buy, compute_price_ticks(trade.price_e9), trade.contracts) for trade in trades]
        quotes.sort(key=lambda quote: quote[0])  # one side to one maker: its own orders must not cross
        for maker in self._makers:
            if self._account(turn, maker).is_empty and maker.account_id not in turn.busy:
                continue
            taken, quotes = quotes[: maker.lane_capacity - 1], quotes[maker.lane_capacity - 1 :]
            orders = [
                self._make_order(turn, maker, _side(is_buy), compute_size_lots(contracts, price_ticks), price_ticks)
                for is_buy, price_ticks, contracts in taken
            ]
            is_buy, lots = self._compute_backstop(turn, trades)
            limit_ticks = _move(turn.mark_ticks, -_SLIPPAGE_PPM if is_buy else _SLIPPAGE_PPM)
            orders.append(self._make_order(turn, maker, _side(is_buy), lots, limit_ticks))
            if maker.is_quoting:
                quote = Quote(maker.account_id, tuple(orders))
                turn.orders.append(SignedQuote(quote, self._sign(maker, quote)))
            else:
                turn.orders += [SignedOrder(order, self._sign(maker, order)) for order in orders]

    def _compute_backstop(self, turn: _Turn, trades: Sequence[Trade]) -> tuple[bool, int]:
        """Return (is_buy, lots): against the net position of all who fall below maintenance at the new mark."""
        net_lots = 0
        for trader in self._traders:
            account = self._account(turn, trader)
            margin = self._compute_margin(turn, account)
            net_lots += account.sizes_lots[MARKET] if margin.equity < margin.maintenance else 0
        usual_lots = compute_size_lots(max(trade.contracts for trade in trades), turn.mark_ticks)
        is_buy = net_lots > 0 or (net_lots == 0 and trades[-1].is_buy is False)
        return is_buy, max(abs(net_lots), usual_lots)

    def _withdraw(self, turn: _Turn, *, is_last: bool) -> None:
        """Flat traders leave with all they have; at the end makers take home a tenth of their cash."""
        for trader in self._traders:
            account = self._account(turn, trader)
            if trader.account_id not in turn.busy and not any(account.sizes_lots):
                self._send_withdrawal(turn, trader, account, account.cash_atoms // ATOMS_PER_E6)
        for maker in self._makers if is_last else ():
            account = self._account(turn, maker)
            self._send_withdrawal(turn, maker, account, account.cash_atoms // ATOMS_PER_E6 // 10)

    def _send_withdrawal(self, turn: _Turn, participant: Participant, account: Account, amount_e6: int) -> None:
        if amount_e6 > 0 and not account.is_empty and self._has_cash_lane(turn):
            withdraw = Withdraw(participant.account_id, account.cash_nonce, account.epoch, amount_e6)
            turn.cash_ops.append(SignedCashOp(withdraw, self._sign(participant, withdraw)))

    def _deposit(self, turn: _Turn, participant: Participant, amount_e6: int) -> bool:
        """Return whether a CashLane was left for the deposit."""
        if not self._has_cash_lane(turn):
            return False
        deposit = Deposit(participant.account_id, amount_e6, participant.owner, participant.public_key)
        turn.cash_ops.append(SignedCashOp(deposit, None))
        if participant.is_maker:
            turn.busy.add(participant.account_id)
        return True

    def _order(self, turn: _Turn, sender: Participant, side: int, lots: int, limit_ticks: int) -> SignedOrder:
        """Sign and send an order."""
        order = self._make_order(turn, sender, side, lots, limit_ticks)
        signed = SignedOrder(order, self._sign(sender, order))
        turn.orders.append(signed)
        return signed

    def _make_order(self, turn: _Turn, sender: Participant, side: int, lots: int, limit_ticks: int) -> Order:
        """Return an order in the sender's next slot. A maker's lasts one batch, a taker's two.

        A maker's order away from the mark is post-only, for the rebate.
        """
        sent = self._sent[sender.account_id]
        self._sent[sender.account_id] += 1
        order = Order(
            account=sender.account_id,
            market=MARKET,
            side=side,
            slot=sent % _ORDER_SLOTS,
            nonce=1 + sent // _ORDER_SLOTS,
            epoch=max(1, self._account(turn, sender).epoch),
            expiry_s=turn.slice.timestamp_s if sender.is_maker else turn.expiry_s,
            size_lots=lots,
            limit_ticks=limit_ticks,
            max_fee_e6=_FEE_MARGIN * turn.tick.order_fee_e6,
        )
        is_post_only = sender.is_maker and is_passive(order, turn.mark_ticks)
        return replace(order, flags=POST_ONLY) if is_post_only else order

    def _sign(self, participant: Participant, message: Order | Quote | Withdraw | Cancel) -> Signature:
        return sign(participant.private_key, message.message(self._params.domain))

    def _compute_margin(self, turn: _Turn, account: Account) -> Margin:
        header = turn.tick.header
        prices = (header.marks_ticks, header.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, turn.tick.fractions)

    def _account(self, turn: _Turn, participant: Participant) -> Account:
        return turn.state.get_account(participant.account_id)

    def _has_cash_lane(self, turn: _Turn) -> bool:
        return len(turn.cash_ops) < self._shape.cash_lanes

    def _rotate_traders(self) -> Iterator[Participant]:
        """Yield every trader once, another one first each time."""
        self._traders.append(self._traders.pop(0))
        yield from tuple(self._traders)


def _side(is_buy: bool) -> int:
    return _BUY if is_buy else _SELL


def _move(price_ticks: int, by_ppm: int) -> int:
    return max(1, price_ticks * (_PPM + by_ppm) // _PPM)

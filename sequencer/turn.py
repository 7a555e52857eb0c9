"""One batch while the participants put it together: what they see, what they sign, what they have sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.oracle import SignedPrices
from rollup.orders import Order, SignedOrder
from rollup.params import Params
from rollup.quotes import Quote, SignedQuote
from rollup.rent import compute_rent
from rollup.signature import Signature, derive_public_key, sign
from rollup.state import State
from rollup.tick import Tick
from rollup.txs import Deposit, SignedCashOp, SignedOp
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS
from sequencer.cast import Participant
from sequencer.market import MARKET

__all__ = ["BatchInput", "KeyRing", "Turn"]

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


class _Message(Protocol):
    def message(self, domain: int) -> int:
        """Return the field element to sign."""
        ...


@dataclass
class KeyRing:
    """What the participants keep to themselves from batch to batch: keys changed, and how many orders they signed."""

    private_keys: dict[int, bytes] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    def get(self, participant: Participant) -> bytes:
        """Return the private key that signs for it today."""
        return self.private_keys.get(participant.account_id, participant.private_key)

    def sign(self, participant: Participant, message: int) -> Signature:
        """Return the signature of the account's key of today."""
        return sign(self.get(participant), message)


@dataclass
class Turn:
    """The state before the batch and its tick are what anybody sees; the lists are what is sent."""

    state: State
    tick: Tick  # marks, fractions and fees of the batch, as anybody works them out from the oracle's messages
    params: Params
    keys: KeyRing
    n_cash_lanes: int  # left
    expiry_s: int  # until when takers wait
    cash_ops: list[SignedCashOp] = field(default_factory=list)
    orders: list[SignedOrder | SignedQuote] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)  # accounts that have sent what they will send
    deposited_e6: dict[int, int] = field(default_factory=dict)

    @property
    def mark_ticks(self) -> int:
        """The batch's mark in the tape's market."""
        return self.tick.header.marks_ticks[MARKET]

    def get_account(self, participant: Participant) -> Account:
        """Return the account as the batch before left it."""
        return self.state.get_account(participant.account_id)

    def compute_margin(self, account: Account) -> Margin:
        """Return its standing at the new mark."""
        header = self.tick.header
        prices = (header.marks_ticks, header.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, self.tick.fractions)

    def compute_room_lots(self, participant: Participant, direction: int) -> int:
        """Return how many lots it can buy (+1) or sell (-1) within its leverage, deposits of this batch included."""
        account = self.get_account(participant)
        equity_atoms = self.compute_margin(account).equity
        equity_atoms += self.deposited_e6.get(participant.account_id, 0) * ATOMS_PER_E6
        held_lots = direction * account.sizes_lots[MARKET]
        # a tenth is left for fees and slippage, and no more than the initial fraction of today allows
        by_leverage = equity_atoms * participant.leverage * 9 // (10 * self.mark_ticks * LOT_TICK_ATOMS)
        by_margin = equity_atoms * 9 // (10 * self.mark_ticks * self.tick.fractions.initial_ppm[MARKET])
        return max(0, min(by_leverage, by_margin) - held_lots)

    def compute_spendable_e6(self, account: Account) -> int:
        """Return what it could withdraw at most: less rent, fee and the initial requirement, 1e-6 USD."""
        margin = self.compute_margin(account)
        free_atoms = margin.equity - margin.initial - compute_rent(account, self.tick)
        return max(0, free_atoms // ATOMS_PER_E6 - self.tick.cash_fee_e6)

    def deposit(self, participant: Participant, amount_e6: int) -> bool:
        """Return whether a CashLane was left for it."""
        if self.n_cash_lanes < 1:
            return False
        key = derive_public_key(self.keys.get(participant))
        deposit = Deposit(participant.account_id, amount_e6, participant.owner, key)
        self.send_cash(SignedCashOp(deposit))
        self.deposited_e6[participant.account_id] = amount_e6
        return True

    def send_cash(self, signed: SignedCashOp, n_lanes: int = 1) -> None:
        """Send a cash operation that takes so many CashLanes."""
        self.cash_ops.append(signed)
        self.n_cash_lanes -= n_lanes

    def sign_cash(self, participant: Participant, op: SignedOp) -> SignedCashOp:
        """Return the operation, signed."""
        return SignedCashOp(op, self._sign(participant, op))

    def make_order(
        self, sender: Participant, direction: int, lots: int, limit_ticks: int, flags: int = 0, expiry_s: int = 0
    ) -> Order:
        """Return an order in the sender's next slot, for this batch alone unless an expiry is given."""
        sent, account = self.keys.sent.get(sender.account_id, 0), self.get_account(sender)
        self.keys.sent[sender.account_id] = sent + 1
        return Order(
            account=sender.account_id,
            market=MARKET,
            side=_BUY if direction > 0 else _SELL,
            slot=sent % _ORDER_SLOTS,
            nonce=1 + sent // _ORDER_SLOTS,
            epoch=account.epoch + account.is_empty,  # a deposit of this batch opens the next one
            expiry_s=expiry_s or self.tick.header.timestamp_s,
            size_lots=lots,
            limit_ticks=limit_ticks,
            max_fee_e6=_FEE_MARGIN * self.tick.order_fee_e6,
            flags=flags,
        )

    def send_order(self, sender: Participant, order: Order) -> SignedOrder:
        """Sign an order alone and send it."""
        signed = SignedOrder(order, self._sign(sender, order))
        self.orders.append(signed)
        return signed

    def send_quote(self, sender: Participant, orders: Sequence[Order]) -> None:
        """Sign orders together and send them."""
        quote = Quote(sender.account_id, tuple(orders))
        self.orders.append(SignedQuote(quote, self._sign(sender, quote)))

    def _sign(self, participant: Participant, message: _Message) -> Signature:
        return self.keys.sign(participant, message.message(self.params.domain))

"""What accounts ask for beside trading: one request a batch where a lane is left, each kind of the rules in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rollup.rent import compute_rent
from rollup.signature import derive_public_key
from rollup.txs import (
    CancelAll,
    CloseAccount,
    Deposit,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedTrade,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    SignedCashOp,
    SignedOp,
    Transfer,
    Withdraw,
    find_evictable,
)
from rollup.units import ATOMS_PER_E6
from sequencer.cast import Participant, derive_key
from sequencer.market import MARKET
from sequencer.settlement.people import STRANGER, derive_address
from sequencer.turn import Turn

__all__ = ["Requests"]

_RETURNED_E6: Final = 1_000_000  # what somebody else sends to an account that is not theirs
_SHARE: Final = 4  # a request is over this part of what it could be over
_TIER: Final = 1
_LANES: Final = 2  # a transfer's; every other kind takes one at most


class Requests:
    """Walks through the kinds; one that nobody can make now is passed over."""

    def __init__(self, traders: Sequence[Participant], seed: int) -> None:
        self._traders, self._seed = list(traders), seed
        self._stranger = int.from_bytes(derive_address(seed, STRANGER), "big")
        self._kinds: tuple[Callable[[Turn], SignedCashOp | None], ...] = (
            self._withdraw,
            self._transfer,
            self._withdraw_by_force,
            self._cancel_all_by_force,
            self._trade_by_force,
            self._close,
            self._change_key,
            self._set_tier,
            self._cancel_all,
            self._deposit_for_another_owner,
            self._change_key_by_force,
            self._evict,
        )
        self._next = 0

    def send(self, turn: Turn) -> None:
        """Send the next request that somebody can make, last in the queue: a forced trade holds up what comes after."""
        for _ in self._kinds if turn.n_cash_lanes >= _LANES else ():
            make = self._kinds[self._next % len(self._kinds)]
            self._next += 1
            if signed := make(turn):
                turn.send_cash(signed, _LANES if isinstance(signed.op, Transfer) else 1)
                return

    def _list_idle(self, turn: Turn) -> Iterator[Participant]:
        """Yield the traders with an account who have sent nothing, another one first each time."""
        self._traders.append(self._traders.pop(0))
        for trader in tuple(self._traders):
            if trader.account_id not in turn.busy and not turn.get_account(trader).is_empty:
                yield trader

    def _pick(self, turn: Turn, *, is_flat: bool = False) -> Participant | None:
        """Return an idle trader with something to spend, who is then busy."""
        for trader in self._list_idle(turn):
            account = turn.get_account(trader)
            if turn.compute_spendable_e6(account) > _SHARE and not (is_flat and any(account.sizes_lots)):
                turn.busy.add(trader.account_id)
                return trader
        return None

    def _sign(self, turn: Turn, trader: Participant, kind: Callable[..., SignedOp], *operands: object) -> SignedCashOp:
        account = turn.get_account(trader)
        counters = (trader.account_id, account.cash_nonce, account.epoch)
        return turn.sign_cash(trader, kind(*counters, *operands, max_fee_e6=turn.tick.cash_fee_e6))

    def _withdraw(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn, is_flat=True) or self._pick(turn)) is None:
            return None
        amount_e6 = turn.compute_spendable_e6(turn.get_account(trader)) // _SHARE
        return self._sign(turn, trader, Withdraw, amount_e6)

    def _transfer(self, turn: Turn) -> SignedCashOp | None:
        trader, recipient = self._pick(turn), self._pick(turn)
        if trader is None or recipient is None:
            return None
        amount_e6 = turn.compute_spendable_e6(turn.get_account(trader)) // _SHARE
        return self._sign(turn, trader, Transfer, amount_e6, recipient.account_id)

    def _withdraw_by_force(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn)) is None:
            return None
        amount_e6 = turn.compute_spendable_e6(turn.get_account(trader)) // _SHARE
        return SignedCashOp(ForcedWithdraw(trader.account_id, amount_e6, trader.owner))

    def _cancel_all_by_force(self, turn: Turn) -> SignedCashOp | None:
        trader = self._pick(turn)
        return SignedCashOp(ForcedCancelAll(trader.account_id, trader.owner)) if trader else None

    def _trade_by_force(self, turn: Turn) -> SignedCashOp | None:
        """One who holds something hands all of it to another who can afford it, at the mark: then it can close."""
        for first in self._list_idle(turn):
            held_lots = turn.get_account(first).sizes_lots[MARKET]
            direction, lots = (1 if held_lots > 0 else -1), abs(held_lots)
            for second in self._list_idle(turn) if lots else ():
                if second != first and turn.compute_room_lots(second, direction) > lots:
                    turn.busy |= {first.account_id, second.account_id}
                    accounts, owners = (first.account_id, second.account_id), (first.owner, second.owner)
                    return SignedCashOp(
                        ForcedTrade(accounts, owners, MARKET, int(direction > 0), lots, turn.mark_ticks)
                    )
        return None

    def _change_key(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn)) is None:
            return None
        new_key = self._make_key(turn, trader)
        signed = self._sign(turn, trader, KeyChange, derive_public_key(new_key))
        turn.keys.private_keys[trader.account_id] = new_key
        return signed

    def _change_key_by_force(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn)) is None:
            return None
        turn.keys.private_keys[trader.account_id] = new_key = self._make_key(turn, trader)
        return SignedCashOp(ForcedKeyChange(trader.account_id, trader.owner, derive_public_key(new_key)))

    def _make_key(self, turn: Turn, trader: Participant) -> bytes:
        return derive_key(self._seed, f"{trader.account_id} after epoch {turn.get_account(trader).epoch}")

    def _set_tier(self, turn: Turn) -> SignedCashOp | None:
        trader = self._pick(turn)
        return SignedCashOp(SetTier(trader.account_id, _TIER)) if trader else None

    def _cancel_all(self, turn: Turn) -> SignedCashOp | None:
        trader = self._pick(turn)
        return self._sign(turn, trader, CancelAll) if trader else None

    def _deposit_for_another_owner(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn)) is None:
            return None
        return SignedCashOp(Deposit(trader.account_id, _RETURNED_E6, self._stranger, trader.public_key))

    def _close(self, turn: Turn) -> SignedCashOp | None:
        if (trader := self._pick(turn, is_flat=True)) is None:
            return None
        account = turn.get_account(trader)
        cash_e6 = (account.cash_atoms - compute_rent(account, turn.tick)) // ATOMS_PER_E6
        return self._sign(turn, trader, CloseAccount, cash_e6 - turn.tick.cash_fee_e6)

    @staticmethod
    def _evict(turn: Turn) -> SignedCashOp | None:
        evictable = (
            evict for evict in find_evictable(turn.state.accounts, turn.tick) if evict.account not in turn.busy
        )
        found = next(evictable, None)
        return SignedCashOp(found) if found else None

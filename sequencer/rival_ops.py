"""A batch's cash operations and rescues as calls of DirectSettlement, one transaction each.

What the rollup returned or dropped is not sent. A key change has no twin, the account being its address: it is sent as
what it does besides, a cancel-all. A forced request is signed too, and pays no base fee (docs/compare.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.direct_rescue import DirectDeleveraging, DirectTakeover
from rollup.direct_trades import list_rescues
from rollup.rescue import ForcedTradeLeg
from rollup.trace import BatchTrace, CashLaneTrace
from rollup.txs import (
    Cancel,
    CancelAll,
    CashOp,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedTrade,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    Transfer,
    TransferIn,
    Withdraw,
)
from sequencer.rival_keys import RivalSigner, RivalSigners
from verifier.base_layer import Contract
from verifier.direct.calldata import pack_takings
from verifier.direct.messages import Request, TradeDeal, hash_request, hash_trade, sign_message

__all__ = ["RivalDesk"]

_WITHDRAW, _CANCEL, _TRANSFER, _CANCEL_ALL, _CLOSE = 2, 3, 5, 7, 8
_FORCED: Final = 16  # added to the kind of a request that pays no base fee


@dataclass
class RivalDesk:
    """Sends what is not an order, in the accounts' names. Keeps their nonces and epochs as the contract does."""

    exchange: Contract
    domain: bytes
    signers: RivalSigners

    def serve(self, lane: CashLaneTrace) -> None:
        """Send the operation of a CashLane. Raises Reverted where the contract refuses it."""
        op = lane.op
        if not lane.is_applied or op is None or isinstance(op, TransferIn):  # booked with its outgoing leg
            return
        signer = self.signers.get(op.account)
        if isinstance(op, Deposit):
            self.exchange.transact("deposit", signer.address, op.amount_e6)
            signer.epoch = lane.after.epoch
        elif isinstance(op, SetTier):
            self.exchange.transact("setTier", signer.address, op.tier)
        elif isinstance(op, Evict):
            self.exchange.transact("evict", signer.address)
        else:
            self._request(signer, self._make_request(op, signer))

    def _make_request(self, op: CashOp, signer: RivalSigner) -> Request:
        if isinstance(op, Withdraw | CloseAccount):
            kind = _WITHDRAW if isinstance(op, Withdraw) else _CLOSE
            return _name(signer, kind, amount_e6=op.amount_e6, max_fee_e6=op.max_fee_e6)
        if isinstance(op, Transfer):
            recipient = self.signers.get(op.recipient).address
            terms = {"amount_e6": op.amount_e6, "max_fee_e6": op.max_fee_e6}
            return _name(signer, _TRANSFER, recipient=recipient, **terms)
        if isinstance(op, Cancel):
            slot, nonce = signer.slots.cancel(op.slot, op.nonce)
            return _name(signer, _CANCEL, slot=slot, order_nonce=nonce, max_fee_e6=op.max_fee_e6)
        if isinstance(op, CancelAll | KeyChange):
            return _name(signer, _CANCEL_ALL, max_fee_e6=op.max_fee_e6)
        if isinstance(op, ForcedWithdraw):
            return _name(signer, _FORCED + _WITHDRAW, amount_e6=op.amount_e6)
        assert isinstance(op, ForcedCancelAll | ForcedKeyChange)  # there are no other kinds
        return _name(signer, _FORCED + _CANCEL_ALL)

    def _request(self, signer: RivalSigner, request: Request) -> None:
        r, vs = _split(sign_message(signer.key, self.domain, hash_request(request)))
        self.exchange.transact("request", request.to_abi(), r, vs)
        signer.nonce += 1
        signer.epoch += request.kind in (_CANCEL_ALL, _FORCED + _CANCEL_ALL)

    def rescue(self, trace: BatchTrace) -> None:
        """Send what the batch's RescueLanes did. Raises Reverted."""
        firsts = (lane.op for lane in trace.rescue_lanes if isinstance(lane.op, ForcedTradeLeg))
        applied = iter([op.is_applied for op in firsts if not op.leg.is_second])
        for rescue in list_rescues(trace):
            if isinstance(rescue, DirectTakeover):
                self.exchange.transact("takeOver", self.signers.get(rescue.account).address)
            elif isinstance(rescue, DirectDeleveraging):
                takings = [(self.signers.get(other).address, market, lots) for other, market, lots in rescue.takings]
                victim = self.signers.get(rescue.account).address
                self.exchange.transact("deleverage", victim, pack_takings(takings))
            elif next(applied):
                self._trade(rescue)

    def _trade(self, entry: ForcedTrade) -> None:
        first, second = signers = [self.signers.get(account) for account in entry.accounts]
        deal = TradeDeal(
            *(first.address, second.address),
            *(entry.market, entry.side, entry.lots, entry.price_ticks),
            *(first.nonce, first.epoch, second.nonce, second.epoch),
        )
        signatures = [_split(sign_message(signer.key, self.domain, hash_trade(deal))) for signer in signers]
        rs, vss = zip(*signatures, strict=True)
        self.exchange.transact("trade", deal.to_abi(), rs, vss)
        for signer in signers:
            signer.nonce += 1


def _name(signer: RivalSigner, kind: int, recipient: bytes = bytes(20), **terms: int) -> Request:
    return Request(kind, signer.nonce, signer.epoch, recipient=recipient, **terms)


def _split(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")

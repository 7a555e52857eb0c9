"""Puts a run's queue on the base layer: each entry by the transaction of whom it names, bytes for bytes as proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from eth_utils.crypto import keccak

from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, SetTier
from rollup.units import OWNER_BITS
from sequencer.errors import DataFault
from sequencer.queue_file import QUEUE
from sequencer.settlement.deploying import LIMITS, Deployed
from verifier.base_layer import Contract, Receipt
from verifier.base_layer.errors import SenderUnknown
from verifier.queue_entries import Entry, encode_entry

__all__ = ["QueueFiller"]

_FEE_WEI: Final = LIMITS.forced_fee_wei


class QueueFiller:
    """Sends the entries of a run in order. Depositors get their test dollars beforehand."""

    def __init__(self, deployed: Deployed, entries: Sequence[Entry]) -> None:
        """Mint what every deposit takes, and approve it. `entries` are the whole run's."""
        self._deployed, self._rollup = deployed, deployed.rollup
        self._sent = 0
        spent_e6: Counter[int] = Counter()
        for entry in entries:
            if isinstance(entry, Deposit):
                spent_e6[entry.owner] += entry.amount_e6 + LIMITS.deposit_fee_e6
        for owner, amount_e6 in spent_e6.items():
            deployed.token.transact("mint", _to_address(owner), amount_e6)
            self._transact_as(owner, deployed.token, "approve", deployed.rollup.address, amount_e6)

    def send(self, entry: Entry) -> Receipt:
        """Queue the next entry. Raises DataFault: nobody's key is held for it, or the contract queues another."""
        receipt = self._send(entry)
        (event,) = self._rollup.decode_events("EntryQueued", receipt.logs)
        got, expected = (event["index"], event["entry"]), (self._sent, encode_entry(entry))
        if got != expected:
            raise DataFault(QUEUE, f"entry {self._sent}", f"{got[0]}: {got[1].hex()}", expected[1].hex())
        self._sent += 1
        return receipt

    def _send(self, entry: Entry) -> Receipt:
        match entry:
            case Deposit():
                amount_e6 = entry.amount_e6 + LIMITS.deposit_fee_e6
                return self._request(entry.owner, "deposit", entry.account, amount_e6, *entry.key, fee_wei=0)
            case ForcedWithdraw():
                return self._request(entry.owner, "forceWithdrawal", entry.account, entry.amount_e6)
            case ForcedCancelAll():
                return self._request(entry.owner, "forceCancelAll", entry.account)
            case ForcedKeyChange():
                return self._request(entry.owner, "forceKeyChange", entry.account, *entry.key)
            case ForcedTrade():
                return self._force_trade(entry)
            case SetTier():
                args = (entry.account, entry.tier)
                return self._rollup.transact("setTier", *args, sender=self._deployed.governor)
            case _:
                raise AssertionError(f"{entry} is no entry of the queue")

    def _force_trade(self, entry: ForcedTrade) -> Receipt:
        first, second = entry.owners
        self._request(second, "approveTrade", keccak(encode_entry(entry)), True, fee_wei=0)
        terms = (entry.market, entry.side, entry.lots, entry.price_ticks)
        return self._request(first, "forceTrade", *entry.accounts, _to_address(second), *terms)

    def _request(self, owner: int, function: str, *args: object, fee_wei: int = _FEE_WEI) -> Receipt:
        return self._transact_as(owner, self._rollup, function, *args, value_wei=fee_wei)

    def _transact_as(self, owner: int, contract: Contract, function: str, *args: object, value_wei: int = 0) -> Receipt:
        try:
            return contract.transact(function, *args, sender=_to_address(owner), value_wei=value_wei)
        except SenderUnknown as error:
            got = f"0x{error.address.hex()}"
            raise DataFault(QUEUE, f"entry {self._sent}: owner", got, "one of the seed's people") from error


def _to_address(owner: int) -> bytes:
    return owner.to_bytes(OWNER_BITS // 8, "big")

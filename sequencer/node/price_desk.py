"""Takes what oracle signers say: each message judged, written, and acknowledged by a receipt.

A signer's times rise, so that a message cannot be sent again. What no batch could use is not written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from rollup.oracle import SignedPrices, is_fresh
from rollup.signature_cache import SignatureCache
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import OraclePrices
from sequencer.node.live import LiveRecord, LiveState
from sequencer.node.price_refusals import PricesNotFresh, PricesNotNewer, PricesUnsigned
from sequencer.node.receipts import Receipt
from sequencer.node.writing import Writer

__all__ = ["PriceDesk", "read_prices_time"]

_WORD_LIMIT: Final = 2**256


def read_prices_time(record: LiveRecord) -> int:
    """Return the time of a PRICES record, in seconds."""
    return int.from_bytes(record.body[1:6], "big")


class PriceDesk:
    """For one event loop."""

    def __init__(
        self,
        live: LiveState,
        writer: Writer,
        get_receipt: Callable[[int], Receipt | None],
        signatures: SignatureCache,
    ) -> None:
        """`get_receipt` signs again what is in the log."""
        self._live, self._writer, self._get_receipt = live, writer, get_receipt
        self._signatures = signatures
        self._turn = asyncio.Lock()  # two who bring the same at once must not both find it new

    async def take(self, signed: SignedPrices) -> Receipt:
        """Write a message and return its receipt; the same one again has the receipt of the first.

        Raises ValueOutOfRange, PricesRefused, StoreError.
        """
        signed.check()
        if not all(0 <= part < _WORD_LIMIT for part in (*signed.signature.r8, signed.signature.s)):
            raise PricesUnsigned(signed.signer)
        record = encode_command(OraclePrices(signed))
        async with self._turn:
            last = self._live.prices.get(signed.signer)
            if last is not None and last.body == record.body and (known := self._get_receipt(last.sequence)):
                return known
            self._judge(signed, last)
            _, (receipt,) = await self._writer.append([record])
            return receipt

    def _judge(self, signed: SignedPrices, last: LiveRecord | None) -> None:
        """Raise PricesRefused unless a batch could use the message. The signature, which costs most, comes last."""
        params, signer = self._live.params, signed.signer
        in_state_s = self._live.state.header.signer_times_s[signer]
        last_s = max(in_state_s - 1, -1 if last is None else read_prices_time(last))
        if signed.time_s <= last_s:
            raise PricesNotNewer(signer, signed.time_s, last_s)
        now_s, max_age_s = int(time.time()), params.oracle_max_age_s
        if not is_fresh(signed.time_s, in_state_s, now_s, max_age_s):
            raise PricesNotFresh(signer, signed.time_s, now_s, max_age_s)
        if not self._signatures.is_valid(params.oracle_keys[signer], signed.message(params.domain), signed.signature):
            raise PricesUnsigned(signer)

"""How cash operations and CashLanes stand in a batch file."""

from __future__ import annotations

from rollup.codec_common import (
    ACCOUNT_ID,
    AMOUNT_E6,
    COUNTER,
    LANE_HEAD,
    POINT,
    SIGNATURE,
    SLOT_PATH,
    SLOT_VALUE,
)
from rollup.codec_fields import Codec, Optional, Record, Variant, unsigned
from rollup.trace import CashLaneTrace
from rollup.txs import Cancel, Deposit, Withdraw
from rollup.units import OWNER_BITS, SLOT_BITS

__all__ = ["CASH_LANE"]

_SIGNED_HEAD: dict[str, Codec] = {"account": ACCOUNT_ID, "cash_nonce": COUNTER, "epoch": COUNTER}
_DEPOSIT_FIELDS: dict[str, Codec] = {
    "account": ACCOUNT_ID,
    "amount_e6": AMOUNT_E6,
    "owner": unsigned(OWNER_BITS),
    "key": POINT,
}
_CASH_OP = Variant(
    {
        "deposit": Record(Deposit, _DEPOSIT_FIELDS),
        "withdraw": Record(Withdraw, {**_SIGNED_HEAD, "amount_e6": AMOUNT_E6}),
        "cancel": Record(Cancel, {**_SIGNED_HEAD, "slot": unsigned(SLOT_BITS), "nonce": COUNTER}),
    }
)
CASH_LANE = Record(
    CashLaneTrace,
    {
        **LANE_HEAD,
        "op": Optional(_CASH_OP),
        "signature": Optional(SIGNATURE),
        "slot_before": SLOT_VALUE,
        "slot_path": SLOT_PATH,
    },
)

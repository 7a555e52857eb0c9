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
    signed,
)
from rollup.codec_fields import Codec, Flag, Integer, Optional, Record, Variant, unsigned
from rollup.trace import CashLaneTrace
from rollup.txs import (
    Cancel,
    CancelAll,
    CloseAccount,
    Deposit,
    Evict,
    Flows,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    Transfer,
    TransferIn,
    Withdraw,
)
from rollup.units import AMOUNT_E6_BITS, CASH_BITS, MAX_FEE_E6_BITS, OWNER_BITS, SLOT_BITS

__all__ = ["CASH_LANE"]

_FEE_E6 = unsigned(MAX_FEE_E6_BITS)
_ACCOUNT: dict[str, Codec] = {"account": ACCOUNT_ID}
_AMOUNT: dict[str, Codec] = {"amount_e6": AMOUNT_E6}
_KEY: dict[str, Codec] = {"key": POINT}
_OWNED: dict[str, Codec] = {**_ACCOUNT, "owner": unsigned(OWNER_BITS)}
_SIGNED: dict[str, Codec] = {**_ACCOUNT, "cash_nonce": COUNTER, "epoch": COUNTER, "max_fee_e6": _FEE_E6}
_CASH_OP = Variant(
    {
        "deposit": Record(Deposit, {**_OWNED, **_AMOUNT, **_KEY}),
        "withdraw": Record(Withdraw, {**_SIGNED, **_AMOUNT}),
        "cancel": Record(Cancel, {**_SIGNED, "slot": unsigned(SLOT_BITS), "nonce": COUNTER}),
        "transfer": Record(Transfer, {**_SIGNED, **_AMOUNT, "recipient": ACCOUNT_ID}),
        "transfer_in": Record(TransferIn, {**_ACCOUNT, **_AMOUNT}),
        "key_change": Record(KeyChange, {**_SIGNED, **_KEY}),
        "cancel_all": Record(CancelAll, _SIGNED),
        "close": Record(CloseAccount, {**_SIGNED, **_AMOUNT}),
        "forced_withdraw": Record(ForcedWithdraw, {**_OWNED, **_AMOUNT}),
        "forced_cancel_all": Record(ForcedCancelAll, _OWNED),
        "forced_key_change": Record(ForcedKeyChange, {**_OWNED, **_KEY}),
        "set_tier": Record(SetTier, {**_ACCOUNT, "tier": AMOUNT_E6}),
        "evict": Record(Evict, _ACCOUNT),
    }
)
_FLOWS = Record(
    Flows,
    {
        "queue_entries": Integer(0, 1),
        "vault_e6": signed(AMOUNT_E6_BITS),
        "base_fees_e6": _FEE_E6,
        "rent_atoms": unsigned(CASH_BITS),
        "units": unsigned(96),
    },
)
CASH_LANE = Record(
    CashLaneTrace,
    {
        **LANE_HEAD,
        "op": Optional(_CASH_OP),
        "is_applied": Flag(),
        "flows": _FLOWS,
        "signature": Optional(SIGNATURE),
        "slot_before": SLOT_VALUE,
        "slot_path": SLOT_PATH,
    },
)

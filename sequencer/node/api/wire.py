"""What clients send, as msgspec reads it: exact names, ranges and nothing else. `wire_commands` makes commands of it.

No field is of any type but those named here, so a decoder never follows a client deeper than these records nest.
Where one of several may stand ("one of"), it stands under its name: `{"cancel": {...}}`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rollup.quotes import QUOTE_ORDERS
from rollup.units import MARKET_COUNT, ORACLE_COUNT
from sequencer.node.api.wire_types import (
    AccountId,
    Amount,
    Counter,
    Element,
    Flags,
    Market,
    MaxFee,
    OpMaxFee,
    Price,
    Side,
    Size,
    Slot,
    Time,
    TimeMs,
    Tip,
)

__all__ = [
    "MAX_BATCH",
    "Batch",
    "CancelAllRequest",
    "CancelRequest",
    "CashOpBody",
    "CashRequestBody",
    "CommandBody",
    "OpCancel",
    "OpCancelAll",
    "OpClose",
    "OpKeyChange",
    "OpTransfer",
    "OpWithdraw",
    "OrderBody",
    "OrderRequest",
    "PricesRequest",
    "QuoteBody",
    "QuoteRequest",
    "SignatureBody",
    "TriggerBody",
]

MAX_BATCH: Final = 500
_MAX_BATCH: Final = Meta(min_length=1, max_length=MAX_BATCH)
Point: TypeAlias = tuple[Element, Element]
ONE_OF: Final = {"minProperties": 1, "maxProperties": 1}


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """Read strictly."""


class SignatureBody(_Body):
    """EdDSA-Poseidon, as zk-kit gives it: R8 and S, decimal strings."""

    r8: Point
    s: Element


class OrderBody(_Body):
    """An order: the words that are signed, docs/architecture.md."""

    account: AccountId
    market: Market
    side: Side
    slot: Slot
    nonce: Counter
    epoch: Counter
    expiry_s: Time
    size_lots: Size
    limit_ticks: Price
    max_fee_e6: MaxFee = 0
    tip_e6: Tip = 0
    flags: Flags = 0


class TriggerBody(_Body):
    """A stop or take-profit: the order enters the book once the mark is there. Not signed."""

    price_ticks: Price
    is_above: bool


class OrderRequest(_Body, omit_defaults=True):
    """A signed order. A higher nonce in its slot replaces what stands there."""

    order: OrderBody
    signature: SignatureBody
    trigger: TriggerBody | None = None


class QuoteBody(_Body):
    """Up to sixteen orders of one account; null where a place is empty."""

    account: AccountId
    orders: Annotated[tuple[OrderBody | None, ...], Meta(min_length=1, max_length=QUOTE_ORDERS)]


class QuoteRequest(_Body):
    """A quote under one signature."""

    quote: QuoteBody
    signature: SignatureBody


class CancelRequest(_Body):
    """Void the order `nonce` in `slot`, and every lower nonce there. Free, at once, binding by its receipt."""

    account: AccountId
    slot: Slot
    nonce: Counter
    epoch: Counter
    signature: SignatureBody


class CancelAllRequest(_Body):
    """Void every order of the account in the log so far. `time_ms` rises from one to the next."""

    account: AccountId
    time_ms: TimeMs
    epoch: Counter
    signature: SignatureBody


class PricesRequest(_Body):
    """What an oracle signer says all markets are worth, in ticks; a market that is not used is worth 1."""

    signer: Annotated[int, Meta(ge=0, le=ORACLE_COUNT - 1)]
    prices_ticks: Annotated[tuple[Price, ...], Meta(min_length=MARKET_COUNT, max_length=MARKET_COUNT)]
    time_s: Time
    signature: SignatureBody


class _Op(_Body):
    account: AccountId
    cash_nonce: Counter
    epoch: Counter


class OpWithdraw(_Op):
    """Collateral to the account's owner on the base layer."""

    amount_e6: Amount
    max_fee_e6: OpMaxFee = 0


class OpTransfer(_Op):
    """Collateral to another account."""

    amount_e6: Amount
    recipient: AccountId
    max_fee_e6: OpMaxFee = 0


class OpKeyChange(_Op):
    """Another key; what the old one signed is void."""

    key: Point
    max_fee_e6: OpMaxFee = 0


class OpClose(_Op):
    """Everything to the owner, and the account's leaf given back. No position may be open."""

    amount_e6: Amount
    max_fee_e6: OpMaxFee = 0


class OpCancel(_Op):
    """The rollup's own cancel: paid and proved."""

    slot: Slot
    nonce: Counter
    max_fee_e6: OpMaxFee = 0


class OpCancelAll(_Op):
    """The rollup's own cancel-all: the next epoch, paid and proved."""

    max_fee_e6: OpMaxFee = 0


class CashOpBody(_Body):
    """One of these."""

    withdraw: OpWithdraw | UnsetType = UNSET
    transfer: OpTransfer | UnsetType = UNSET
    key_change: OpKeyChange | UnsetType = UNSET
    close: OpClose | UnsetType = UNSET
    cancel: OpCancel | UnsetType = UNSET
    cancel_all: OpCancelAll | UnsetType = UNSET


class CashRequestBody(_Body):
    """A signed cash operation."""

    op: Annotated[CashOpBody, Meta(extra_json_schema=ONE_OF)]
    signature: SignatureBody


class CommandBody(_Body):
    """One of these."""

    order: OrderRequest | UnsetType = UNSET
    quote: QuoteRequest | UnsetType = UNSET
    cancel: CancelRequest | UnsetType = UNSET
    cancel_all: CancelAllRequest | UnsetType = UNSET
    cash: CashRequestBody | UnsetType = UNSET


class Batch(_Body):
    """Commands, answered one by one in their order."""

    commands: Annotated[tuple[Annotated[CommandBody, Meta(extra_json_schema=ONE_OF)], ...], _MAX_BATCH]

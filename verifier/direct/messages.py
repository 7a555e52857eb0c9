"""What accounts of DirectSettlement sign: EIP-712 messages, hashed and signed as the contract recovers them.

A signature is 64 bytes (EIP-2098): r, then s with the parity of R in its top bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from rollup.orders import Order

__all__ = [
    "Request",
    "TradeDeal",
    "compute_domain",
    "hash_order",
    "hash_quote",
    "hash_request",
    "hash_trade",
    "sign_message",
]

_ORDER: Final = (
    "Order(uint8 market,uint8 side,uint8 flags,uint16 slot,uint32 nonce,uint32 epoch,uint40 expiry,uint48 size,"
    "uint48 limit,uint16 tip,uint48 maxFee)"
)
_QUOTE: Final = f"Quote(Order[] orders){_ORDER}"
_REQUEST: Final = (
    "Request(uint8 kind,uint32 nonce,uint32 epoch,uint64 amount,address recipient,uint16 slot,uint32 orderNonce,"
    "uint48 maxFee)"
)
_TRADE: Final = (
    "Trade(address first,address second,uint8 market,uint8 side,uint48 lots,uint48 price,uint32 firstNonce,"
    "uint32 firstEpoch,uint32 secondNonce,uint32 secondEpoch)"
)
_DOMAIN: Final = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_NOBODY: Final = bytes(20)
_PARITY_SHIFT: Final = 255


@dataclass(frozen=True)
class Request:
    """What an account asks for besides orders, in the contract's own order of fields. Amounts in 1e-6 USD."""

    kind: int
    nonce: int
    epoch: int
    amount_e6: int = 0
    recipient: bytes = _NOBODY
    slot: int = 0
    order_nonce: int = 0
    max_fee_e6: int = 0

    def to_abi(self) -> tuple[object, ...]:
        """Return the fields as the ABI takes them."""
        return (
            self.kind,
            self.nonce,
            self.epoch,
            self.amount_e6,
            self.recipient,
            self.slot,
            self.order_nonce,
            self.max_fee_e6,
        )


@dataclass(frozen=True)
class TradeDeal:
    """A trade that two accounts sign, at their own price: lots, ticks; side 0 lets the first buy."""

    first: bytes
    second: bytes
    market: int
    side: int
    lots: int
    price_ticks: int
    first_nonce: int
    first_epoch: int
    second_nonce: int
    second_epoch: int

    def to_abi(self) -> tuple[object, ...]:
        """Return the fields as the ABI takes them."""
        accounts, terms = (self.first, self.second), (self.market, self.side, self.lots, self.price_ticks)
        return (*accounts, *terms, self.first_nonce, self.first_epoch, self.second_nonce, self.second_epoch)


def compute_domain(chain_id: int, contract: bytes) -> bytes:
    """Return the EIP-712 domain separator of a deployment."""
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    values = [keccak(text=_DOMAIN), keccak(text="zkmargin direct"), keccak(text="1"), chain_id, contract]
    return keccak(encode(types, values))


def hash_order(order: Order) -> bytes:
    """Return hashStruct of an order. The account is not in it: it is whoever signs."""
    values = (order.market, order.side, order.flags, order.slot, order.nonce, order.epoch, order.expiry_s)
    terms = (order.size_lots, order.limit_ticks, order.tip_e6, order.max_fee_e6)
    return _hash_struct(_ORDER, ["uint256"] * 11, [*values, *terms])


def hash_quote(orders: Sequence[Order]) -> bytes:
    """Return hashStruct of several orders of one account under one signature."""
    return _hash_struct(_QUOTE, ["bytes32"], [keccak(b"".join(map(hash_order, orders)))])


def hash_request(request: Request) -> bytes:
    """Return hashStruct of a request."""
    types = ["uint256"] * 4 + ["address"] + ["uint256"] * 3
    return _hash_struct(_REQUEST, types, request.to_abi())


def hash_trade(deal: TradeDeal) -> bytes:
    """Return hashStruct of a trade between two accounts."""
    return _hash_struct(_TRADE, ["address"] * 2 + ["uint256"] * 8, deal.to_abi())


def sign_message(key: PrivateKey, domain: bytes, struct_hash: bytes) -> bytes:
    """Return the 64-byte signature of an EIP-712 message (the digest is keccak256 of 0x1901, domain, hash)."""
    signature = key.sign_msg_hash(keccak(b"\x19\x01" + domain + struct_hash))
    r, vs = int(signature.r), int(signature.s) | int(signature.v) << _PARITY_SHIFT
    return r.to_bytes(32, "big") + vs.to_bytes(32, "big")


def _hash_struct(struct: str, types: Sequence[str], values: Sequence[object]) -> bytes:
    return keccak(keccak(text=struct) + encode(types, values))

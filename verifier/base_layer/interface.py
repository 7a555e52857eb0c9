"""What zkmargin asks of a base layer: send code or calldata, read, and know the exact gas. Nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rollup.errors import RollupError


@dataclass(frozen=True)
class Log:
    """One event as the EVM recorded it."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """A transaction that succeeded."""

    gas_used: int  # all in: intrinsic, calldata, execution, less refunds
    logs: tuple[Log, ...]
    created_address: bytes | None


@dataclass(eq=False)
class Reverted(RollupError):
    """A call or transaction was undone by the EVM."""

    code = "base_layer_reverted"
    return_data: bytes  # the ABI-encoded error, empty where the EVM itself gave up
    reason: str
    gas_used: int

    def __str__(self) -> str:
        return f"base layer reverted after {self.gas_used} gas: {self.reason}"


class BaseLayer(Protocol):
    """An EVM chain and one funded account on it."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        ...

    @property
    def sender(self) -> bytes:
        """The 20-byte address that pays."""
        ...

    def deploy(self, creation_code: bytes) -> Receipt:
        """Create a contract in a block of its own. Raises Reverted."""
        ...

    def call(self, address: bytes, calldata: bytes) -> bytes:
        """Return what a read-only call at the head returns. Raises Reverted."""
        ...

    def transact(self, address: bytes, calldata: bytes) -> Receipt:
        """Send calldata in a block of its own. Raises Reverted, with the gas it cost."""
        ...

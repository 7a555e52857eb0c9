"""What a base layer refuses, and what may befall one that is a node somewhere else."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError


@dataclass(eq=False)
class BaseLayerError(RollupError):
    """A family: whatever a base layer did not do."""

    code = "base_layer_error"


@dataclass(eq=False)
class Reverted(BaseLayerError):
    """A call or transaction was undone by the EVM, or a node said beforehand that it would be."""

    code = "base_layer_reverted"
    return_data: bytes  # the ABI-encoded error, empty where the EVM itself gave up
    reason: str
    gas_used: int  # 0 where it was not sent

    def __str__(self) -> str:
        return f"base layer reverted after {self.gas_used} gas: {self.reason}"


@dataclass(eq=False)
class SenderUnknown(BaseLayerError):
    """No key for this address is held here."""

    code = "base_layer_sender_unknown"
    address: bytes

    def __str__(self) -> str:
        return f"no key is held for the sender 0x{self.address.hex()}"


@dataclass(eq=False)
class BlobCountTooLarge(BaseLayerError):
    """A transaction would carry more blobs than EIP-7594 lets one."""

    code = "base_layer_blob_count_too_large"
    got: int
    limit: int

    def __str__(self) -> str:
        return f"{self.got} blobs in one transaction, at most {self.limit}"


@dataclass(eq=False)
class TimeNotAhead(BaseLayerError):
    """A block's time must be above its parent's."""

    code = "base_layer_time_not_ahead"
    got_s: int
    head_s: int

    def __str__(self) -> str:
        return f"time {self.got_s} s is not after the head's, {self.head_s} s"


@dataclass(eq=False)
class BlockUnknown(BaseLayerError):
    """The chain has no block of this number, or has it no longer."""

    code = "base_layer_block_unknown"
    number: int

    def __str__(self) -> str:
        return f"the base layer has no block {self.number}"


@dataclass(eq=False)
class ChainFileUnusable(BaseLayerError):
    """The file of an embedded chain cannot be read or written."""

    code = "base_layer_chain_file_unusable"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}"

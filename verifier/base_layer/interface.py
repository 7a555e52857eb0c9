"""What zkmargin asks of a base layer: send code, calldata and blobs, read, follow, know the exact gas. Nothing more.

`ChainReader` is what following a chain takes, `BaseLayer` adds sending. Addresses and hashes are bytes, 20 and 32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

TRANSACTION_GAS_CAP: Final = 2**24  # EIP-7825: from Osaka on no transaction may ask for more
TRANSACTION_BLOB_CAP: Final = 6  # EIP-7594: from Osaka on no transaction may carry more
BLOB_GAS: Final = 2**17  # EIP-4844, GAS_PER_BLOB


@dataclass(frozen=True)
class Block:
    """A block's place in the chain."""

    number: int
    timestamp_s: int
    hash: bytes
    parent_hash: bytes


@dataclass(frozen=True)
class Log:
    """One event as the EVM recorded it, and where."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int  # within the block


@dataclass(frozen=True)
class Receipt:
    """A transaction that succeeded."""

    gas_used: int  # execution, all in: intrinsic, calldata with the floor of EIP-7623, less refunds; blob gas is apart
    blob_gas_used: int
    gas_price_wei: int  # paid for each unit of gas_used
    blob_gas_price_wei: int  # paid for each unit of blob_gas_used; 0 without blobs
    logs: tuple[Log, ...]
    created_address: bytes | None
    transaction_hash: bytes
    versioned_hashes: tuple[bytes, ...]  # of its blobs (EIP-4844)
    block_number: int
    timestamp_s: int  # of its block


class ChainReader(Protocol):
    """A chain of blocks with logs, as far as this reader has heard. Its last blocks may be replaced."""

    def get_head(self) -> Block:
        """Return the last block."""
        ...

    def get_finalized_number(self) -> int:
        """Return the number of the last block that will not be replaced; 0 where none is final yet."""
        ...

    def get_block(self, number: int) -> Block:
        """Return a block of the chain that now leads to the head. Raises BlockUnknown."""
        ...

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of blocks first..last, both included, in order; of these contracts only, where any are named.

        Blocks beyond the head have none: not for the youngest blocks, of which a node may know fewer than the one that
        was asked before.
        """
        ...

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of this very block, in order; of these contracts only, where any are named.

        Raises BlockUnknown where the chain holds another in its place, or does not reach so far.
        """
        ...


class BaseLayer(ChainReader, Protocol):
    """An EVM chain and funded accounts on it. What needs a sender takes the first where none is named.

    Sending raises Reverted, SenderUnknown and, with blobs, BlobCountTooLarge, BlobWrongLength, BlobElementTooLarge.
    """

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        ...

    @property
    def senders(self) -> tuple[bytes, ...]:
        """The addresses whose keys are held here."""
        ...

    @property
    def sender(self) -> bytes:
        """The first of `senders`: it pays where nobody is named."""
        ...

    def add_senders(self, private_keys: Sequence[bytes]) -> None:
        """Hold these secp256k1 keys too. Their accounts own what they own: nothing is sent to them."""
        ...

    def wait_until(self, timestamp_s: int) -> None:
        """Return when the next block will have this time or a later one."""
        ...

    def deploy(self, creation_code: bytes, *, sender: bytes | None = None) -> Receipt:
        """Create a contract and return the receipt."""
        ...

    def call(self, address: bytes, calldata: bytes, *, sender: bytes | None = None) -> bytes:
        """Return what a read-only call at the head returns; any address may be its sender. Raises Reverted."""
        ...

    def transact(
        self,
        address: bytes,
        calldata: bytes,
        *,
        sender: bytes | None = None,
        value_wei: int = 0,
        blobs: Sequence[bytes] = (),
    ) -> Receipt:
        """Send calldata and return the receipt. With blobs it is an EIP-4844 transaction, of type 3."""
        ...

    def get_balance_wei(self, address: bytes) -> int:
        """Return what an account holds at the head."""
        ...

    def close(self) -> None:
        """Give up what is held open: a file, connections. Calling again does nothing."""
        ...

"""A base layer that keeps account of what is sent through it: calldata, and where the gas of a transaction goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from verifier.base_layer import BaseLayer, Block, Log, Receipt

__all__ = ["GasCost", "MeteredLayer", "Sent", "measure", "split_cost", "sum_costs"]

_TRANSACTION_GAS: Final = 21_000
_TOKEN_GAS: Final = 4  # EIP-2028 counted as EIP-7623 does: a zero byte is one token, another is four
_FLOOR_TOKEN_GAS: Final = 10  # EIP-7623
_NONZERO_TOKENS: Final = 4
_COLUMNS: Final = ("transactions", "bytes", "gas", "calldata_gas", "calldata_floor_gas")  # of GasCost


@dataclass(frozen=True)
class Sent:
    """One transaction that succeeded."""

    calldata: bytes
    gas_used: int

    @property
    def tokens(self) -> int:
        """Zero bytes, and four for each other byte (EIP-7623)."""
        zeros = self.calldata.count(0)
        return zeros + _NONZERO_TOKENS * (len(self.calldata) - zeros)


@dataclass(frozen=True)
class GasCost:
    """What some transactions cost. `gas = base + calldata + execution`, unless the floor of EIP-7623 binds."""

    transactions: int
    bytes: int  # of calldata
    gas: int  # all in, as charged
    calldata_gas: int  # 4 gas a token
    calldata_floor_gas: int  # 10 gas a token: what is charged at least besides the base

    @property
    def base_gas(self) -> int:
        """The 21,000 of each transaction."""
        return _TRANSACTION_GAS * self.transactions

    @property
    def execution_gas(self) -> int:
        """What is left: opcodes, storage, precompiles, less refunds."""
        return self.gas - self.base_gas - self.calldata_gas


def measure(sent: Sent) -> GasCost:
    """Return the cost of one transaction."""
    calldata_gas, floor_gas = _TOKEN_GAS * sent.tokens, _FLOOR_TOKEN_GAS * sent.tokens
    return GasCost(1, len(sent.calldata), sent.gas_used, calldata_gas, floor_gas)


def sum_costs(costs: Sequence[GasCost]) -> GasCost:
    """Return the sum, of nothing zero."""
    return GasCost(*(sum(getattr(cost, column) for cost in costs) for column in _COLUMNS))


def split_cost(cost: GasCost, n_parts: int) -> list[GasCost]:
    """Return the cost in equal parts, the first ones larger by what does not divide; they add up to it."""
    columns = [_split(getattr(cost, column), n_parts) for column in _COLUMNS]
    return [GasCost(*part) for part in zip(*columns, strict=True)]


def _split(amount: int, n_parts: int) -> list[int]:
    each, more = divmod(amount, n_parts)
    return [each + (part < more) for part in range(n_parts)]


@dataclass
class MeteredLayer:
    """A BaseLayer that passes everything on, and remembers the transactions since it was last asked."""

    layer: BaseLayer
    _sent: list[GasCost] = field(default_factory=list)

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self.layer.chain_id

    @property
    def senders(self) -> tuple[bytes, ...]:
        """The addresses whose keys are held here."""
        return self.layer.senders

    @property
    def sender(self) -> bytes:
        """The 20-byte address that pays."""
        return self.layer.sender

    def add_senders(self, private_keys: Sequence[bytes]) -> None:
        """Hold these keys too."""
        self.layer.add_senders(private_keys)

    def wait_until(self, timestamp_s: int) -> None:
        """Return when the next block will have this time or a later one."""
        self.layer.wait_until(timestamp_s)

    def deploy(self, creation_code: bytes, *, sender: bytes | None = None) -> Receipt:
        """Create a contract; not counted. Raises Reverted."""
        return self.layer.deploy(creation_code, sender=sender)

    def call(self, address: bytes, calldata: bytes, *, sender: bytes | None = None) -> bytes:
        """Return what a read-only call returns. Raises Reverted."""
        return self.layer.call(address, calldata, sender=sender)

    def transact(
        self,
        address: bytes,
        calldata: bytes,
        *,
        sender: bytes | None = None,
        value_wei: int = 0,
        blobs: Sequence[bytes] = (),
    ) -> Receipt:
        """Send calldata, and count it if it succeeds; blob gas is apart. Raises as the layer does."""
        receipt = self.layer.transact(address, calldata, sender=sender, value_wei=value_wei, blobs=blobs)
        self._sent.append(measure(Sent(calldata, receipt.gas_used)))
        return receipt

    def get_balance_wei(self, address: bytes) -> int:
        """Return what an account holds at the head."""
        return self.layer.get_balance_wei(address)

    def get_head(self) -> Block:
        """Return the last block."""
        return self.layer.get_head()

    def get_finalized_number(self) -> int:
        """Return the number of the last block that will not be replaced."""
        return self.layer.get_finalized_number()

    def get_block(self, number: int) -> Block:
        """Return a block. Raises BlockUnknown."""
        return self.layer.get_block(number)

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of a range of blocks."""
        return self.layer.get_logs(first_block, last_block, addresses)

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of one block. Raises BlockUnknown."""
        return self.layer.get_block_logs(block, addresses)

    def close(self) -> None:
        """Close the layer."""
        self.layer.close()

    def take(self) -> GasCost:
        """Return the cost of what was sent since the last time."""
        total = sum_costs(self._sent)
        self._sent.clear()
        return total

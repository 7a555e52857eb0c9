"""An EVM inside this process: py-evm at the Prague fork, one transaction a block, nothing kept.

py-evm's bn254 precompiles are py-ecc in pure Python: a Groth16 verification takes about 0.7 s. Its gas is exact.
Time stands still between blocks: each is 12 s after its parent, or where `set_next_timestamp` puts it.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth.abc import ComputationAPI
from eth.exceptions import VMError
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber

from verifier import kzg
from verifier.addresses import DEVELOPMENT_CHAIN_ID
from verifier.base_layer.embedded_chain import KEYS, make_block, make_chain, make_logs, sign
from verifier.base_layer.errors import BlobCountTooLarge, BlockUnknown, Reverted, SenderUnknown, TimeNotAhead
from verifier.base_layer.interface import BLOB_GAS, TRANSACTION_BLOB_CAP, TRANSACTION_GAS_CAP, Block, Log, Receipt

GENESIS_TIMESTAMP_S = 1_700_000_000


class EmbeddedEvm:
    """A BaseLayer that lives and dies with the object. Ten senders are funded; every block is final."""

    def __init__(self, genesis_timestamp_s: int = GENESIS_TIMESTAMP_S) -> None:
        """Start a chain whose block 0 has this time."""
        self._chain = make_chain(genesis_timestamp_s)
        self._keys = {key.public_key.to_canonical_address(): key for key in KEYS}
        self._blocks = [make_block(self._chain.get_canonical_block_header_by_number(BlockNumber(0)))]
        self._logs: list[tuple[Log, ...]] = [()]  # by block

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return DEVELOPMENT_CHAIN_ID

    @property
    def senders(self) -> tuple[bytes, ...]:
        """The addresses whose keys are held here: ten from the start."""
        return tuple(self._keys)

    @property
    def sender(self) -> bytes:
        """The first of them: it pays where nobody is named."""
        return self.senders[0]

    def add_senders(self, private_keys: Sequence[bytes]) -> None:
        """Hold these keys too."""
        keys = map(PrivateKey, private_keys)
        self._keys.update((key.public_key.to_canonical_address(), key) for key in keys)

    def wait_until(self, timestamp_s: int) -> None:
        """Let the next block have this time, if it would have an earlier one."""
        if timestamp_s > self._chain.get_vm().state.timestamp:
            self.set_next_timestamp(timestamp_s)

    def get_head(self) -> Block:
        """Return the last block."""
        return self._blocks[-1]

    def get_finalized_number(self) -> int:
        """Return the head's number: nothing is ever replaced here."""
        return self._blocks[-1].number

    def get_block(self, number: int) -> Block:
        """Return a block. Raises BlockUnknown."""
        if not 0 <= number < len(self._blocks):
            raise BlockUnknown(number)
        return self._blocks[number]

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of blocks first..last, in order; of these contracts only, where any are named."""
        logs = (log for of_block in self._logs[max(first_block, 0) : max(last_block + 1, 0)] for log in of_block)
        return tuple(log for log in logs if not addresses or log.address in addresses)

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of this block, of these contracts only, where any are named. Raises BlockUnknown."""
        if self.get_block(block.number) != block:
            raise BlockUnknown(block.number)
        return self.get_logs(block.number, block.number, addresses)

    def get_balance_wei(self, address: bytes) -> int:
        """Return what an account holds at the head."""
        return self._chain.get_vm().state.get_balance(Address(address))

    def set_next_timestamp(self, timestamp_s: int) -> None:
        """Give the next block, and every call until then, this time. Raises TimeNotAhead."""
        if timestamp_s <= self.get_head().timestamp_s:
            raise TimeNotAhead(timestamp_s, self.get_head().timestamp_s)
        self._chain.set_header_timestamp(timestamp_s)

    def mine(self) -> Block:
        """Add a block without transactions and return it."""
        result, _, _ = self._chain.mine_all(())
        self._logs.append(())
        self._blocks.append(make_block(result.imported_block.header))
        return self.get_head()

    def deploy(self, creation_code: bytes, *, sender: bytes | None = None) -> Receipt:
        """Create a contract in a block of its own. Raises Reverted, SenderUnknown."""
        return self._send(b"", creation_code, sender, 0, ())

    def transact(
        self,
        address: bytes,
        calldata: bytes,
        *,
        sender: bytes | None = None,
        value_wei: int = 0,
        blobs: Sequence[bytes] = (),
    ) -> Receipt:
        """Send calldata in a block of its own. Raises as BaseLayer says; a revert costs its gas."""
        if len(blobs) > TRANSACTION_BLOB_CAP:
            raise BlobCountTooLarge(len(blobs), TRANSACTION_BLOB_CAP)
        hashes = tuple(kzg.versioned_hash(kzg.commit(blob)) for blob in blobs)
        return self._send(address, calldata, sender, value_wei, hashes)

    def call(self, address: bytes, calldata: bytes, *, sender: bytes | None = None) -> bytes:
        """Return what a read-only call in the coming block returns. Raises Reverted."""
        vm, who, to = self._chain.get_vm(), Address(sender or self.sender), Address(address)
        snapshot = vm.state.snapshot()
        code = vm.state.get_code(to)
        computation = vm.execute_bytecode(who, 0, TRANSACTION_GAS_CAP, to, who, 0, calldata, code, to)
        vm.state.revert(snapshot)
        _check_success(computation, computation.get_gas_used())
        return computation.output

    def _send(
        self, to: bytes, data: bytes, sender: bytes | None, value_wei: int, versioned_hashes: tuple[bytes, ...]
    ) -> Receipt:
        who = self.sender if sender is None else sender
        if who not in self._keys:
            raise SenderUnknown(who)
        state = self._chain.get_vm().state
        signed = sign(self._keys[who], state.get_nonce(Address(who)), to, data, value_wei, versioned_hashes)
        result, (receipt,), (computation,) = self._chain.mine_all((signed,))
        block = make_block(result.imported_block.header)
        self._blocks.append(block)
        self._logs.append(tuple(make_logs(block, (signed,), (receipt,))))
        _check_success(computation, receipt.gas_used)  # one transaction a block: cumulative gas is its own
        return Receipt(
            gas_used=receipt.gas_used,
            blob_gas_used=BLOB_GAS * len(versioned_hashes),
            gas_price_wei=computation.transaction_context.gas_price,
            blob_gas_price_wei=state.blob_base_fee if versioned_hashes else 0,
            logs=self._logs[-1],
            created_address=computation.msg.storage_address if to == b"" else None,
            transaction_hash=signed.hash,
            versioned_hashes=versioned_hashes,
            block_number=block.number,
            timestamp_s=block.timestamp_s,
        )


def _check_success(computation: ComputationAPI, gas_used: int) -> None:
    if computation.is_error:
        error: VMError = computation.error
        reason = "execution reverted" if computation.output else type(error).__name__
        raise Reverted(return_data=computation.output, reason=reason, gas_used=gas_used)

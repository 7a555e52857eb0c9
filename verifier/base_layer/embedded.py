"""An EVM inside this process: py-evm at the Prague fork, one transaction a block, kept in a file or nowhere.

py-evm's bn254 precompiles are py-ecc in pure Python: a Groth16 verification takes about 0.7 s, and nothing where
the same points came before. Its gas is exact.
Time stands still between blocks: each is 12 s after its parent, or where `set_next_timestamp` puts it. In real time a
block has this machine's, and is later than its parent in any case.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from eth.abc import ComputationAPI, ReceiptAPI, SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.exceptions import TransactionNotFound, VMError
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped] # rlp has no stubs

from verifier import kzg
from verifier.addresses import DEVELOPMENT_CHAIN_ID
from verifier.base_layer.embedded_chain import KEYS, make_block, make_chain, make_logs, open_chain, sign
from verifier.base_layer.embedded_file import ChainFile
from verifier.base_layer.embedded_records import BlockRecords, MemoryRecords
from verifier.base_layer.errors import BlobCountTooLarge, BlockUnknown, Reverted, SenderUnknown, TimeNotAhead
from verifier.base_layer.interface import BLOB_GAS, TRANSACTION_BLOB_CAP, TRANSACTION_GAS_CAP, Block, Log, Receipt
from verifier.base_layer.node_errors import NodeRefused

_INVALID_INPUT = -32_000  # what nodes answer where a sender cannot pay (EIP-1474)
GENESIS_TIMESTAMP_S = 1_700_000_000
_BLOB_KEY = b"zkmargin blob "  # and the versioned hash: no key of py-evm's
_BLOB_TRANSACTION = 3  # EIP-4844


class EmbeddedEvm:
    """A BaseLayer that lives and dies with the object, or with a file. Ten senders are funded; every block is final."""

    def __init__(
        self, genesis_timestamp_s: int | None = None, *, path: Path | None = None, is_real_time: bool = False
    ) -> None:
        """Start a chain whose block 0 has this time (in real time: now, else 1.7e9 s), or go on with that of the file.

        Raises ChainFileUnusable.
        """
        self._is_real_time, self._is_time_set = is_real_time, False
        default_s = int(time.time()) if is_real_time else GENESIS_TIMESTAMP_S
        self._file = None if path is None else ChainFile(path)
        self._db = AtomicDB() if self._file is None else AtomicDB(self._file.db)
        self._records: BlockRecords = MemoryRecords() if self._file is None else self._file
        if self._file is None or self._file.is_empty:
            self._chain = make_chain(self._db, default_s if genesis_timestamp_s is None else genesis_timestamp_s)
            self._records.add(make_block(self._chain.get_canonical_block_header_by_number(BlockNumber(0))), ())
        else:
            self._chain = open_chain(self._db)
        keys = [*KEYS, *map(PrivateKey, self._file.get_senders() if self._file else ())]
        self._keys = {key.public_key.to_canonical_address(): key for key in keys}

    def close(self) -> None:
        """Give the file up, if there is one; the object is of no more use then."""
        if self._file is not None:
            self._file.close()

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
        """Hold these keys too; a file keeps them."""
        if self._file is not None:
            self._file.add_senders(private_keys)
        keys = map(PrivateKey, private_keys)
        self._keys.update((key.public_key.to_canonical_address(), key) for key in keys)

    def wait_until(self, timestamp_s: int) -> None:
        """Let the next block have this time, if it would have an earlier one; in real time, sleep until it is come."""
        while self._is_real_time and (left_s := timestamp_s - time.time()) > 0:
            time.sleep(left_s)
        if not self._is_real_time and timestamp_s > self._chain.get_vm().state.timestamp:
            self.set_next_timestamp(timestamp_s)

    def get_head(self) -> Block:
        """Return the last block."""
        return self._records.get_head()

    def get_finalized_number(self) -> int:
        """Return the head's number: nothing is ever replaced here."""
        return self.get_head().number

    def get_block(self, number: int) -> Block:
        """Return a block. Raises BlockUnknown."""
        return self._records.get_block(number)

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of blocks first..last, in order; of these contracts only, where any are named."""
        logs = self._records.get_logs(first_block, last_block)
        return tuple(log for log in logs if not addresses or log.address in addresses)

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of this block, of these contracts only, where any are named. Raises BlockUnknown."""
        if self.get_block(block.number) != block:
            raise BlockUnknown(block.number)
        return self.get_logs(block.number, block.number, addresses)

    def get_balance_wei(self, address: bytes) -> int:
        """Return what an account holds at the head."""
        return self._chain.get_vm().state.get_balance(Address(address))

    def get_nonce(self, address: bytes) -> int:
        """Return how many transactions an account has sent."""
        return self._chain.get_vm().state.get_nonce(Address(address))

    def send_raw(self, raw: bytes) -> Receipt:
        """Mine a transaction that its sender signed, without blobs. Raises Reverted; NodeRefused: it is not valid."""
        try:
            signed = PragueTransactionBuilder.decode(raw)
        except (RLPException, ValidationError, ValueError, TypeError) as error:
            raise NodeRefused("eth_sendRawTransaction", _INVALID_INPUT, f"{error}"[:200]) from None
        return self._run(signed, ())

    def set_next_timestamp(self, timestamp_s: int) -> None:
        """Give the next block, and every call until then, this time. Raises TimeNotAhead."""
        if timestamp_s <= self.get_head().timestamp_s:
            raise TimeNotAhead(timestamp_s, self.get_head().timestamp_s)
        self._chain.set_header_timestamp(timestamp_s)
        self._is_time_set = True

    def mine(self) -> Block:
        """Add a block without transactions and return it."""
        self._set_clock()
        return self._mine(())[0]

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
        for versioned_hash, blob in zip(hashes, blobs, strict=True):
            self._db[_BLOB_KEY + versioned_hash] = zlib.compress(blob)  # with the block, or not at all
        return self._send(address, calldata, sender, value_wei, hashes)

    def get_blob_hashes(self, transaction_hash: bytes) -> tuple[bytes, ...]:
        """Return the versioned hashes of a transaction's blobs; none where it has none, or is not known."""
        try:
            signed = self._chain.get_canonical_transaction(Hash32(transaction_hash))
        except TransactionNotFound:
            return ()
        return tuple(signed.blob_versioned_hashes) if signed.type_id == _BLOB_TRANSACTION else ()

    def get_blob(self, versioned_hash: bytes) -> bytes | None:
        """Return the blob of a versioned hash, None where no transaction carried it. Kept for good."""
        packed = self._db.get(_BLOB_KEY + versioned_hash)
        return None if packed is None else zlib.decompress(packed)

    def call(self, address: bytes, calldata: bytes, *, sender: bytes | None = None) -> bytes:
        """Return what a read-only call in the coming block returns. Raises Reverted."""
        self._set_clock()
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
        return self._run(
            sign(self._keys[who], self.get_nonce(who), to, data, value_wei, versioned_hashes), versioned_hashes
        )

    def _run(self, signed: SignedTransactionAPI, versioned_hashes: tuple[bytes, ...]) -> Receipt:
        """Mine one transaction and return its receipt. Raises Reverted, NodeRefused."""
        self._set_clock()
        state = self._chain.get_vm().state
        block, logs, (receipt,), (computation,) = self._mine((signed,))
        _check_success(computation, receipt.gas_used)  # one transaction a block: cumulative gas is its own
        return Receipt(
            gas_used=receipt.gas_used,
            blob_gas_used=BLOB_GAS * len(versioned_hashes),
            gas_price_wei=computation.transaction_context.gas_price,
            blob_gas_price_wei=state.blob_base_fee if versioned_hashes else 0,
            logs=logs,
            created_address=computation.msg.storage_address if signed.to == CREATE_CONTRACT_ADDRESS else None,
            transaction_hash=signed.hash,
            versioned_hashes=versioned_hashes,
            block_number=block.number,
            timestamp_s=block.timestamp_s,
        )

    def _mine(
        self, transactions: tuple[SignedTransactionAPI, ...]
    ) -> tuple[Block, tuple[Log, ...], tuple[ReceiptAPI, ...], tuple[ComputationAPI, ...]]:
        """Add a block, whole or not at all. The time that was set is used up either way. Raises NodeRefused."""
        self._is_time_set = False
        try:
            result, receipts, computations = self._chain.mine_all(transactions)
            block = make_block(result.imported_block.header)
            logs = tuple(make_logs(block, transactions, receipts))
            self._records.add(block, logs)
        except BaseException as error:
            if self._file is not None:  # what memory has of the block is not in the file
                self._file.forget()
                self._chain = open_chain(self._db)
            if isinstance(error, ValidationError):  # as a node would say it
                raise NodeRefused("eth_sendRawTransaction", _INVALID_INPUT, f"{error}"[:200]) from None
            raise
        return block, logs, receipts, computations

    def _set_clock(self) -> None:
        """Let the next block have this machine's time, unless another was set."""
        if self._is_real_time and not self._is_time_set:
            self._chain.set_header_timestamp(max(self.get_head().timestamp_s + 1, int(time.time())))


def _check_success(computation: ComputationAPI, gas_used: int) -> None:
    if computation.is_error:
        error: VMError = computation.error
        reason = "execution reverted" if computation.output else type(error).__name__
        raise Reverted(return_data=computation.output, reason=reason, gas_used=gas_used)

"""py-evm as the embedded EVM needs it: a Prague chain, funded keys, signing, and its results in our own records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, cast

from eth.abc import AtomicDatabaseAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.constants import CREATE_CONTRACT_ADDRESS, POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.precompiles import point_evaluation
from eth.typing import HeaderParams
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber, Hash32
from py_ecc.fields import optimized_bn128_FQ12 as FQ12

from verifier import kzg
from verifier.addresses import DEVELOPMENT_CHAIN_ID
from verifier.base_layer.interface import TRANSACTION_GAS_CAP, Block, Log

# public knowledge: an embedded chain guards nothing
KEYS: Final = tuple(PrivateKey(secret.to_bytes(32, "big")) for secret in range(1, 11))
_BLOCK_INTERVAL_S: Final = 12
_BLOCK_GAS_LIMIT: Final = 45_000_000
_GWEI: Final = 10**9
_BALANCE_WEI: Final = 10**24
_REMEMBERED: Final = 4_096  # some 10 MB of each kind


def _get_setup(path: str, precompute: int) -> object:
    return kzg.load_setup()


# py-evm's precompile loads the trusted setup, seconds of work, anew in every call. It is the file that kzg.py loads,
# once: py-evm looks the loader up in its module, so ours stands there in its place.
point_evaluation.load_trusted_setup = _get_setup  # type: ignore[attr-defined] # imported there from ckzg


def _remember_curve_work() -> None:
    """Let py-evm remember what its bn254 precompiles found: pure Python, 0.2 s a pair of points, 10 ms a product.

    The same points come again: of a key that is deployed or proved under, of a call that is tried and then sent. What
    is invalid is not remembered, and gas is charged before.
    """
    # by name: the package has functions where its modules would be
    pairing, product = (cast(Any, import_module(f"eth.precompiles.{name}")) for name in ("ecpairing", "ecmul"))
    compute, one = pairing._process_point, FQ12.one()
    of_pair = lru_cache(_REMEMBERED)(lambda pair: compute(pair, one))
    pairing._process_point = lambda pair: lambda exponent: exponent * of_pair(bytes(pair))
    of_all, of_product = lru_cache(_REMEMBERED)(pairing._ecpairing), lru_cache(_REMEMBERED)(product._ecmull)
    pairing._ecpairing = lambda data: of_all(bytes(data))
    product._ecmull = lambda data: of_product(bytes(data))


_remember_curve_work()


class _Chain(MiningChain):
    chain_id = DEVELOPMENT_CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(self, parent_header: BlockHeaderAPI, **header_params: HeaderParams) -> BlockHeaderAPI:
        # without these the gas limit would fall by 1/1024 a block, and the clock would be this machine's
        fixed: dict[str, Any] = {
            "gas_limit": parent_header.gas_limit,
            "timestamp": parent_header.timestamp + _BLOCK_INTERVAL_S,
        }
        return super().create_header_from_parent(parent_header, **{**fixed, **header_params})


def make_chain(db: AtomicDatabaseAPI, genesis_timestamp_s: int) -> MiningChain:
    """Return a chain of one block, at this time, in which every one of KEYS is rich. It is written to `db`."""
    params: dict[str, Any] = {
        "difficulty": POST_MERGE_DIFFICULTY,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "gas_limit": _BLOCK_GAS_LIMIT,
        "timestamp": genesis_timestamp_s,
    }
    rich: Any = {"balance": _BALANCE_WEI, "nonce": 0, "code": b"", "storage": {}}
    state = {Address(key.public_key.to_canonical_address()): rich for key in KEYS}
    return cast(MiningChain, _Chain.from_genesis(db, params, state))


def open_chain(db: AtomicDatabaseAPI) -> MiningChain:
    """Return the chain that was made in `db`, at its head."""
    return cast(MiningChain, _Chain(db))


def sign(
    key: PrivateKey, nonce: int, to: bytes, data: bytes, value_wei: int, versioned_hashes: Sequence[bytes]
) -> SignedTransactionAPI:
    """Return a transaction of type 2, or of type 3 where there are blobs; an empty `to` creates a contract."""
    fields: dict[str, Any] = {
        "chain_id": DEVELOPMENT_CHAIN_ID,
        "nonce": nonce,
        "max_priority_fee_per_gas": 0,
        "max_fee_per_gas": 2 * _GWEI,  # never less than the base fee: a capped transaction is below half a block
        "gas": TRANSACTION_GAS_CAP,
        "to": Address(to or CREATE_CONTRACT_ADDRESS),
        "value": value_wei,
        "data": data,
        "access_list": (),
    }
    if not versioned_hashes:
        return PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(**fields).as_signed_transaction(key)
    fields |= {"max_fee_per_blob_gas": _GWEI, "blob_versioned_hashes": tuple(map(Hash32, versioned_hashes))}
    return PragueTransactionBuilder.new_unsigned_blob_transaction(**fields).as_signed_transaction(key)


def make_block(header: BlockHeaderAPI) -> Block:
    """Return our record of a block."""
    return Block(header.block_number, header.timestamp, header.hash, header.parent_hash)


def make_logs(
    block: Block, transactions: Sequence[SignedTransactionAPI], receipts: Sequence[ReceiptAPI]
) -> Iterator[Log]:
    """Yield our records of a block's logs, in order."""
    found = ((tx.hash, log) for tx, receipt in zip(transactions, receipts, strict=True) for log in receipt.logs)
    for index, (transaction_hash, log) in enumerate(found):
        topics = tuple(topic.to_bytes(32, "big") for topic in log.topics)
        yield Log(log.address, topics, log.data, block.number, block.hash, transaction_hash, index)

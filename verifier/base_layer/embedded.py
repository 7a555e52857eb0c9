"""An EVM inside this process: py-evm at the Prague fork, one transaction a block, nothing kept.

py-evm's bn254 precompiles are py-ecc in pure Python: a Groth16 verification takes about 0.7 s. Its gas is exact.
"""

from __future__ import annotations

from typing import Any, cast

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.constants import CREATE_CONTRACT_ADDRESS, POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.exceptions import VMError
from eth.typing import HeaderParams
from eth.vm.forks.prague import PragueVM
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber

from verifier.base_layer.interface import Log, Receipt, Reverted

_CHAIN_ID = 1337  # the usual id of development chains
_GENESIS_TIMESTAMP_S = 1_700_000_000
_BLOCK_GAS_LIMIT = 45_000_000
_TRANSACTION_GAS_LIMIT = 16_000_000  # EIP-7825 caps a transaction at 2**24 from Osaka on
_WEI_PER_GAS = 10**9
_BALANCE_WEI = 10**24
_DEVELOPMENT_KEY = PrivateKey((1).to_bytes(32, "big"))  # public knowledge: an embedded chain guards nothing


class _Chain(MiningChain):
    chain_id = _CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(self, parent_header: BlockHeaderAPI, **header_params: HeaderParams) -> BlockHeaderAPI:
        # without it the gas limit would fall by 1/1024 a block
        return super().create_header_from_parent(parent_header, gas_limit=parent_header.gas_limit, **header_params)


class EmbeddedEvm:
    """A BaseLayer that lives and dies with the object."""

    def __init__(self) -> None:
        self._chain = cast(MiningChain, _Chain.from_genesis(AtomicDB(), _get_genesis_params(), _get_genesis_state()))

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return _CHAIN_ID

    @property
    def sender(self) -> bytes:
        """The 20-byte address that pays."""
        return _DEVELOPMENT_KEY.public_key.to_canonical_address()

    def deploy(self, creation_code: bytes) -> Receipt:
        """Create a contract in a block of its own. Raises Reverted."""
        return self._send(b"", creation_code)

    def transact(self, address: bytes, calldata: bytes) -> Receipt:
        """Send calldata in a block of its own. Raises Reverted, with the gas it cost."""
        return self._send(address, calldata)

    def call(self, address: bytes, calldata: bytes) -> bytes:
        """Return what a read-only call at the head returns. Raises Reverted."""
        state = self._chain.get_vm().state
        snapshot = state.snapshot()
        computation = state.apply_transaction(self._sign(address, calldata))
        state.revert(snapshot)
        _check_success(computation, computation.get_gas_used())
        return computation.output

    def _send(self, to: bytes, data: bytes) -> Receipt:
        _, receipt, computation = self._chain.apply_transaction(self._sign(to, data))
        self._chain.mine_block()
        _check_success(computation, receipt.gas_used)  # one transaction a block: cumulative gas is its own
        return Receipt(
            gas_used=receipt.gas_used,
            logs=tuple(
                Log(log.address, tuple(topic.to_bytes(32, "big") for topic in log.topics), log.data)
                for log in receipt.logs
            ),
            created_address=computation.msg.storage_address if to == b"" else None,
        )

    def _sign(self, to: bytes, data: bytes) -> SignedTransactionAPI:
        vm = self._chain.get_vm()
        unsigned = vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined] # since London
            chain_id=_CHAIN_ID,
            nonce=vm.state.get_nonce(Address(self.sender)),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=2 * _WEI_PER_GAS,
            gas=_TRANSACTION_GAS_LIMIT,
            to=Address(to or CREATE_CONTRACT_ADDRESS),
            value=0,
            data=data,
            access_list=(),
        )
        return cast(SignedTransactionAPI, unsigned.as_signed_transaction(_DEVELOPMENT_KEY))


def _check_success(computation: ComputationAPI, gas_used: int) -> None:
    if computation.is_error:
        error: VMError = computation.error
        reason = "execution reverted" if computation.output else type(error).__name__
        raise Reverted(return_data=computation.output, reason=reason, gas_used=gas_used)


def _get_genesis_params() -> dict[str, Any]:
    return {
        "difficulty": POST_MERGE_DIFFICULTY,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "gas_limit": _BLOCK_GAS_LIMIT,
        "timestamp": _GENESIS_TIMESTAMP_S,
    }


def _get_genesis_state() -> dict[Address, Any]:
    sender = Address(_DEVELOPMENT_KEY.public_key.to_canonical_address())
    return {sender: {"balance": _BALANCE_WEI, "nonce": 0, "code": b"", "storage": {}}}

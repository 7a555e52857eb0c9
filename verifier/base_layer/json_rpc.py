"""A base layer that is an Ethereum node: asked over JSON-RPC, transactions signed here, fees raised where one is stuck.

What a call or an estimate shows to revert is never sent: Reverted then says 0 gas.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from verifier import kzg
from verifier.base_layer.blob_wrapper import wrap
from verifier.base_layer.errors import BlobCountTooLarge, BlockUnknown, Reverted, SenderUnknown
from verifier.base_layer.interface import TRANSACTION_BLOB_CAP, TRANSACTION_GAS_CAP, Block, Log, Receipt
from verifier.base_layer.node_errors import ChainIdWrong, NodeAnswerInvalid, NodeRefused, TransactionTooLarge
from verifier.base_layer.rpc import RpcClient
from verifier.base_layer.rpc_values import read_block, read_bytes, read_list, read_log, read_object, read_quantity
from verifier.base_layer.send_settings import SendSettings
from verifier.base_layer.sending import Request, send

_GET_LOGS: Final = "eth_getLogs"
_CALLDATA_LIMIT_BYTES: Final = 120 * 2**10  # nodes take transactions of 128 KiB, blobs apart
# PUSH0, CLZ, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN: EIP-7939's opcode came with Osaka, as did the new wrapper
_OSAKA_PROBE: Final = bytes.fromhex("5f1e5f5260205ff3")


class JsonRpcNode:
    """A BaseLayer over JSON-RPC. All methods raise NodeUnreachable, NodeRefused and NodeAnswerInvalid too."""

    def __init__(
        self,
        url: str,
        accounts: Sequence[LocalAccount] = (),
        *,
        chain_id: int | None = None,
        settings: SendSettings | None = None,
    ) -> None:
        """Ask the node for its chain, which is to be this one where one is named. Without accounts it only reads.

        Raises NodeUrlInvalid, ChainIdWrong.
        """
        self.rpc = RpcClient(url)
        self._accounts = {bytes.fromhex(account.address[2:]): account for account in accounts}
        self._settings = settings or SendSettings()
        self._chain_id = self._ask_quantity("eth_chainId")
        if chain_id is not None and chain_id != self._chain_id:
            raise ChainIdWrong(self._chain_id, chain_id)

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self._chain_id

    @property
    def senders(self) -> tuple[bytes, ...]:
        """The addresses whose keys are held here."""
        return tuple(self._accounts)

    @property
    def sender(self) -> bytes:
        """The first of them. Raises SenderUnknown where there is none."""
        return self._get_account(None)[0]

    def add_senders(self, private_keys: Sequence[bytes]) -> None:
        """Hold these keys too."""
        accounts: list[LocalAccount] = [Account.from_key(key) for key in private_keys]
        self._accounts.update((bytes.fromhex(account.address[2:]), account) for account in accounts)

    def wait_until(self, timestamp_s: int) -> None:
        """Sleep until this machine's clock says so: a block's time is its proposer's."""
        while (left_s := timestamp_s - time.time()) > 0:
            time.sleep(left_s)

    def get_head(self) -> Block:
        """Return the last block."""
        return self._get_block("latest")

    def get_finalized_number(self) -> int:
        """Return the number of the last block that consensus will not replace; 0 where none is final yet."""
        value = self.rpc.ask("eth_getBlockByNumber", "finalized", False)
        return 0 if value is None else read_block("eth_getBlockByNumber", value).number

    def get_block(self, number: int) -> Block:
        """Return a block of the chain that now leads to the head. Raises BlockUnknown."""
        if number < 0:
            raise BlockUnknown(number)
        return self._get_block(hex(number))

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of blocks first..last, in order. A range that the node refuses is asked for in halves."""
        last = min(last_block, self._ask_quantity("eth_blockNumber"))  # nodes refuse what lies beyond
        logs = self._ask_logs(first_block, last, addresses) if first_block <= last else []
        return tuple(sorted(logs, key=lambda log: (log.block_number, log.log_index)))

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of this very block, in order. Raises BlockUnknown."""
        named = {"address": [_to_hex(address) for address in addresses]} if addresses else {}
        try:
            answer = self.rpc.ask(_GET_LOGS, {"blockHash": _to_hex(block.hash), **named})
        except NodeRefused:  # it may not know the block, or have another reason
            if self.get_block(block.number) != block:
                raise BlockUnknown(block.number) from None
            raise
        logs = [read_log(_GET_LOGS, value) for value in read_list(_GET_LOGS, "logs", answer)]
        if strangers := [log for log in logs if log.block_hash != block.hash]:
            raise NodeAnswerInvalid(_GET_LOGS, "blockHash", strangers[0].block_hash.hex(), block.hash.hex())
        if not logs and self.get_block(block.number) != block:  # some nodes know nothing of a block, and say so thus
            raise BlockUnknown(block.number)
        return tuple(sorted(logs, key=lambda log: log.log_index))

    def get_blob_hashes(self, transaction_hash: bytes) -> tuple[bytes, ...]:
        """Return the versioned hashes of a transaction's blobs; none where it has none, or is not known."""
        method = "eth_getTransactionByHash"
        answer = self.rpc.ask(method, _to_hex(transaction_hash))
        if answer is None:
            return ()
        hashes = read_object(method, "result", answer).get("blobVersionedHashes") or []
        return tuple(
            read_bytes(method, "blobVersionedHashes", one, 32)
            for one in read_list(method, "blobVersionedHashes", hashes)
        )

    def get_balance_wei(self, address: bytes) -> int:
        """Return what an account holds at the head."""
        return self._ask_quantity("eth_getBalance", _to_hex(address), "latest")

    def close(self) -> None:
        """Close the connections."""
        self.rpc.close()

    def call(self, address: bytes, calldata: bytes, *, sender: bytes | None = None) -> bytes:
        """Return what a read-only call at the head returns; any address may be its sender. Raises Reverted."""
        who = sender if sender is not None else next(iter(self._accounts), bytes(20))
        fields = {"from": _to_hex(who), "to": _to_hex(address), "data": _to_hex(calldata)}
        answer = self.rpc.ask("eth_call", fields | {"gas": hex(TRANSACTION_GAS_CAP)}, "latest")
        return read_bytes("eth_call", "result", answer)

    def deploy(self, creation_code: bytes, *, sender: bytes | None = None) -> Receipt:
        """Create a contract and return the receipt. Raises as `transact`."""
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
        """Send calldata, wait for the receipt and return it.

        Raises as BaseLayer says, and TransactionTooLarge, TransactionStuck.
        """
        if len(blobs) > TRANSACTION_BLOB_CAP:
            raise BlobCountTooLarge(len(blobs), TRANSACTION_BLOB_CAP)
        return self._send(address, calldata, sender, value_wei, tuple(blobs))

    def is_osaka(self) -> bool:
        """Return whether the head follows the rules of Osaka or a later fork."""
        try:
            answer = self.rpc.ask("eth_call", {"data": _to_hex(_OSAKA_PROBE)}, "latest")
        except (Reverted, NodeRefused):  # an opcode it does not know
            return False
        return read_bytes("eth_call", "result", answer) == (256).to_bytes(32, "big")

    def _send(self, to: bytes, data: bytes, sender: bytes | None, value_wei: int, blobs: tuple[bytes, ...]) -> Receipt:
        _, account = self._get_account(sender)
        if len(data) > _CALLDATA_LIMIT_BYTES:
            raise TransactionTooLarge("bytes of calldata", len(data), _CALLDATA_LIMIT_BYTES)
        hashes = tuple(kzg.versioned_hash(kzg.commit(blob)) for blob in blobs)
        request = Request(account, self._chain_id, to, data, value_wei, hashes)

        def pack(signed_body: bytes) -> bytes:
            return wrap(signed_body, blobs, has_cell_proofs=self.is_osaka()) if blobs else signed_body

        return send(self.rpc, self._settings, request, pack)

    def _get_account(self, sender: bytes | None) -> tuple[bytes, LocalAccount]:
        who = next(iter(self._accounts), b"") if sender is None else sender
        if who not in self._accounts:
            raise SenderUnknown(who)
        return who, self._accounts[who]

    def _get_block(self, tag: str) -> Block:
        value = self.rpc.ask("eth_getBlockByNumber", tag, False)
        if value is None:
            raise BlockUnknown(int(tag, 16) if tag.startswith("0x") else -1)
        return read_block("eth_getBlockByNumber", value)

    def _ask_logs(self, first: int, last: int, addresses: Sequence[bytes]) -> list[Log]:
        asked: dict[str, object] = {"fromBlock": hex(first), "toBlock": hex(last)}
        if addresses:
            asked["address"] = [_to_hex(address) for address in addresses]
        try:
            return [
                read_log(_GET_LOGS, value) for value in read_list(_GET_LOGS, "logs", self.rpc.ask(_GET_LOGS, asked))
            ]
        except (NodeRefused, NodeAnswerInvalid):  # too many blocks or logs, as each node sees fit
            if first == last:
                raise
        middle = (first + last) // 2
        return self._ask_logs(first, middle, addresses) + self._ask_logs(middle + 1, last, addresses)

    def _ask_quantity(self, method: str, *params: object) -> int:
        return read_quantity(method, "result", self.rpc.ask(method, *params))


def _to_hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"

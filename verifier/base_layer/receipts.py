"""A node's receipt into ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from verifier.base_layer.interface import Receipt
from verifier.base_layer.rpc import RpcClient
from verifier.base_layer.rpc_values import read_block, read_bytes, read_list, read_log, read_quantity

_METHOD: Final = "eth_getTransactionReceipt"


def was_successful(raw: Mapping[str, Any]) -> bool:
    """Return whether the transaction did what it was to do. Raises NodeAnswerInvalid."""
    return read_quantity(_METHOD, "status", raw.get("status")) == 1


def fetch_receipt(rpc: RpcClient, raw: Mapping[str, Any], versioned_hashes: tuple[bytes, ...]) -> Receipt:
    """Return our record of a raw receipt, with the time of its block. Raises NodeAnswerInvalid, NodeUnreachable."""
    block_hash = read_bytes(_METHOD, "blockHash", raw.get("blockHash"), 32)
    block = read_block("eth_getBlockByHash", rpc.ask("eth_getBlockByHash", f"0x{block_hash.hex()}", False))
    created = raw.get("contractAddress")
    logs = read_list(_METHOD, "logs", raw.get("logs"))
    return Receipt(
        gas_used=read_quantity(_METHOD, "gasUsed", raw.get("gasUsed")),
        # nodes leave these out where there are no blobs, or say 0x0
        blob_gas_used=read_quantity(_METHOD, "blobGasUsed", raw.get("blobGasUsed") or "0x0"),
        gas_price_wei=read_quantity(_METHOD, "effectiveGasPrice", raw.get("effectiveGasPrice")),
        blob_gas_price_wei=_read_blob_price(raw) if versioned_hashes else 0,
        logs=tuple(read_log(_METHOD, log) for log in logs),
        created_address=None if created is None else read_bytes(_METHOD, "contractAddress", created, 20),
        transaction_hash=read_bytes(_METHOD, "transactionHash", raw.get("transactionHash"), 32),
        versioned_hashes=versioned_hashes,
        block_number=block.number,
        timestamp_s=block.timestamp_s,
    )


def _read_blob_price(raw: Mapping[str, Any]) -> int:
    return read_quantity(_METHOD, "blobGasPrice", raw.get("blobGasPrice"))

"""A node's JSON into our records, strictly: what does not fit is NodeAnswerInvalid, never a KeyError later on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from verifier.base_layer.interface import Block, Log
from verifier.base_layer.node_errors import NodeAnswerInvalid

_QUANTITY: Final = re.compile(r"0x[0-9a-f]{1,64}")
_BYTES: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
_ADDRESS_BYTES: Final = 20
_HASH_BYTES: Final = 32
_TOPICS: Final = 4  # LOG4 is the last
_SHOWN: Final = 200


def shorten(value: object) -> str:
    """Return a value as text of one line and bounded length: a node is not trusted to be brief."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def read_quantity(method: str, field: str, value: object) -> int:
    """Return a number, 0x and hexadecimal digits. Raises NodeAnswerInvalid."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise NodeAnswerInvalid(method, field, shorten(value), "a quantity")
    return int(value, 16)


def read_bytes(method: str, field: str, value: object, n_bytes: int | None = None) -> bytes:
    """Return bytes, of this length where one is named. Raises NodeAnswerInvalid."""
    if not isinstance(value, str) or not _BYTES.fullmatch(value):
        raise NodeAnswerInvalid(method, field, shorten(value), "bytes")
    raw = bytes.fromhex(value[2:])
    if n_bytes is not None and len(raw) != n_bytes:
        raise NodeAnswerInvalid(method, field, f"{len(raw)} bytes", f"{n_bytes} bytes")
    return raw


def read_object(method: str, field: str, value: object) -> Mapping[str, Any]:
    """Return a JSON object. Raises NodeAnswerInvalid."""
    if not isinstance(value, Mapping):
        raise NodeAnswerInvalid(method, field, shorten(value), "an object")
    return value


def read_list(method: str, field: str, value: object) -> Sequence[object]:
    """Return a JSON array. Raises NodeAnswerInvalid."""
    if not isinstance(value, list):
        raise NodeAnswerInvalid(method, field, shorten(value), "a list")
    return value


def read_block(method: str, value: object) -> Block:
    """Return our record of a block. Raises NodeAnswerInvalid."""
    raw = read_object(method, "block", value)
    return Block(
        number=read_quantity(method, "number", raw.get("number")),
        timestamp_s=read_quantity(method, "timestamp", raw.get("timestamp")),
        hash=read_bytes(method, "hash", raw.get("hash"), _HASH_BYTES),
        parent_hash=read_bytes(method, "parentHash", raw.get("parentHash"), _HASH_BYTES),
    )


def read_log(method: str, value: object) -> Log:
    """Return our record of an event that stands in a block. Raises NodeAnswerInvalid."""
    raw = read_object(method, "log", value)
    topics = read_list(method, "topics", raw.get("topics"))
    if len(topics) > _TOPICS:
        raise NodeAnswerInvalid(method, "topics", f"{len(topics)} topics", f"at most {_TOPICS}")
    if raw.get("removed") is True:
        raise NodeAnswerInvalid(method, "removed", "true", "a log of the chain")
    return Log(
        address=read_bytes(method, "address", raw.get("address"), _ADDRESS_BYTES),
        topics=tuple(read_bytes(method, "topics", topic, _HASH_BYTES) for topic in topics),
        data=read_bytes(method, "data", raw.get("data")),
        block_number=read_quantity(method, "blockNumber", raw.get("blockNumber")),
        block_hash=read_bytes(method, "blockHash", raw.get("blockHash"), _HASH_BYTES),
        transaction_hash=read_bytes(method, "transactionHash", raw.get("transactionHash"), _HASH_BYTES),
        log_index=read_quantity(method, "logIndex", raw.get("logIndex")),
    )

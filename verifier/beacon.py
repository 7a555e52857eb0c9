"""Blobs from a beacon node or an archive with its API: each is held to its versioned hash, nobody's word is taken.

Of the Beacon API three questions are asked: `config/spec` and `beacon/genesis`, by which a block's time is a slot, and
`beacon/blobs`. What serves no `config/spec`, as a development node, has no slots: there a block goes by its hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlunsplit

import requests

from rollup.blob import BLOB_BYTES, BlobElementTooLarge
from rollup.bounded_json import parse_json
from verifier import kzg
from verifier.base_layer import Block
from verifier.base_layer.http_session import TIMEOUT_S, AnswerTooLong, check_url, name_node, open_session
from verifier.base_layer.node_errors import (
    BeaconBlobMissing,
    BeaconBlobWrong,
    NodeAnswerInvalid,
    NodeRefused,
    NodeUnreachable,
)
from verifier.base_layer.rpc_values import read_bytes, read_list, read_object, shorten

__all__ = ["BeaconNode"]

_SPEC: Final = "/eth/v1/config/spec"
_GENESIS: Final = "/eth/v1/beacon/genesis"
_BLOBS: Final = "/eth/v1/beacon/blobs"
_DECIMAL: Final = re.compile(r"[0-9]{1,18}")  # numbers are texts in this API
_SHOWN_BYTES: Final = 1000  # of what it says where it gives nothing
_OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 200, 404, 429, 500


class BeaconNode:
    """A door to one beacon node."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remember the node; nothing is asked yet. Raises NodeUrlInvalid."""
        self._parts, self._timeout_s = check_url(url), timeout_s
        self.node = name_node(self._parts)
        self._session = open_session(self._parts)

    def get_blob(self, versioned_hash: bytes, block: Block) -> bytes:
        """Return the blob of a versioned hash that a transaction of this block of the execution layer carried.

        Raises BeaconBlobMissing, BeaconBlobWrong, NodeUnreachable (it may answer later), NodeRefused,
        NodeAnswerInvalid.
        """
        block_id = self.name_block(block)
        path = f"{_BLOBS}/{block_id}"
        answer = self._ask(path, {"versioned_hashes": f"0x{versioned_hash.hex()}"})
        items = () if answer is None else read_list(_name(path), "data", answer.get("data"))
        if not items:
            raise BeaconBlobMissing(self.node, block_id, versioned_hash)
        hashes = []
        for index, item in enumerate(items):  # one, or all of the block's from a node that picks none
            blob = read_bytes(_name(path), f"data[{index}]", item, BLOB_BYTES)
            hashes.append(_compute_versioned_hash(_name(path), f"data[{index}]", blob))
            if hashes[-1] == versioned_hash:
                return blob
        raise BeaconBlobWrong(self.node, block_id, hashes[0], versioned_hash)

    def name_block(self, block: Block) -> str:
        """Return what the node calls a block: its slot, or its hash where there are no slots.

        Raises NodeUnreachable, NodeRefused, NodeAnswerInvalid, also where it follows another network.
        """
        return f"0x{block.hash.hex()}" if self._slots is None else str(self._slots.compute_slot(block))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @cached_property
    def _slots(self) -> _Slots | None:
        """How time is cut into slots; None where the node has none."""
        if (spec := self._ask(_SPEC)) is None:
            return None
        slot_ms = _read_slot_ms(read_object(_name(_SPEC), "data", spec.get("data")))
        if (genesis := self._ask(_GENESIS)) is None:
            raise NodeAnswerInvalid(_name(_GENESIS), "answer", "not found", "the time of genesis")
        data = read_object(_name(_GENESIS), "data", genesis.get("data"))
        return _Slots(_read_number(_GENESIS, data, "genesis_time"), slot_ms)

    def _ask(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
        """Return the answer's object, None where the node says that it has nothing of the kind."""
        whole = self._parts._replace(path=f"{self._parts.path.rstrip('/')}{path}")
        headers = {"Accept": "application/json"}
        try:
            response = self._session.get(
                urlunsplit(whole), params=params, headers=headers, timeout=self._timeout_s, allow_redirects=False
            )
        except AnswerTooLong as error:
            raise NodeAnswerInvalid(_name(path), "answer", "more", str(error)) from None
        except (requests.RequestException, OSError) as error:
            raise NodeUnreachable(self.node, type(error).__name__) from None  # its text names the whole address
        status, start = response.status_code, response.content[:_SHOWN_BYTES].decode(errors="replace")
        if status == _NOT_FOUND:
            return None
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise NodeUnreachable(self.node, f"HTTP {status}: {shorten(start)}")
        if status != _OK:
            raise NodeRefused(_name(path), status, shorten(start))
        try:
            value: object = parse_json(response.content)
        except ValueError:
            raise NodeAnswerInvalid(_name(path), "answer", "something else", "JSON") from None
        return read_object(_name(path), "answer", value)


@dataclass(frozen=True)
class _Slots:
    genesis_s: int
    slot_ms: int

    def compute_slot(self, block: Block) -> int:
        """Return the slot that a block was proposed in. Raises NodeAnswerInvalid where none begins at its time."""
        slot, rest_ms = divmod((block.timestamp_s - self.genesis_s) * 1000, self.slot_ms)
        if slot < 0 or rest_ms:
            got = f"{self.genesis_s} s, slots of {self.slot_ms} ms"
            expected = f"a slot that begins at {block.timestamp_s} s, as block {block.number} does: another network?"
            raise NodeAnswerInvalid(_name(_GENESIS), "genesis_time", got, expected)
        return slot


def _read_slot_ms(spec: Mapping[str, Any]) -> int:
    """Return how long a slot is: in seconds, as all nodes say, or by the specification's newer name."""
    is_in_seconds = "SECONDS_PER_SLOT" in spec
    field = "SECONDS_PER_SLOT" if is_in_seconds else "SLOT_DURATION_MS"
    if (number := _read_number(_SPEC, spec, field)) == 0:
        raise NodeAnswerInvalid(_name(_SPEC), field, "0", "a time")
    return number * 1000 if is_in_seconds else number


def _read_number(path: str, data: Mapping[str, Any], field: str) -> int:
    value = data.get(field)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise NodeAnswerInvalid(_name(path), field, shorten(value), "decimal digits")
    return int(value)


def _compute_versioned_hash(method: str, field: str, blob: bytes) -> bytes:
    try:
        return kzg.versioned_hash(kzg.commit(blob))
    except BlobElementTooLarge:
        raise NodeAnswerInvalid(method, field, "an element above the modulus", "a blob") from None


def _name(path: str) -> str:
    return f"GET {path}"

"""The live state as the body of a store's snapshot: magic | zlib of five parts, each behind its length (u64).

Parts: parameters and header as canonical JSON; accounts and their order slots, packed; the records that rest or wait;
as JSON what points at them. Zlib's own sum tells a damaged body, and the store has a digest of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from struct import Struct
from struct import error as StructError
from typing import Any, Final

import msgspec

from rollup.accounts import Account, build_account_tree, new_account_tree
from rollup.bounded_json import parse_json
from rollup.codec_fields import Malformed, Record
from rollup.codec_state import HEADER, PARAMS
from rollup.envelope import dump_canonical
from rollup.errors import BatchInvalid
from rollup.params import Params
from rollup.snapshot import SnapshotRootWrong
from rollup.state import State, StateHeader
from rollup.trees import SparseTree
from sequencer.node.live import Auction, LiveRecord, LiveState
from sequencer.node.packed_state import pack_accounts, unpack_accounts
from sequencer.node.refusals import LiveStateInvalid

__all__ = ["build_checked_tree", "decode_live", "encode_live", "unpack_live"]

_MAGIC: Final = b"ZKMLIVE\x02"
_N_PARTS: Final = 5
_LENGTH_BYTES: Final = 8
_MAX_BYTES: Final = 2**30
_FAST: Final = 1  # zlib's level: a snapshot is made while orders come in
_RECORD_HEAD: Final = Struct(">QHI")  # sequence, kind, length


@dataclass(frozen=True)
class _Top:
    params: Params
    header: StateHeader


_TOP: Final = Record(_Top, {"params": PARAMS, "header": HEADER})


def encode_live(live: LiveState, history: dict[str, Any] | None = None) -> bytes:
    """Return the body of a snapshot. history: what is remembered beside it, as `MarketHistory.dump` gives it."""
    rest = {
        "orders": [[*key, nonce, record.sequence] for key, (nonce, record) in live.orders.items()],
        "cash": list(live.cash),
        "entries": [[index, record.sequence] for index, record in live.entries.items()],
        "prices": [[signer, record.sequence] for signer, record in live.prices.items()],
        "floors": [[*key, nonce] for key, nonce in live.floors.items()],
        "cancel_all_ms": [list(item) for item in live.cancel_all_ms.items()],
        "released": [list(key) for key in sorted(live.released)],
        "auction": live.auction,
        "history": history,
    }
    parts = (
        dump_canonical(_TOP.encode(_Top(live.params, live.state.header))),
        *pack_accounts(live.state.accounts),
        _pack_records(live.list_records()),
        msgspec.json.encode(rest),
    )
    packer = zlib.compressobj(_FAST)
    packed = [packer.compress(piece) for part in parts for piece in (len(part).to_bytes(_LENGTH_BYTES, "big"), part)]
    return b"".join((_MAGIC, *packed, packer.flush()))


def decode_live(body: bytes, on_history: Callable[[Any], object] = lambda _: None) -> LiveState:
    """Return the live state of a snapshot's body, `on_history` as `unpack_live` has it.

    Raises LiveStateInvalid, SnapshotRootWrong.
    """
    live = unpack_live(body, on_history)
    live.state = replace(live.state, tree=build_checked_tree(live.state.header, live.state.accounts))
    return live


def unpack_live(body: bytes, on_history: Callable[[Any], object] = lambda _: None) -> LiveState:
    """Return the live state with an empty tree: it is the caller's to build and to check.

    `on_history` is told of what is remembered beside it, if anything is. Raises LiveStateInvalid.
    """
    try:
        top, rows, slots, records, rest = _cut(body)
        head = _TOP.decode(parse_json(top), "")
        state = State(head.header, new_account_tree(), unpack_accounts(rows, slots))
        pointers = parse_json(rest)
        live = _build(LiveState(head.params, state), _unpack_records(records), pointers)
        if (history := pointers["history"]) is not None:
            on_history(history)
        return live
    except (zlib.error, StructError, ValueError, KeyError, TypeError, Malformed, BatchInvalid) as error:
        raise LiveStateInvalid(str(error)) from error


def build_checked_tree(header: StateHeader, accounts: Mapping[int, Account]) -> SparseTree:
    """Return the tree of the accounts, hashed. Raises SnapshotRootWrong where it is not the header's."""
    tree = build_account_tree(accounts)
    if tree.root != header.accounts_root:
        raise SnapshotRootWrong("snapshot of the store", "accounts root", tree.root, header.accounts_root)
    return tree


def _cut(body: bytes) -> list[bytes]:
    if not body.startswith(_MAGIC):
        raise ValueError(f"starts with {body[: len(_MAGIC)]!r}, expected {_MAGIC!r}")
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(body[len(_MAGIC) :], _MAX_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it does not end where it should")
    parts, at = [], 0
    for _ in range(_N_PARTS):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        parts.append(data[start:at])
    if at != len(data):
        raise ValueError(f"{len(data)} bytes of parts, expected {at}")
    return parts


def _pack_records(records: Iterable[LiveRecord]) -> bytes:
    heads = ((_RECORD_HEAD.pack(one.sequence, one.kind, len(one.body)), one.body) for one in records)
    return b"".join(piece for pair in heads for piece in pair)


def _unpack_records(data: bytes) -> dict[int, LiveRecord]:
    records, at = {}, 0
    while at < len(data):
        sequence, kind, length = _RECORD_HEAD.unpack_from(data, at)
        at += _RECORD_HEAD.size + length
        records[sequence] = LiveRecord(sequence, kind, data[at - length : at])
    if at != len(data):
        raise ValueError("its last record is cut short")
    return records


def _build(live: LiveState, by_sequence: dict[int, LiveRecord], rest: dict[str, Any]) -> LiveState:
    for account, slot, nonce, sequence in rest["orders"]:
        live.orders[account, slot] = (nonce, by_sequence[sequence])
        live.slots.setdefault(account, set()).add(slot)
    for sequence in rest["cash"]:
        live.add_cash(by_sequence[sequence])
    live.entries = {index: by_sequence[sequence] for index, sequence in rest["entries"]}
    live.prices = {signer: by_sequence[sequence] for signer, sequence in rest["prices"]}
    live.floors = {(account, slot): nonce for account, slot, nonce in rest["floors"]}
    live.cancel_all_ms = dict(rest["cancel_all_ms"])
    live.released = {(account, slot) for account, slot in rest["released"]}
    live.auction = Auction(*rest["auction"]) if rest["auction"] else None
    return live

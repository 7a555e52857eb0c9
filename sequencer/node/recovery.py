"""The live state in a snapshot, and from a store: its last snapshot and every record behind it."""

from __future__ import annotations

import gc
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rollup.bounded_json import parse_json
from rollup.snapshot import Snapshot, decode_snapshot, encode_snapshot
from sequencer.node.links import LogRecord
from sequencer.node.live import Auction, LiveRecord, LiveState
from sequencer.node.outcome import Outcome
from sequencer.node.refusals import LiveStateInvalid
from sequencer.node.store import Store

__all__ = ["decode_live", "encode_live", "recover"]

_LENGTH_BYTES = 8
_MAX_JSON_BYTES = 2**30


def encode_live(live: LiveState, history: dict[str, Any] | None = None) -> bytes:
    """Return the body of a snapshot: length 8 | the rollup's own snapshot | compressed JSON of what rests and waits.

    history: what is remembered beside it, as `MarketHistory.dump` gives it.
    """
    state = encode_snapshot(Snapshot(live.params, live.state))
    records = {record.sequence: record for record in live.list_records()}
    rest = {
        "records": [[one.sequence, one.kind, one.body.hex()] for one in records.values()],
        "orders": [[*key, nonce, record.sequence] for key, (nonce, record) in live.orders.items()],
        "cash": list(live.cash),
        "entries": [[index, record.sequence] for index, record in live.entries.items()],
        "prices": [[signer, record.sequence] for signer, record in live.prices.items()],
        "floors": [[*key, nonce] for key, nonce in live.floors.items()],
        "cancel_all_ms": [list(item) for item in live.cancel_all_ms.items()],
        "released": [list(key) for key in sorted(live.released)],
        "auction": list(live.auction) if live.auction else None,
        "history": history,
    }
    text = json.dumps(rest, separators=(",", ":")).encode()
    return len(state).to_bytes(_LENGTH_BYTES, "big") + state + zlib.compress(text, 6)


def decode_live(body: bytes, on_history: Callable[[Any], object] = lambda _: None) -> LiveState:
    """Return the live state of a snapshot's body; `on_history` is told of what is remembered beside it, if anything is.

    Raises SnapshotInvalid, SnapshotRootWrong, LiveStateInvalid.
    """
    end = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES], "big")
    snapshot = decode_snapshot(body[_LENGTH_BYTES:end], "snapshot of the store")
    try:
        unpacker = zlib.decompressobj()
        rest = parse_json(unpacker.decompress(body[end:], _MAX_JSON_BYTES))
        if not unpacker.eof or unpacker.unused_data:
            raise LiveStateInvalid("its rest does not end where it should")
        if not isinstance(rest, dict):
            raise LiveStateInvalid("its rest is no object")
        live = _build(snapshot, rest)
        if (history := rest.get("history")) is not None:  # snapshots of before have none
            on_history(history)
        return live
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise LiveStateInvalid(str(error)) from error


def recover(
    store: Store,
    genesis: Snapshot,
    on_record: Callable[[LiveState, LogRecord, Outcome | None], object] = lambda *_: None,
    on_history: Callable[[Any], object] = lambda _: None,
) -> LiveState:
    """Return the live state at the end of a store's log, which begins at `genesis` where there is no snapshot yet.

    `on_record` is told of every record since, `on_history` of the history in the snapshot.
    Raises StoreError, RecordMalformed, OutcomeInvalid, StateDiverged, LiveStateInvalid.
    """
    latest = store.latest_snapshot()
    live = LiveState(genesis.params, genesis.state) if latest is None else decode_live(latest.body, on_history)
    live.behind = {}  # the trees are hashed once, at the end
    with _no_collection():
        for part in store.replay():
            for record in part:
                outcome = live.apply(record)
                on_record(live, record, outcome)
    live.catch_up()
    return live


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the garbage collector rest: it would go again and again through records of which none is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build(snapshot: Snapshot, rest: dict[str, Any]) -> LiveState:
    by_sequence = {
        sequence: LiveRecord(sequence, kind, bytes.fromhex(body)) for sequence, kind, body in rest["records"]
    }
    live = LiveState(snapshot.params, snapshot.state)
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

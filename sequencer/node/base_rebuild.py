"""A node's store made again from the base layer alone: the state after the last settled group, and nothing above it.

What the lost store had acknowledged and not settled is gone: orders that rested, cancels, fills of later batches. So a
new receipt key begins a new chain of receipts; under the old one two histories would prove misconduct.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rollup.blob import decode_blob
from rollup.errors import BatchInvalid
from rollup.params import Params
from rollup.queue_events import QueueEvents
from rollup.rebuild import BatchData, apply_segment
from rollup.segment import count_elements
from rollup.shapes import Shape
from rollup.snapshot import Snapshot
from rollup.state import State
from sequencer.errors import DataFault, DeploymentElsewhere
from sequencer.node.base_history import HistoricLayer, SettledOnBase, read_base_history
from sequencer.node.base_messages import WATCHER_STATE
from sequencer.node.blob_sources import GetBlob
from sequencer.node.commands import Kind
from sequencer.node.deploying import NodeDeployment
from sequencer.node.errors import StoreRequestInvalid
from sequencer.node.links import Record
from sequencer.node.live import LiveState, encode_rebuilt
from sequencer.node.live_codec import encode_live
from sequencer.node.stages import Settlement, record_settlement
from sequencer.node.store import Store
from sequencer.progress import Report
from verifier import kzg
from verifier.base_layer import BaseLayer

__all__ = ["RebuiltNode", "check_store_empty", "fill_store", "rebuild_state", "start_receipts_anew"]


@dataclass(frozen=True)
class RebuiltNode:
    """What was rebuilt."""

    params: Params
    state: State
    settlements: tuple[Settlement, ...]
    block: int  # of the base layer, the last that was read
    n_entries: int  # of the queue, those that wait included


def rebuild_state(
    layer: HistoricLayer,
    deployment: NodeDeployment,
    genesis: Snapshot,
    shape: Shape,
    get_blob: GetBlob,
    report: Report,
) -> RebuiltNode:
    """Return the state that the base layer's final blocks hold.

    Raises DeploymentElsewhere: the contract has other parameters; DataFault: a blob is missing or not the group's, data
    lead elsewhere, or a group is settled in a block that is not final yet; BaseLayerError, what `get_blob` raises.
    """
    rollup = deployment.open_rollup(layer)
    if (params_hash := rollup.call("paramsHash")) != genesis.params.params_hash:
        raise DeploymentElsewhere("parameters' hash", str(params_hash), str(genesis.params.params_hash))
    history, state = read_base_history(layer, deployment), genesis.state
    events, settlements = QueueEvents(history.entries), list[Settlement]()
    for group in history.groups:
        report("groups rebuilt", group.number, len(history.groups))
        before, state = state, _apply_group(state, genesis.params, shape, group, get_blob, events)
        settlements.append(_describe(layer, before, group))
    n_settled, root = rollup.call("progress")[4], rollup.call("stateRoot")
    if (n_settled, root) != (len(history.groups), state.state_root):
        got, expected = f"group {n_settled}, root {root}", f"group {len(history.groups)}, root {state.state_root}"
        raise DataFault("contract", "settled, final blocks and later ones", got, f"{expected}: wait until all is final")
    return RebuiltNode(genesis.params, state, tuple(settlements), history.block, len(history.entries))


def check_store_empty(store: Store) -> None:
    """Raise StoreRequestInvalid unless there is nothing, or only what a rebuild that was cut off left."""
    records = store.read(0, 2) if store.latest_snapshot() is None else None
    if store.last_sequence and (records is None or [one.kind for one in records] != [Kind.REBUILT]):
        got = f"over {store.last_sequence} records"
        raise StoreRequestInvalid(store.name, "rebuild", got, "an empty store: name a new one as [store] target")


def fill_store(store: Store, rebuilt: RebuiltNode) -> None:
    """Write record, settlements and snapshot of what was rebuilt into an empty store.

    Cut off anywhere, it may be called again; until it is done a node refuses to start there. Raises StoreError.
    """
    check_store_empty(store)
    header = rebuilt.state.header
    if store.last_sequence == 0:
        body = encode_rebuilt(header.batch_number, len(rebuilt.settlements), rebuilt.block, header.state_root)
        store.append([Record(Kind.REBUILT, body)], now_us=time.time_ns() // 1000)
    artifacts = [record_settlement(one)[1][0] for one in rebuilt.settlements]
    for artifact in artifacts:
        store.put_artifact(*artifact)  # the same again is no error
    store.put_snapshot(1, encode_live(LiveState(rebuilt.params, rebuilt.state)))


def start_receipts_anew(folder: Path, receipt_key: Path) -> Path | None:
    """Set the key of the lost receipts aside and return where; the watcher begins at the contract's first block."""
    for suffix in ("", "-wal", "-shm"):
        (folder / f"{WATCHER_STATE}{suffix}").unlink(missing_ok=True)
    if not receipt_key.exists():
        return None
    aside = receipt_key.with_name(f"{receipt_key.name}.until-{time.time_ns()}")
    receipt_key.rename(aside)
    return aside


def _apply_group(
    state: State, params: Params, shape: Shape, group: SettledOnBase, get_blob: GetBlob, events: QueueEvents
) -> State:
    """Return the state after a group. Raises DataFault."""
    name, length = f"group {group.number}", count_elements(shape)
    coefficients = _read_blob(name, group, get_blob)
    n_batches = group.last_batch - state.header.batch_number
    if not 0 < n_batches <= len(coefficients) // length or any(coefficients[n_batches * length :]):
        raise DataFault(name, "batches in its blob", "others", f"{n_batches} of {length} elements")
    for k in range(n_batches):
        elements = coefficients[k * length : (k + 1) * length]
        root = group.new_root if k + 1 == n_batches else None  # what lies between is not in the events
        try:
            state = apply_segment(state, params, BatchData(shape, elements, root), events)
        except BatchInvalid as error:
            raise DataFault(name, "data", str(error), "what genesis, queue and blobs lead to") from error
    if state.header.queue_consumed != group.consumed:
        raise DataFault(name, "entries consumed", str(state.header.queue_consumed), str(group.consumed))
    return state


def _read_blob(name: str, group: SettledOnBase, get_blob: GetBlob) -> Sequence[int]:
    stated = f"0x{group.versioned_hash.hex()}"
    if (blob := get_blob(group.versioned_hash, group.blob_block)) is None:
        where = "name its folder by --blobs, or a beacon node by --beacon"
        raise DataFault(name, "blob", "nothing", f"the blob {stated} of block {group.blob_block}: {where}")
    if (got := kzg.versioned_hash(kzg.commit(blob))) != group.versioned_hash:
        raise DataFault(name, "versioned hash", f"0x{got.hex()}", stated)
    return decode_blob(blob)


def _describe(layer: BaseLayer, before: State, group: SettledOnBase) -> Settlement:
    first = before.header.batch_number + 1
    place = (group.transaction.hex(), group.block, layer.get_block(group.block).timestamp_s)
    return Settlement(group.number, first, group.last_batch - first + 1, *place)

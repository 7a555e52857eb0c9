"""One proved group brought to the contract: in one transaction, or in parts where it is too large for one.

Nothing is remembered here: how far a group is stands in the contract, and who comes after a crash goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from eth_utils.crypto import keccak

from rollup.units import COUNTER_BITS
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.proving_errors import SettlementDiverged
from sequencer.queue_file import decode_queue
from sequencer.sealing import SealedGroup
from verifier.base_layer import BaseLayer, Contract, Receipt
from verifier.base_layer.node_errors import TransactionTooLarge
from verifier.group import CommittedGroup, commit_group, compute_expected_inputs
from verifier.queue_entries import Entry
from verifier.rollup_contract import (
    decode_record,
    encode_batches,
    encode_claims,
    encode_opening,
    flatten_inputs,
    hash_inputs,
)

__all__ = ["GroupSettler", "Progress"]

_SHAPE: Final = 0
_PROOFS_AT_ONCE: Final = 13  # 1.0 million gas, 12 KiB
_SEARCH_BLOCKS: Final = 2_000  # for the record of a group that is committed: at most a prove window old


class Progress(NamedTuple):
    """How far the contract is: its struct of that name."""

    batch_number: int
    timestamp_s: int
    consumed: int  # entries of the queue
    n_entries: int
    group: int  # the next one
    pending_until_s: int
    is_paused: bool


@dataclass(frozen=True)
class _Ready:
    """A group with all that its transactions are made of."""

    sealed: SealedGroup
    committed: CommittedGroup
    entries: tuple[Entry, ...]
    proved: ProvedGroup

    @property
    def batches(self) -> list[tuple[object, ...]]:
        return encode_batches(self.sealed.group, self.committed, self.entries)

    def encode_claims(self, first: int, end: int) -> bytes:
        return encode_claims(self.proved.proofs[first:end], self.proved.values[first:end])


class GroupSettler:
    """Settles for the sequencer, whose key the layer holds."""

    def __init__(self, layer: BaseLayer, rollup: Contract, sequencer: bytes, first_block: int, in_parts: bool) -> None:
        """`first_block`: the contract is not older. in_parts: never in one transaction."""
        self._layer, self._rollup, self._sequencer = layer, rollup, sequencer
        self._first_block, self._in_parts = first_block, in_parts
        self._gas: dict[int, int | None] = {}  # by group; None where an answer was lost, or another process sent some

    def get_progress(self) -> Progress:
        """Return how far the contract is."""
        return Progress(*self._rollup.call("progress"))

    def get_lead_s(self, proved: ProvedGroup) -> int:
        """Return by how much the group's last batch is later than the next block: above 0, it has to wait."""
        last_s = proved.decode()[0].group.batches[-1].clock >> COUNTER_BITS
        return last_s - max(int(time.time()), self._layer.get_head().timestamp_s + 1)

    def take_gas(self, group: int) -> int | None:
        """Return the gas of all of a group's transactions, None where that is not known here; it is forgotten then."""
        return self._gas.pop(group, None)

    def settle(self, proved: ProvedGroup) -> None:
        """Settle the contract's next group.

        Raises SettlementDiverged, FileMalformed, GroupMalformed, BaseLayerError.
        """
        ready = self._prepare(proved)
        if self._in_parts or self._rollup.call("pendingHash") != bytes(32):
            self._settle_in_parts(ready)
            return
        try:
            self._transact(
                ready,
                "settle",
                _SHAPE,
                ready.batches,
                ready.encode_claims(0, len(proved.proofs)),
                encode_opening(ready.sealed.opening),
                blobs=[proved.blob],
            )
        except TransactionTooLarge:  # never sent
            del self._gas[proved.number]
            self._settle_in_parts(ready)

    def _prepare(self, proved: ProvedGroup) -> _Ready:
        sealed, path = proved.decode()
        if (root := self._rollup.call("stateRoot")) != sealed.group.old_root:
            raise SettlementDiverged(proved.number, "state root", str(root), str(sealed.group.old_root))
        entries = decode_queue(path, proved.queue).entries
        return _Ready(sealed, commit_group(sealed.group, entries), entries, proved)

    def _settle_in_parts(self, ready: _Ready) -> None:
        record = self._find_record(ready)
        if record is None:
            record = self._commit(ready)
        else:
            self._gas[ready.proved.number] = None
        params_hash = self._rollup.call("paramsHash")
        limbs = [None] * len(ready.sealed.names)
        inputs = compute_expected_inputs(ready.sealed.group, ready.committed, params_hash, limbs)
        for first in range(0, len(inputs), _PROOFS_AT_ONCE):
            if self._rollup.call("pendingProved") >> first & 1:
                continue
            end = min(first + _PROOFS_AT_ONCE, len(inputs))
            run = (flatten_inputs(inputs[first:end]), ready.encode_claims(first, end))
            self._transact(ready, "proveBatches", record, hash_inputs(inputs), first, *run)
        self._transact(ready, "finishGroup", record, encode_opening(ready.sealed.opening))

    def _commit(self, ready: _Ready) -> bytes:
        """Return the record of the group, newly committed. Reverts while another's time is not over."""
        blobs = [ready.proved.blob]
        receipt = self._transact(ready, "commitGroup", _SHAPE, ready.batches, blobs=blobs)
        [event] = self._rollup.decode_events("GroupCommitted", receipt.logs)
        return bytes(event["record"])

    def _transact(self, ready: _Ready, name: str, *arguments: object, blobs: Sequence[bytes] = ()) -> Receipt:
        number = ready.proved.number
        before, self._gas[number] = self._gas.get(number, 0), None
        receipt = self._rollup.transact(name, *arguments, sender=self._sequencer, blobs=blobs)
        self._gas[number] = None if before is None else before + receipt.gas_used
        return receipt

    def _find_record(self, ready: _Ready) -> bytes | None:
        """Return the record of the pending group where it is this one: an earlier process committed it."""
        pending: bytes = self._rollup.call("pendingHash")
        last = self._layer.get_head().number
        while pending != bytes(32) and last >= self._first_block:
            first = max(last - _SEARCH_BLOCKS + 1, self._first_block)
            logs = self._layer.get_logs(first, last, [self._rollup.address])
            for event in self._rollup.decode_events("GroupCommitted", logs):
                record = bytes(event["record"])
                if keccak(record) == pending:
                    return record if decode_record(record).z == ready.sealed.z else None
            last = first - 1
        return None

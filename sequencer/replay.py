"""Replays a tape: the participants send, the model clears, one file a batch is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from rollup.codec import encode_trace
from rollup.params import Params
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import Resources, State, make_genesis
from rollup.transition import BatchResult, build_batch
from rollup.txs import Cancel, Deposit, Withdraw
from sequencer.cast import Participant, make_cast
from sequencer.files import staged_folder, write_atomically
from sequencer.manifest import MANIFEST, BatchEntry, Manifest, encode_manifest
from sequencer.market import MARKET, Slice, cut_slices, make_params
from sequencer.oracle_feed import make_signers
from sequencer.progress import Report
from sequencer.tape import read_tape
from sequencer.workload import BatchInput, Workload

__all__ = ["Replay", "replay_tape", "run_replay"]

_GENESIS_LEAD_S: Final = 1  # the state before the first batch is one second older


@dataclass(frozen=True)
class Replay:
    """What a replay found, batch by batch."""

    params: Params
    cast: tuple[Participant, ...]
    genesis: State
    inputs: tuple[BatchInput, ...]
    results: tuple[BatchResult, ...]

    @property
    def state(self) -> State:
        """The state after the last batch."""
        return self.results[-1].state


def run_replay(slices: list[Slice], shape: Shape, n_accounts: int, seed: int, report: Report) -> Replay:
    """Return the batches of a tape's slices. Deterministic. Raises OptionInvalid."""
    signers = make_signers(seed)
    params = make_params(tuple(signer.public_key for signer in signers))
    cast = make_cast(shape, n_accounts, seed)
    workload = Workload(slices, shape, params, cast, signers, seed)
    proving, leaf, bandwidth = params.min_base_fee
    resources = Resources(base_fees=(proving, leaf, bandwidth))
    state = genesis = make_genesis((slices[0].mark_ticks,), slices[0].timestamp_s - _GENESIS_LEAD_S, resources)
    signatures = SignatureCache()
    inputs: list[BatchInput] = []
    results: list[BatchResult] = []
    for number in range(len(slices)):
        report("batches cleared", number, len(slices))
        sent = workload.next_batch(number, state)
        result = build_batch(
            state,
            params,
            shape,
            oracle=sent.oracle,
            timestamp_s=sent.timestamp_s,
            orders=sent.orders,
            cash_ops=sent.cash_ops,
            signatures=signatures,
        )
        inputs.append(sent)
        results.append(result)
        state = result.state
    return Replay(params, tuple(cast), genesis, tuple(inputs), tuple(results))


def replay_tape(
    tape: Path, out: Path, shape: Shape, n_batches: int, n_accounts: int, seed: int, report: Report
) -> tuple[Manifest, Replay]:
    """Replay a tape into a folder: `batch-0000.zkm` and so on, then `manifest.json`. All of them, or none.

    Raises FileMissing, FileTooLarge, TapeMalformed, OptionInvalid.
    """
    trades = read_tape(tape)
    replay = run_replay(cut_slices(trades, n_batches), shape, n_accounts, seed, report)
    with staged_folder(out, MANIFEST) as stage:
        entries = tuple(
            _write_batch(stage, sent, result) for sent, result in zip(replay.inputs, replay.results, strict=True)
        )
        digest = sha256(tape.read_bytes()).hexdigest()
        manifest = Manifest(tape.name, digest, shape.name, seed, n_accounts, entries)
        write_atomically(stage / MANIFEST, encode_manifest(manifest))
    return manifest, replay


def _write_batch(stage: Path, sent: BatchInput, result: BatchResult) -> BatchEntry:
    number = result.state.header.batch_number - 1
    name = f"batch-{number:04}.zkm"
    data = encode_trace(result.trace)
    write_atomically(stage / name, data)
    cash = Counter(type(lane.op) for lane in result.trace.cash_lanes if lane.is_applied)
    return BatchEntry(
        file=name,
        sha256=sha256(data).hexdigest(),
        batch_number=result.state.header.batch_number,
        timestamp_s=sent.timestamp_s,
        mark_ticks=result.state.header.marks_ticks[MARKET],
        price_ticks=result.trace.clearing_prices_ticks[MARKET],
        orders=sent.n_orders,
        fills=len(result.fills),
        liquidations=len(result.liquidations),
        deposits=cash[Deposit],
        withdrawals=cash[Withdraw],
        cancels=cash[Cancel],
        rejected=len(result.rejected),
        old_state_root=str(result.trace.header_before.state_root),
        new_state_root=str(result.trace.header_after.state_root),
    )

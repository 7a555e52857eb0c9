"""Replays a tape: the participants send, the model clears, one file a batch is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from rollup.codec import encode_trace
from rollup.params import Params
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import Resources, State, make_genesis
from rollup.trade_lanes import LiquidationReport
from rollup.transition import BatchResult, build_batch
from rollup.txs import Cancel, Deposit, ForcedTrade, QueueEntry, SignedCashOp, Withdraw
from sequencer.cast import Participant, make_cast
from sequencer.errors import OptionInvalid
from sequencer.files import staged_folder, write_atomically
from sequencer.groups import write_group
from sequencer.manifest import MANIFEST, BatchEntry, Manifest, encode_manifest
from sequencer.market import MARKET, Slice, cut_slices, make_params, move_slices
from sequencer.oracle_feed import make_signers
from sequencer.outcome import count_rescues, get_bad_debt_atoms, get_fund_atoms, is_identity_held
from sequencer.progress import Report
from sequencer.queue_file import QUEUE, Queue, encode_queue
from sequencer.sealing import GroupSealer
from sequencer.settlement.people import find_deployment
from sequencer.snapshots import GENESIS, SNAPSHOT, write_snapshot
from sequencer.sweeps import count_takers, cut_sweeps, pick_largest
from sequencer.tape import read_tape
from sequencer.turn import BatchInput
from sequencer.workload import Workload
from verifier.addresses import DEVELOPMENT_CHAIN_ID
from verifier.group import MAX_BATCHES

__all__ = ["BridgeFlow", "Replay", "ReplayOptions", "replay_tape"]

_GENESIS_LEAD_S: Final = 1  # the state before the first batch is one second older
_MAX_EXTRA: Final = 1_000  # batches after the tape's end, for the takers that are still waiting


@dataclass(frozen=True)
class ReplayOptions:
    """What a replay is made of beside the tape."""

    shape: Shape
    n_batches: int | None  # None: as many as every trade of the tape takes
    n_accounts: int
    seed: int = 1
    group_size: int = MAX_BATCHES  # batches of a group at most
    chain_id: int = DEVELOPMENT_CHAIN_ID
    ends_at_s: int | None = None  # the tape moved in time, so that its last batch has this time; None: as it was


@dataclass(frozen=True)
class BridgeFlow:
    """What crossed between the base layer and the rollup in one batch, 1e-6 USD."""

    deposited_e6: int
    withdrawn_e6: int
    vault_e6: int  # after it


@dataclass
class Replay:
    """What a replay found, for tables: who took part, liquidations and bridge by batch, the state so far."""

    params: Params
    cast: tuple[Participant, ...]
    state: State
    liquidations: list[tuple[LiquidationReport, ...]] = field(default_factory=list)
    flows: list[BridgeFlow] = field(default_factory=list)

    def add(self, result: BatchResult) -> None:
        """Take in the next batch."""
        lanes, vault_e6 = result.trace.cash_lanes, result.state.header.vault_e6
        deposited_e6, withdrawn_e6 = sum(max(0, lane.flows.vault_e6) for lane in lanes), sum(x.paid_e6 for x in lanes)
        self.state = result.state
        self.liquidations.append(result.liquidations)
        self.flows.append(BridgeFlow(deposited_e6, withdrawn_e6, vault_e6))


def replay_tape(tape: Path, out: Path, options: ReplayOptions, report: Report) -> tuple[Manifest, Replay]:
    """Replay a tape into a folder: `batch-0000.zkm` and so on, their groups, `queue.json`, a snapshot at each end, then
    `manifest.json`.

    All of them, or none. Raises FileMissing, FileTooLarge, TapeMalformed, OptionInvalid.
    """
    trades, n_takers = read_tape(tape), count_takers(options.shape)
    if options.n_batches is None:
        slices = cut_sweeps(trades, n_takers)
    else:
        slices = [pick_largest(part, n_takers) for part in cut_slices(trades, options.n_batches)]
    slices = move_slices(slices, options.ends_at_s)
    replay = _open_replay(slices, options)
    with staged_folder(out, MANIFEST) as stage:
        entries, sealer = [], GroupSealer(options.shape, options.group_size)
        write_snapshot(stage / GENESIS, replay.params, replay.state)
        for sent, result in _run(replay, slices, options, report):
            replay.add(result)
            entries.append(_write_batch(stage, sent, result, replay.params))
            if sealed := sealer.add(Path(entries[-1].file).stem, result.trace):
                write_group(stage, sealed)
        if sealed := sealer.seal():
            write_group(stage, sealed)
        write_atomically(stage / QUEUE, encode_queue(Queue(0, tuple(sealer.entries))))
        write_snapshot(stage / SNAPSHOT, replay.params, replay.state)
        facts = (tape.name, sha256(tape.read_bytes()).hexdigest(), options.shape.name, options.seed)
        manifest = Manifest(*facts, options.n_accounts, sealer.number, tuple(entries))
        write_atomically(stage / MANIFEST, encode_manifest(manifest))
    return manifest, replay


def _open_replay(slices: list[Slice], options: ReplayOptions) -> Replay:
    oracle_keys = tuple(signer.public_key for signer in make_signers(options.seed))
    params = make_params(oracle_keys, find_deployment(options.seed, options.chain_id))
    cast = make_cast(options.shape, options.n_accounts, options.seed)
    proving, leaf, bandwidth = params.min_base_fee
    resources = Resources(base_fees=(proving, leaf, bandwidth))
    genesis = make_genesis((slices[0].mark_ticks,), slices[0].timestamp_s - _GENESIS_LEAD_S, resources)
    return Replay(params, tuple(cast), genesis)


def _run(
    replay: Replay, slices: list[Slice], options: ReplayOptions, report: Report
) -> Iterator[tuple[BatchInput, BatchResult]]:
    """Yield batch after batch until the tape is at its end and every trade has found its taker. Deterministic.

    Raises OptionInvalid where the accounts cannot serve the tape.
    """
    state, signatures = replay.state, SignatureCache()
    signers = make_signers(options.seed)
    workload = Workload(slices, options.shape, replay.params, replay.cast, signers, options.seed)
    waiting: list[SignedCashOp] = []
    number = 0
    while number < len(slices) or (workload.n_pending and options.n_batches is None):
        if number == len(slices) + _MAX_EXTRA:
            raise OptionInvalid("--accounts", str(options.n_accounts), f"more: {workload.n_pending} trades find nobody")
        report("batches cleared", number, max(number, len(slices)))
        sent = workload.next_batch(number, state, waiting)
        result = build_batch(
            state,
            replay.params,
            options.shape,
            oracle=sent.oracle,
            timestamp_s=sent.timestamp_s,
            orders=sent.orders,
            cash_ops=sent.cash_ops,
            signatures=signatures,
        )
        yield sent, result
        state, number = result.state, number + 1
        waiting = [signed for signed in result.waiting_cash if isinstance(signed.op, QueueEntry | ForcedTrade)]


def _write_batch(stage: Path, sent: BatchInput, result: BatchResult, params: Params) -> BatchEntry:
    state, trace = result.state, result.trace
    name = f"batch-{state.header.batch_number - 1:04}.zkm"
    data = encode_trace(trace)
    write_atomically(stage / name, data)
    cash = Counter(type(lane.op) for lane in trace.cash_lanes if lane.is_applied)
    return BatchEntry(
        file=name,
        sha256=sha256(data).hexdigest(),
        batch_number=state.header.batch_number,
        timestamp_s=sent.timestamp_s,
        mark_ticks=state.header.marks_ticks[MARKET],
        price_ticks=trace.clearing_prices_ticks[MARKET],
        orders=sent.n_orders,
        fills=len(result.fills),
        liquidations=len(result.liquidations),
        **count_rescues(result),
        deposits=cash[Deposit],
        withdrawals=cash[Withdraw],
        cancels=cash[Cancel],
        rejected=len(result.rejected),
        fund_atoms=get_fund_atoms(state, params),
        bad_debt_atoms=get_bad_debt_atoms(state, params),
        congestion_ppm=state.header.resources.congestion_ppm,
        identity_held=is_identity_held(state),
        old_state_root=str(trace.header_before.state_root),
        new_state_root=str(trace.header_after.state_root),
    )

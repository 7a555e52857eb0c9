"""A node's contract under a key whose secret is known, and groups of real batches with proofs that anybody could make.

The contract checks them as any others: what is shown with them is what happens around proofs, not that they are made.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from rollup.bls_field import evaluate
from rollup.public_inputs import get_segment
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from rollup.txs import SignedCashOp
from sequencer.node.base_messages import PublisherSettings
from sequencer.node.deploying import NodeDeployment, deploy_node
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.proof_worker import SealJob, seal_job
from sequencer.node.stages import make_batch_artifact, name_batch
from sequencer.queue_file import decode_queue
from sequencer.settlement.deploying import VerifyingKey
from sequencer.snapshots import GENESIS, read_snapshot
from tests.owners import deposit
from tests.scenarios import Exchange
from tests.small_node import make_state
from tests.verifier.rollup_scene import BATCH_SETUP, EXIT_SETUP, prove
from verifier.base_layer import BaseLayer
from verifier.group import commit_group, compute_expected_inputs
from verifier.keys import encode_verifying_key
from verifier.queue_entries import decode_entry

QUICK = PublisherSettings(poll_s=0.1, first_pause_s=0.05, max_pause_s=0.5, quiet_failures=0)


class Ground:
    """The contract, and an exchange whose batches consume its queue."""

    def __init__(self, layer: BaseLayer, folder: Path) -> None:
        """Deploy, or find again."""
        keys = [VerifyingKey(encode_verifying_key(setup.get_key()), True) for setup in (BATCH_SETUP, EXIT_SETUP)]
        make = partial(make_state, start_s=int(time.time()) - 1_000)
        self.deployment: NodeDeployment = deploy_node(layer, folder, TINY, (keys[0], keys[1]), make)
        genesis = read_snapshot(folder / GENESIS)
        self.exchange = Exchange(params=genesis.params, state=genesis.state, now_s=genesis.state.header.timestamp_s)
        self._next_group, self._next_account = 0, 2

    def deposit(self, layer: BaseLayer) -> int:
        """Let a new account's owner deposit, and return how many entries the queue has then."""
        deposit(layer, self.deployment, self._next_account)
        self._next_account += 1
        return int(self.deployment.open_rollup(layer).call("progress")[3])

    def make_group(self, entries: list[bytes]) -> ProvedGroup:
        """Return the next group: a batch for each entry."""
        ops = (SignedCashOp(decode_entry(entry)) for entry in entries)
        return self.prove([self.exchange.batch(cash=[op]).trace for op in ops])

    def prove(self, traces: list[BatchTrace]) -> ProvedGroup:
        """Return the next group of these batches."""
        numbers = [trace.header_after.batch_number for trace in traces]
        bodies = tuple(make_batch_artifact(trace).body for trace in traces)
        answer = seal_job(SealJob(self._next_group, tuple(map(name_batch, numbers)), bodies))
        self._next_group += 1
        bare = ProvedGroup(self._next_group - 1, numbers[0], answer.group, answer.blob, answer.queue, (), ())
        sealed, path = bare.decode()
        committed = commit_group(sealed.group, decode_queue(path, answer.queue).entries)
        values = tuple(evaluate(get_segment(trace), committed.z) for trace in traces)
        limbs = [(value % 2**128, value >> 128) for value in values]
        inputs = compute_expected_inputs(sealed.group, committed, self.exchange.params.params_hash, limbs)
        return replace(bare, proofs=tuple(prove(BATCH_SETUP, batch) for batch in inputs), values=values)

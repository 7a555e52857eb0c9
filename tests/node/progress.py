"""Batches of a stepped node on their way to the base layer: written as a pipeline writes them, which it has none of."""

from __future__ import annotations

from rollup.public_inputs import PublicInputs
from sequencer.node.commands import PlaceOrder
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.proof_worker import ProofAnswer
from sequencer.node.stages import Settlement, name_batch, record_proof, record_settlement
from sequencer.node.view_types import BatchStage
from tests.node.stepped_node import SteppedNode
from tests.scenarios import AVAX_PRICE

SETTLED_S = 1_760_000_001
TRANSACTION = "ab" * 32


async def trade(core: SteppedNode) -> int:
    """Let accounts 2 and 3 trade with one another; return the batch."""
    orders = [core.exchange.order(2, 5, AVAX_PRICE), core.exchange.order(3, -5, AVAX_PRICE)]
    answers = await core.submit([PlaceOrder(order) for order in orders])
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    await core.clear()
    return core.get_status().batch_number


async def prove(core: SteppedNode, number: int, group: int, proof_be: bytes, inputs: PublicInputs) -> None:
    """Keep a proof that took 2.5 s."""
    answer = ProofAnswer(name_batch(number), proof_be, inputs, witness_s=0.5, prove_s=2.0, peak_rss_bytes=0)
    record, artifacts, _ = record_proof(number, group, answer)
    await core.write([record], artifacts)
    core.set_progress(number, BatchProgress(BatchStage.PROVED, group, 2.5, None))


async def settle(core: SteppedNode, group: int, numbers: range, gas_used: int | None) -> None:
    """Keep the settlement of a group of these batches. gas_used: None where another process sent it."""
    facts = (group, numbers.start, len(numbers), TRANSACTION, 9, SETTLED_S, gas_used)
    record, artifacts = record_settlement(Settlement(*facts))
    await core.write([record], artifacts)
    for number in numbers:
        core.set_progress(number, BatchProgress(BatchStage.SETTLED, group, None, bytes.fromhex(TRANSACTION)))

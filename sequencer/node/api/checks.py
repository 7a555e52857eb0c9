"""What the node checks when it is asked, so that a page can show it. Each takes a few ms of a thread, one at a time.

Whoever does not believe the node checks the same files by `zkmargin` or snarkjs: docs/verification.md.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from prover import kernel
from rollup.codec_inclusion import decode_inclusion
from rollup.errors import ProofInvalid
from rollup.inclusion import check_inclusion
from sequencer.node.api.batch_details import read_claim, read_public_inputs, read_trace
from sequencer.node.api.errors import NotFound
from sequencer.node.api.service import Service
from sequencer.node.api.wire_batch import InclusionVerdict, Verdict
from sequencer.node.core import Core
from sequencer.node.view_types import BatchStage
from verifier.keys import encode_public_inputs

__all__ = ["verify_batch", "verify_inclusion"]

Values = Mapping[str, Any]
_T = TypeVar("_T")


async def verify_batch(service: Service, values: Values, address: str) -> Verdict:
    """Return what came of a batch's proof. Raises NotFound where there is no proof, RateExceeded."""
    service.rates.take_check(address)
    core, number, proving = service.core, values["number"], service.proving
    claim, inputs = read_claim(core, number), read_public_inputs(core, number)
    if proving is None or claim is None or inputs is None:
        raise NotFound("proof of batch", str(number))
    public_be = encode_public_inputs(inputs)
    is_valid, verify_ms = await _time(service, lambda: _is_proof(proving.verifying_key_be, claim.proof_be, public_be))
    trace = await read_trace(core, number)
    roots = (trace.header_before.state_root, trace.header_after.state_root)
    is_bound = (inputs.old_state_root, inputs.new_state_root) == roots
    return Verdict(number, is_valid, is_bound, proving.is_development, verify_ms)


async def verify_inclusion(service: Service, values: Values, address: str) -> InclusionVerdict:
    """Return what came of an account's inclusion proof. Raises NotFound, RateExceeded."""
    service.rates.take_check(address)
    core, account = service.core, values["account"]
    data = core.prove_inclusion(account)
    if data is None:
        raise NotFound("proof of account", str(account))
    status = core.get_status()
    is_valid, verify_ms = await _time(service, lambda: _is_included(data, status.state_root))
    is_settled = _is_settled(core, status.batch_number)
    root = str(status.state_root)
    return InclusionVerdict(account, is_valid, status.batch_number, root, is_settled, len(data), verify_ms)


async def _time(service: Service, check: Callable[[], _T]) -> tuple[_T, float]:
    """Return what a check says, and the milliseconds it took, in a thread."""

    def timed() -> tuple[_T, float]:
        started_s = time.perf_counter()
        return check(), 1000 * (time.perf_counter() - started_s)

    async with service.checking:
        return await asyncio.to_thread(timed)


def _is_proof(key_be: bytes, proof_be: bytes, public_be: bytes) -> bool:
    try:
        return kernel.verify(key_be, proof_be, public_be)
    except ValueError:  # not a proof at all: a point that is on no curve
        return False


def _is_included(data: bytes, state_root: int) -> bool:
    try:
        check_inclusion(decode_inclusion(data), state_root)
    except ProofInvalid:
        return False
    return True


def _is_settled(core: Core, number: int) -> bool:
    batch = core.get_batch(number)
    return batch is not None and batch.stage is BatchStage.SETTLED

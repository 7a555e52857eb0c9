"""Proves on a Ray cluster of this machine, and loses a prover on the way: `python -m tests.ray_check`.

Ray is no locked requirement: pip install -r requirements/ray.in. `tests/cluster` runs this where it is installed.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing

from prover import kernel
from rollup.codec import encode_trace
from sequencer.node.proof_worker import ProofJob
from sequencer.node.ray_pool import open_ray_pool
from tests.proving import get_day, get_verifying_key, make_prover_settings
from verifier.keys import encode_public_inputs


def main(address: str) -> None:
    """Prove one batch, kill the actor that proves the next, and check both proofs."""
    kernel.install()
    with closing(open_ray_pool(address, make_prover_settings())) as pool:
        for batch in (0, 1):
            future = pool.submit(ProofJob(f"batch-{batch}", encode_trace(get_day()[batch]), 7))
            if batch:
                time.sleep(1.0)
                threading.Thread(target=pool._provers[0]._drop).start()  # type: ignore[attr-defined]
            answer = future.result(600)
            assert kernel.verify(get_verifying_key(), answer.proof_be, encode_public_inputs(answer.public_inputs))
            print(answer.name, answer.witness_s, answer.prove_s)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "local")

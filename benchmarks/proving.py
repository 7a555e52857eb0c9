"""One shape in a process of its own: building its templates, setup, witness, proof; JSON on standard output."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.full_block import make_full_block
from prover import kernel
from prover.circuit import KernelBatch
from rollup.shapes import get_shape


def measure(shape_name: str, n_proofs: int) -> dict[str, float | int]:
    """Return seconds and bytes of each stage for a full batch of the shape; witness and proof are medians."""
    kernel.install()
    shape = get_shape(shape_name)
    from circuits.batch import build_batch_circuit  # here, so that recording templates is all inside the clock

    started = time.perf_counter()
    batch = KernelBatch(build_batch_circuit(shape))
    circuit = batch.circuit
    figures: dict[str, float | int] = {"build_s": time.perf_counter() - started, "build_peak_bytes": _peak_bytes()}
    figures |= {"constraints": circuit.n_constraints, "domain_log2": circuit.domain_log2, "orders": shape.max_orders}
    trace = make_full_block(shape)
    with tempfile.TemporaryDirectory() as folder:
        key_path = Path(folder) / "proving.key"
        started = time.perf_counter()
        verifying_key = kernel.setup(circuit, key_path)
        figures |= {"setup_s": time.perf_counter() - started, "key_bytes": key_path.stat().st_size}
        key = kernel.ProvingKey.load(key_path)
        witness_s, prove_s, verify_s = [], [], []
        for _ in range(n_proofs):
            started = time.perf_counter()
            witness = batch.compute_witness(trace)
            witness_s.append(time.perf_counter() - started)
            started = time.perf_counter()
            proof = kernel.prove(key, circuit, witness)
            prove_s.append(time.perf_counter() - started)
            started = time.perf_counter()
            assert kernel.verify(verifying_key, proof, witness.public_inputs_be()), "our own proof does not verify"
            verify_s.append(time.perf_counter() - started)
    medians = {"witness_s": witness_s, "prove_s": prove_s, "verify_s": verify_s}
    figures |= {name: statistics.median(values) for name, values in medians.items()}
    return figures | {"peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    """Return this program's own peak: getrusage's begins, on Linux, with that of who started it."""
    status = Path("/proc/self/status")
    if status.exists():  # proc(5): kilobytes
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes; bytes on macOS
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], int(sys.argv[2])), sys.stdout)

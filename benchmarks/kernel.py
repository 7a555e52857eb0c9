"""The kernel on a synthetic circuit of 2^20 rows: setup, witness, constraint check, proof; times and peak memory.

One template, repeated: Poseidon of eight inputs, bit decompositions and slopes (a division and three products), about a
third of the rows each, as in a TradeLane. Run from the repository root: `python -m benchmarks.kernel [log2]`.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from circuits.bits import to_bits
from circuits.poseidon import poseidon
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from circuits.template import record_template
from prover import kernel

SEED = b"benchmarks/kernel.py"
N_HASHES, N_DECOMPOSITIONS, N_SLOPES = 14, 20, 1300

T = TypeVar("T")


def build_lane(cs: ConstraintSystem) -> None:
    """A lane's worth of rows: what is chained matters less than that every wire is used."""
    state = cs.port("in")
    free = [cs.private(f"free[{i}]") for i in range(7)]
    for i in range(N_HASHES):
        state = poseidon(cs, [state, *free], 1, name=f"hash[{i}]")
    for i in range(N_DECOMPOSITIONS):
        to_bits(cs, free[i % 7], 252, name=f"bits[{i}]")
    x, y = state, free[0]
    for i in range(N_SLOPES):
        (slope,) = cs.hint(Opcode.DIV, y, x, name=f"slope[{i}]/hint")
        cs.assert_product(slope, x, y, name=f"slope[{i}]/defines")
        x, y = cs.mul(slope, slope + y, name=f"slope[{i}]/x"), cs.mul(slope, x - y, name=f"slope[{i}]/y")


def timed(label: str, work: Callable[[], T]) -> T:
    """Run `work`, print seconds on the wall, seconds of processor and peak memory so far, and return its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"| {label} | {wall:.2f} | {cpu:.2f} | {peak_mib} |", flush=True)
    return result


def report_stages() -> Callable[[str, int, int], None]:
    """Return a progress callback that prints the seconds each stage took, wall and processor, to standard error."""
    started: dict[str, tuple[float, float]] = {}

    def report(stage: str, done: int, total: int) -> None:
        now = time.perf_counter(), time.process_time()
        wall, cpu = started.setdefault(stage, now)
        if done == total and done:
            print(f"  {stage}: {now[0] - wall:.2f} s, processor {now[1] - cpu:.2f} s", file=sys.stderr, flush=True)

    return report


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("log2", default=20, type=click.IntRange(14, 24))
def main(log2: int) -> None:
    """Measure a circuit of just below 2**LOG2 rows: 20 unless given."""
    template = record_template("lane", build_lane)
    n_instances = ((1 << log2) - 2) // template.n_rows
    ports = [[1]] * n_instances
    circuit = kernel.Circuit([template.data], [0] * n_instances, ports, 2, 1)
    print(f"{circuit.n_constraints} rows, {circuit.n_wires} wires, {n_instances} instances of {template.n_rows} rows")
    print("| what | wall s | cpu s | peak MiB |\n|---|---|---|---|")
    bus, private = (
        kernel.encode_be([1, 12345]),
        [kernel.encode_be([pow(7, 1 + 7 * i + j, 1 << 252) for j in range(7)]) for i in range(n_instances)],
    )
    witness = timed("witness", lambda: circuit.compute_witness(bus, private))
    assert not timed("unsatisfied", lambda: circuit.unsatisfied(witness))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.key"
        vk = timed("setup", lambda: kernel.setup(circuit, path, seed=SEED, progress=report_stages()))
        print(f"key file: {path.stat().st_size >> 20} MiB")
        key = timed("load key", lambda: kernel.ProvingKey.load(path))
        proof = timed("prove", lambda: kernel.prove(key, circuit, witness, progress=report_stages()))
    assert timed("verify", lambda: kernel.verify(vk, proof, witness.public_inputs_be()))


if __name__ == "__main__":
    main()

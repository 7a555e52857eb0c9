"""Our kernel as one of the contestants (protocol: peer.py), and the files of a case for all of them.

    python -m benchmarks.prover.ours write NAME CASE     circuit.r1cs, witness.wtns and case.json of a case
    python -m benchmarks.prover.ours prepare CASE OUT    sets up; the key goes to the folder OUT
    python -m benchmarks.prover.ours zkey CASE OUT       sets up, and writes the key for snarkjs
    python -m benchmarks.prover.ours serve CASE OUT      a proof for each line of standard input
    python -m benchmarks.prover.ours path "" ""          which path the kernel takes

`ZKMARGIN_KERNEL` (portable or ifma) chooses the kernel's path, where it has more than one.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.full_block import make_full_block
from benchmarks.prover.cases import ROWS_PER_INSTANCE, START, Chain, parse_case
from circuits.system import ConstraintSystem
from circuits.template import record_template
from prover import kernel
from prover.circuit import load_batch
from rollup.field import R
from rollup.shapes import get_shape
from verifier.iden3 import write_verification_key
from verifier.keys import decode_verifying_key


def build_squares(cs: ConstraintSystem) -> None:
    """ROWS_PER_INSTANCE squarings from one bus wire to another."""
    value, out = cs.port("in"), cs.port("out")
    for i in range(ROWS_PER_INSTANCE - 1):
        value = cs.mul(value, value, name=f"square[{i}]")
    cs.assert_product(value, value, out, name="last")


def load_chain(chain: Chain) -> tuple[kernel.Circuit, kernel.Witness]:
    """Return the chain's circuit and its witness from START on. Bus: 1, the last value, the instances' first ones."""
    n = chain.n_instances
    ports = [[2 + i, 3 + i if i + 1 < n else 1] for i in range(n)]
    circuit = kernel.Circuit([record_template("squares", build_squares).data], [0] * n, ports, 2 + n, 1)
    values = [START]
    for _ in range(n):
        value = values[-1]
        for _ in range(ROWS_PER_INSTANCE):
            value = value * value % R
        values.append(value)
    bus = kernel.encode_be([1, values[-1], *values[:-1]])
    return circuit, circuit.compute_witness(bus, [b""] * n)


def load_case(name: str) -> tuple[kernel.Circuit, kernel.Witness]:
    """Return circuit and witness of a case: a chain, or a full batch of a shape."""
    kernel.install()
    case = parse_case(name)
    if case.chain is not None:
        return load_chain(case.chain)
    shape = get_shape(name)
    batch = load_batch(shape)
    return batch.circuit, batch.compute_witness(make_full_block(shape))


def write(name: str, folder: Path) -> None:
    """Write the files that all contestants read."""
    circuit, witness = load_case(name)
    if broken := circuit.unsatisfied(witness):
        raise AssertionError(f"{name}: row {broken[0]} does not hold")
    circuit.write_r1cs(folder / "circuit.r1cs")
    witness.write_wtns(folder / "witness.wtns")
    chain = parse_case(name).chain
    described = None if chain is None else {"rows": chain.n_rows, "start": str(START)}
    facts = {"name": name, "constraints": circuit.n_constraints, "wires": circuit.n_wires, "chain": described}
    (folder / "case.json").write_text(json.dumps(facts))
    say(facts)


def prepare(folder: Path, out: Path, *, zkey: bool) -> None:
    """Make a key, and its `.zkey` where asked."""
    circuit, _ = load_case(read_name(folder))
    started = time.perf_counter()
    vk_be = kernel.setup(circuit, out / "ours.key")
    say({"setup_s": time.perf_counter() - started})
    if zkey:
        kernel.export_zkey(kernel.ProvingKey.load(out / "ours.key"), circuit, out / "circuit.zkey")
        write_verification_key(out / "verification_key.json", decode_verifying_key(vk_be))


def serve(folder: Path, out: Path) -> None:
    """Prove for each line of standard input; verify off the clock."""
    circuit, witness = load_case(read_name(folder))
    key, public_be = kernel.ProvingKey.load(out / "ours.key"), witness.public_inputs_be()
    say({"ready": True, "kernel": find_path()})
    for _ in sys.stdin:
        started = time.perf_counter()
        proof = kernel.prove(key, circuit, witness)
        seconds = time.perf_counter() - started
        say({"seconds": seconds, "verified": kernel.verify(key.verifying_key_be, proof, public_be)})


def find_path() -> str:
    """Return which path the kernel takes: `portable`, unless it says otherwise."""
    report = getattr(kernel, "get_path", None)
    return "portable" if report is None else str(report())


def read_name(folder: Path) -> str:
    """Return the case's name."""
    name: str = json.loads((folder / "case.json").read_text())["name"]
    return name


def say(facts: dict[str, object]) -> None:
    """Print one JSON object as a line."""
    print(json.dumps(facts), flush=True)


def main(mode: str, first: str, second: str) -> None:
    """Do what the first argument says."""
    if mode == "path":
        print(find_path())
    elif mode == "write":
        write(first, Path(second))
    elif mode == "serve":
        serve(Path(first), Path(second))
    else:
        prepare(Path(first), Path(second), zkey=mode == "zkey")


if __name__ == "__main__":
    main(*sys.argv[1:])

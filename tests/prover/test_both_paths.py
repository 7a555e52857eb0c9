"""Groth16 by each path of the kernel, on a circuit large enough for lanes in every sum: sound, and the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from prover.kernel import Circuit, ProvingKey, Witness, prove, setup, verify
from tests.prover.tiny import R, build_cubic_circuit, compute_cubic_inputs, encode_be

N = 1100  # the lanes take sums from 2**10 terms on
SEED = b"the same"
ROOTS = {
    "zeros": [0] * N,
    "ones": [1] * N,
    "all the largest": [R - 1] * N,
    "all equal, of full size": [R // 3] * N,
    "bits": [i * 7 % 3 % 2 for i in range(N)],
    "signed bits": [i % 3 - 1 for i in range(N)],
    "16 bits": [i * 60_013 % 2**16 for i in range(N)],
    "64 bits": [i * 0x9E3779B97F4A7C15 % 2**64 for i in range(N)],
    "of full size": [pow(7, i + 50, R) for i in range(N)],
    "repeated and opposite": [pow(7, i % 13 + 50, R) * (-1) ** i % R for i in range(N)],
    "one of full size among zeros": [R // 5, *[0] * (N - 1)],
}
_proofs: dict[str, bytes] = {}  # of the path that came first


@dataclass(frozen=True)
class Case:
    key: ProvingKey
    circuit: Circuit

    def witness(self, roots: list[int]) -> Witness:
        return self.circuit.compute_witness(*compute_cubic_inputs(roots))

    def verify(self, proof: bytes, public_be: bytes) -> bool:
        return verify(self.key.verifying_key_be, proof, public_be)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    path, circuit = tmp_path_factory.mktemp("keys") / "cubic.key", build_cubic_circuit(N)
    setup(circuit, path, seed=b"test_both_paths")
    return Case(ProvingKey.load(path), circuit)


@pytest.mark.usefixtures("each_path")
@pytest.mark.parametrize("name", ROOTS)
def test_proof_is_accepted_and_the_other_paths(case: Case, name: str) -> None:
    witness = case.witness(ROOTS[name])
    proof = prove(case.key, case.circuit, witness, seed=SEED)
    assert case.verify(proof, witness.public_inputs_be())
    assert _proofs.setdefault(name, proof) == proof


@pytest.mark.usefixtures("each_path")
def test_invalid_other_public_inputs(case: Case) -> None:
    witness = case.witness(ROOTS["of full size"])
    proof, public = prove(case.key, case.circuit, witness, seed=SEED), witness.public_inputs_be()
    assert not case.verify(proof, public[32:64] + public[:32] + public[64:])
    assert not case.verify(proof, case.witness(ROOTS["64 bits"]).public_inputs_be())
    assert not case.verify(prove(case.key, case.circuit, case.witness(ROOTS["bits"]), seed=SEED), public)


@pytest.mark.usefixtures("each_path")
@pytest.mark.parametrize("instance", [0, 511, N - 1])
def test_invalid_witness_is_not_proved(case: Case, instance: int) -> None:
    bus, private = compute_cubic_inputs(ROOTS["16 bits"])
    lying = case.circuit.compute_witness(bus, private, [(instance, 3, encode_be([17]))])
    with pytest.raises(ValueError, match=f"does not satisfy row 0 of instance {instance}"):
        prove(case.key, case.circuit, lying)


@pytest.mark.usefixtures("each_path")
def test_without_a_seed_two_proofs_differ_and_both_hold(case: Case) -> None:
    witness = case.witness(ROOTS["64 bits"])
    first, second = (prove(case.key, case.circuit, witness) for _ in range(2))
    assert first != second
    assert case.verify(first, witness.public_inputs_be())
    assert case.verify(second, witness.public_inputs_be())

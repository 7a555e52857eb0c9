"""Setup, proof and verification of a small circuit; tampering; seeds; keys that do not belong."""

from __future__ import annotations

from pathlib import Path

import pytest
from py_ecc.optimized_bn128.optimized_curve import curve_order, field_modulus

from prover.kernel import Circuit, ProvingKey, Witness, prove, setup, verify
from tests.prover.tiny import R, TemplateWriter, build_cubic_circuit, compute_cubic_inputs, encode_be

Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583
ROOTS = [3, 4, R - 7]
INFINITY = b"\0" * 64


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return build_cubic_circuit(3)


@pytest.fixture(scope="module")
def key_path(circuit: Circuit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "cubic.key"
    setup(circuit, path, seed=b"test_groth16")
    return path


@pytest.fixture(scope="module")
def key(key_path: Path) -> ProvingKey:
    return ProvingKey.load(key_path)


@pytest.fixture(scope="module")
def witness(circuit: Circuit) -> Witness:
    return circuit.compute_witness(*compute_cubic_inputs(ROOTS))


@pytest.fixture(scope="module")
def proof(key: ProvingKey, circuit: Circuit, witness: Witness) -> bytes:
    return prove(key, circuit, witness, seed=b"a proof")


def test_moduli_are_py_eccs() -> None:
    assert (curve_order, field_modulus) == (R, Q)


def test_honest_proof_is_accepted(key: ProvingKey, proof: bytes, witness: Witness) -> None:
    assert len(proof) == 256
    assert verify(key.verifying_key_be, proof, witness.public_inputs_be())


@pytest.mark.parametrize("index", range(3))
def test_invalid_public_input_changed(key: ProvingKey, proof: bytes, witness: Witness, index: int) -> None:
    values = [int.from_bytes(witness.value_be(1 + i), "big") for i in range(3)]
    values[index] += 1
    assert not verify(key.verifying_key_be, proof, encode_be(values))


def test_invalid_public_inputs_swapped(key: ProvingKey, proof: bytes, witness: Witness) -> None:
    public = witness.public_inputs_be()
    assert not verify(key.verifying_key_be, proof, public[32:64] + public[:32] + public[64:])


def test_invalid_proof_points_exchanged(key: ProvingKey, proof: bytes, witness: Witness) -> None:
    public = witness.public_inputs_be()
    a, b, c = proof[:64], proof[64:192], proof[192:]
    for forged in (
        c + b + a,
        a + b + a,
        negate_g1(a) + b + c,
        a + b + negate_g1(c),
        INFINITY + b + c,
        a + b + INFINITY,
    ):
        assert not verify(key.verifying_key_be, forged, public)
    assert not verify(key.verifying_key_be, a + INFINITY * 2 + c, public)


def test_negating_a_and_b_is_the_same_proof(key: ProvingKey, proof: bytes, witness: Witness) -> None:
    # Groth16 proofs are malleable: e(-A, -B) = e(A, B). Nothing may rely on a proof's bytes being unique.
    a, b, c = proof[:64], proof[64:192], proof[192:]
    negated_b = b[:64] + b"".join((-int.from_bytes(b[i : i + 32], "big") % Q).to_bytes(32, "big") for i in (64, 96))
    assert verify(key.verifying_key_be, negate_g1(a) + negated_b + c, witness.public_inputs_be())


def negate_g1(point_be: bytes) -> bytes:
    return point_be[:32] + (Q - int.from_bytes(point_be[32:], "big")).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, Q, "proof: A: x is not below the base field order q"),
        (32, Q, "proof: A: y is not below"),
        (64, Q, "proof: B: x is not below"),
        (160, Q, "proof: B: y is not below"),
        (192, Q, "proof: C: x is not below"),
        (0, 0, "proof: A: not on the curve G1"),
        (64, 0, "proof: B: not on the curve G2"),
        (224, 1, "proof: C: not on the curve G1"),
    ],
)
def test_invalid_proof_coordinates(
    key: ProvingKey, proof: bytes, witness: Witness, at: int, value: int, message: str
) -> None:
    forged = proof[:at] + value.to_bytes(32, "big") + proof[at + 32 :]
    with pytest.raises(ValueError, match=message):
        verify(key.verifying_key_be, forged, witness.public_inputs_be())


def test_invalid_lengths_and_public_input_not_below_r(key: ProvingKey, proof: bytes, witness: Witness) -> None:
    vk, public = key.verifying_key_be, witness.public_inputs_be()
    with pytest.raises(ValueError, match="proof: 255 bytes, expected 256"):
        verify(vk, proof[:-1], public)
    with pytest.raises(ValueError, match="public inputs: 2 values, expected 3"):
        verify(vk, proof, public[:64])
    with pytest.raises(ValueError, match="public inputs: 95 bytes"):
        verify(vk, proof, public[:95])
    first = int.from_bytes(public[:32], "big") + R  # the same residue, but another number to who hashes the inputs
    with pytest.raises(ValueError, match=r"public inputs\[0\]: not below"):
        verify(vk, proof, first.to_bytes(32, "big") + public[32:])


@pytest.mark.parametrize(
    ("at", "length", "message"),
    [
        (0, 64, "point at infinity"),
        (64, 128, "point at infinity"),
        (192, 128, "point at infinity"),
        (320, 128, "point at infinity"),
        (64, 32, "beta_g2: not on the curve G2"),
        (448, 4, "with 0 IC points"),
        (452, 32, r"IC\[0\]: not on the curve G1"),
    ],
)
def test_invalid_verifying_key(
    key: ProvingKey, proof: bytes, witness: Witness, at: int, length: int, message: str
) -> None:
    vk = key.verifying_key_be
    forged = vk[:at] + b"\0" * length + vk[at + length :]
    with pytest.raises(ValueError, match=f"verifying key: .*{message}"):
        verify(forged, proof, witness.public_inputs_be())


def test_invalid_witness_is_not_proved(key: ProvingKey, circuit: Circuit) -> None:
    bus, private = compute_cubic_inputs(ROOTS)
    lying = circuit.compute_witness(bus, private, [(1, 3, encode_be([17]))])
    with pytest.raises(ValueError, match="does not satisfy row 0 of instance 1"):
        prove(key, circuit, lying)


def test_invalid_key_of_another_circuit(key: ProvingKey) -> None:
    other = build_cubic_circuit(2)
    witness = other.compute_witness(*compute_cubic_inputs([1, 2]))
    with pytest.raises(ValueError, match="prove: the key is for circuit"):
        prove(key, other, witness)


def test_seed_decides_key_and_proof(
    circuit: Circuit, key: ProvingKey, key_path: Path, witness: Witness, proof: bytes, tmp_path: Path
) -> None:
    assert setup(circuit, tmp_path / "same.key", seed=b"test_groth16") == key.verifying_key_be
    assert (tmp_path / "same.key").read_bytes() == key_path.read_bytes()
    assert setup(circuit, tmp_path / "other.key", seed=b"another") != key.verifying_key_be
    assert prove(key, circuit, witness, seed=b"a proof") == proof
    assert prove(key, circuit, witness, seed=b"another") != proof


def test_without_a_seed_two_proofs_differ_and_both_hold(key: ProvingKey, circuit: Circuit, witness: Witness) -> None:
    first, second = prove(key, circuit, witness), prove(key, circuit, witness)
    assert first != second
    assert verify(key.verifying_key_be, first, witness.public_inputs_be())
    assert verify(key.verifying_key_be, second, witness.public_inputs_be())


def test_key_names_its_circuit_and_its_making(key: ProvingKey, circuit: Circuit) -> None:
    assert key.circuit_digest == circuit.digest
    assert key.is_development
    assert key.domain_log2 == circuit.domain_log2


def test_two_ports_on_one_bus_wire_and_a_bus_wire_nobody_uses(tmp_path: Path) -> None:
    template = TemplateWriter(n_ports=2, n_private=0, n_wires=3)
    template.rows = [(1, 2, template.lc((1, 4), (2, 3)))]  # p * q = 4p + 3q: with p = q = x, x = 7
    circuit = Circuit([template.to_bytes()], [0], [[1, 1]], 3, 1)
    vk = setup(circuit, tmp_path / "k")
    witness = circuit.compute_witness(encode_be([1, 7, 99]), [b""])
    proof = prove(ProvingKey.load(tmp_path / "k"), circuit, witness)
    assert verify(vk, proof, encode_be([7]))
    assert not verify(vk, proof, encode_be([0]))


def test_circuit_without_public_inputs(tmp_path: Path) -> None:
    template = TemplateWriter(n_ports=0, n_private=1, n_wires=2)
    template.rows = [(1, 1, template.lc((0, 49)))]
    circuit = Circuit([template.to_bytes()], [0], [[]], 1, 0)
    vk = setup(circuit, tmp_path / "k")
    witness = circuit.compute_witness(encode_be([1]), [encode_be([-7])])
    assert verify(vk, prove(ProvingKey.load(tmp_path / "k"), circuit, witness), b"")

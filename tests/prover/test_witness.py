"""The witness machine: each opcode against plain integers, overrides, and what `unsatisfied` names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.kernel import Circuit, Witness
from tests.prover.tiny import (
    BITS,
    DIV,
    DIVMOD,
    INV,
    IS_NEG,
    IS_ZERO,
    LIN,
    MUL,
    SIGNS,
    R,
    TemplateWriter,
    build_cubic_circuit,
    compute_cubic_inputs,
    encode_be,
)

EDGES = [0, 1, 2, R - 1, R - 2, (R - 1) // 2, (R + 1) // 2, 1 << 64, (1 << 128) - 1, 1 << 128, 1 << 253]
elements = st.one_of(st.sampled_from(EDGES), st.integers(0, R - 1), st.integers(0, 1 << 130))


def build_all_opcodes() -> Circuit:
    """Return one instance that runs every opcode on a = wire 1 and b = wire 2; outputs from wire 3 on."""
    template = TemplateWriter(n_ports=0, n_private=2, n_wires=3 + 8 + 256 + 4)
    line = template.lc((1, 3), (2, -1), (0, 7), (1, 1))  # 4a - b + 7, a given twice
    template.ops = [
        (MUL, 3, 1, 1, 2, 0),
        (INV, 4, 1, 1, 0, 0),
        (DIV, 5, 1, 1, 2, 0),
        (DIVMOD, 6, 2, 1, 2, 0),
        (LIN, 8, 1, line, 0, 0),
        (IS_ZERO, 9, 1, 1, 0, 0),
        (IS_NEG, 10, 1, line, 0, 0),
        (BITS, 11, 250, 1, 0, 0),
        (BITS, 261, 6, 1, 0, 250),
        (SIGNS, 267, 4, 1, 2, 62),
    ]
    return Circuit([template.to_bytes()], [0], [[]], 1, 0)


ALL_OPCODES = build_all_opcodes()


def read_wires(witness: Witness, first: int, count: int) -> list[int]:
    return [int.from_bytes(witness.value_be(wire), "big") for wire in range(first, first + count)]


@given(a=elements, b=elements)
def test_opcodes_agree_with_integers(a: int, b: int) -> None:
    witness = ALL_OPCODES.compute_witness(encode_be([1]), [encode_be([a, b])])
    line = (4 * a - b + 7) % R
    inverse_a, inverse_b = (pow(x, -1, R) if x else 0 for x in (a, b))
    quotient, remainder = divmod(a, b) if b else (0, 0)
    expected = [
        a * b % R,
        inverse_a,
        a * inverse_b % R,
        quotient,
        remainder,
        line,
        int(a == 0),
        int(line > (R - 1) // 2),
    ]
    # A circuit without ports has its own wires right after the bus: local wire w >= 1 is global wire w.
    assert read_wires(witness, 3, 8) == expected
    assert read_wires(witness, 11, 256) == [a >> i & 1 for i in range(256)]
    assert read_wires(witness, 267, 4) == [b if a >> i & 1 else -b % R for i in range(62, 66)]


def test_wires_stand_in_the_documented_order() -> None:
    circuit = build_cubic_circuit(2)
    witness = circuit.compute_witness(*compute_cubic_inputs([3, -2]))
    values = [1, 35, R - 5, 3, 9, 27, R - 2, 4, R - 8]  # one, y_0, y_1, then x, x**2, x**3 of each instance
    assert witness.to_be() == encode_be(values)
    assert witness.public_inputs_be() == encode_be([35, R - 5])
    assert witness.instance_wire_be(1, 1) == encode_be([R - 5])
    assert witness.instance_wire_be(1, 4) == encode_be([-8])
    assert circuit.global_wire(1, 4) == 8
    assert (circuit.n_constraints, circuit.n_wires, circuit.n_instances, circuit.domain_log2) == (6, 9, 2, 4)


@given(roots=st.lists(elements, min_size=1, max_size=5))
def test_satisfied_by_honest_inputs(roots: list[int]) -> None:
    circuit = build_cubic_circuit(len(roots))
    assert circuit.unsatisfied(circuit.compute_witness(*compute_cubic_inputs(roots)), 10) == []


def test_invalid_public_input_names_instance_and_row() -> None:
    circuit = build_cubic_circuit(3)
    bus, private = compute_cubic_inputs([3, 4, 5])
    wrong = bus[:64] + encode_be([74]) + bus[96:]  # y_1 is 73
    assert circuit.unsatisfied(circuit.compute_witness(wrong, private), 10) == [(1, 2)]


def test_override_is_refused_by_its_own_row_and_later_wires_follow() -> None:
    circuit = build_cubic_circuit(3)
    inputs = compute_cubic_inputs([3, 4, 5])
    witness = circuit.compute_witness(*inputs, [(1, 3, encode_be([17]))])  # x**2 of instance 1 is 16
    assert witness.instance_wire_be(1, 4) == encode_be([17 * 4])
    assert circuit.unsatisfied(witness, 10) == [(1, 0), (1, 2)]
    assert circuit.unsatisfied(witness, 1) == [(1, 0)]


def test_override_with_the_honest_value_changes_nothing() -> None:
    circuit = build_cubic_circuit(2)
    inputs = compute_cubic_inputs([3, 4])
    lied = circuit.compute_witness(*inputs, [(0, 3, encode_be([9]))])
    assert lied.to_be() == circuit.compute_witness(*inputs).to_be()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ((3, 3, encode_be([1])), "instance 3, expected below 3"),
        ((0, 2, encode_be([1])), "local wire 2 of instance 0"),
        ((0, 5, encode_be([1])), "local wire 5 of instance 0"),
        ((0, 3, R.to_bytes(32, "big")), r"override\[0\]: not below"),
        ((0, 3, b"\0" * 31), r"override\[0\]: 31 bytes, expected 32"),
    ],
)
def test_invalid_override(override: tuple[int, int, bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_cubic_circuit(3).compute_witness(*compute_cubic_inputs([1, 2, 3]), [override])


@pytest.mark.parametrize(
    ("bus", "private", "message"),
    [
        (encode_be([1]), [encode_be([1])], "bus: 1 values, expected 2"),
        (encode_be([2, 7]), [encode_be([1])], "the first of them one"),
        (b"\0" * 63, [encode_be([1])], "bus: 63 bytes"),
        (encode_be([1]) + R.to_bytes(32, "big"), [encode_be([1])], r"bus\[1\]: not below"),
        (encode_be([1, 7]), [], "private: inputs for 0 instances, expected 1"),
        (encode_be([1, 7]), [encode_be([1, 2])], r"private\[0\]: 2 values, expected 1"),
        (encode_be([1, 7]), [R.to_bytes(32, "big")], r"private\[0\]\[0\]: not below"),
    ],
)
def test_invalid_inputs(bus: bytes, private: list[bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_cubic_circuit(1).compute_witness(bus, private)


def test_invalid_wire_and_instance_indices() -> None:
    circuit = build_cubic_circuit(1)
    witness = circuit.compute_witness(*compute_cubic_inputs([1]))
    with pytest.raises(ValueError, match="wire 5, expected below 5"):
        witness.value_be(5)
    with pytest.raises(ValueError, match="local wire 5 of instance 0, expected below 5"):
        witness.instance_wire_be(0, 5)
    with pytest.raises(ValueError, match="instance 1, expected below 1"):
        circuit.global_wire(1, 0)


def test_invalid_witness_of_another_circuit() -> None:
    witness = build_cubic_circuit(1).compute_witness(*compute_cubic_inputs([1]))
    with pytest.raises(ValueError, match="the witness is of circuit"):
        build_cubic_circuit(2).unsatisfied(witness)


class StopHere(Exception):
    """Raised by a progress callback."""


def test_progress_is_reported_and_its_exception_comes_back() -> None:
    circuit, inputs = build_cubic_circuit(4), compute_cubic_inputs([1, 2, 3, 4])
    seen: list[tuple[str, int, int]] = []
    circuit.compute_witness(*inputs, progress=lambda *report: seen.append(report))
    assert seen[0] == ("witness", 0, 4)
    assert seen[-1] == ("witness", 4, 4)

    def stop(stage: str, done: int, total: int) -> None:
        raise StopHere(stage)

    with pytest.raises(StopHere, match="witness"):
        circuit.compute_witness(*inputs, progress=stop)

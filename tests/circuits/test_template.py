"""Template bytes read by a second, independent machine: same wires, same rows, same verdict as the builder.

`_Machine` below knows docs/architecture.md and nothing of `circuits/`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.bits import assert_in_range, is_zero, to_bits
from circuits.compare import divide
from circuits.determinism import wire_names
from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.program import Opcode
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.template import Template, compile_template, record_template

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


class _Machine:
    """Reads a template and runs it: the format as written down, one field after the other."""

    def __init__(self, data: bytes) -> None:
        assert data[:4] == b"ZKMT"
        header = struct.unpack_from("<9I", data, 4)
        version, self.n_ports, self.n_private, self.n_wires, n_coefficients, n_lcs, n_terms, n_rows, n_ops = header
        assert version == 1
        offset = 40
        coefficients = [
            int.from_bytes(data[offset + 32 * i : offset + 32 * i + 32], "big") for i in range(n_coefficients)
        ]
        assert all(c < R for c in coefficients)
        offset += 32 * n_coefficients

        def take(count: int) -> tuple[int, ...]:
            nonlocal offset
            offset += 4 * count
            return struct.unpack_from(f"<{count}I", data, offset - 4 * count)

        start, wires, ids = take(n_lcs + 1), take(n_terms), take(n_terms)
        rows, ops = take(3 * n_rows), take(6 * n_ops)
        assert offset == len(data), "bytes left over"
        assert start[0] == 0
        assert start[-1] == n_terms
        terms = [(wire, coefficients[i]) for wire, i in zip(wires, ids, strict=True)]
        self.pool = [terms[start[i] : start[i + 1]] for i in range(n_lcs)]
        self.rows = [rows[i : i + 3] for i in range(0, len(rows), 3)]
        self.ops = [ops[i : i + 6] for i in range(0, len(ops), 6)]

    def value(self, ref: int, wires: Sequence[int | None]) -> int:
        terms = [(ref, 1)] if ref < self.n_wires else self.pool[ref - self.n_wires]
        total = 0
        for wire, coefficient in terms:
            known = wires[wire]
            assert known is not None, f"wire {wire} is read before it is written"
            total += coefficient * known
        return total % R

    def run(self, inputs: Sequence[int]) -> list[int]:
        assert len(inputs) == self.n_ports + self.n_private
        wires: list[int | None] = [None] * self.n_wires
        wires[: 1 + len(inputs)] = [1, *inputs]
        for opcode, out, n_out, a, b, imm in self.ops:
            results = _execute(opcode, self.value(a, wires), self.value(b, wires), n_out, imm)
            assert len(results) == n_out
            for i, result in enumerate(results):
                assert wires[out + i] is None, f"wire {out + i} is written twice"
                wires[out + i] = result
        return [wire for wire in wires if wire is not None]

    def broken_rows(self, wires: Sequence[int]) -> list[int]:
        return [
            j
            for j, (a, b, c) in enumerate(self.rows)
            if (self.value(a, wires) * self.value(b, wires) - self.value(c, wires)) % R
        ]


def _execute(opcode: int, a: int, b: int, n_out: int, imm: int) -> list[int]:
    if opcode == 0:
        return [a * b % R]
    if opcode == 1:
        return [pow(a, R - 2, R)]
    if opcode == 2:
        return [a * pow(b, R - 2, R) % R]
    if opcode == 3:
        return [int(bit) for bit in f"{a:0256b}"[::-1][imm : imm + n_out]]
    if opcode == 4:
        return [a // b, a % b] if b else [0, 0]
    return {5: [a], 6: [1 if a == 0 else 0], 7: [1 if 2 * a > R else 0]}[opcode]


def _everything(cs: ConstraintSystem) -> None:
    """Use every opcode, ports and privates declared late, fragments fed by both, and combinations of many terms."""
    a = cs.port("a")
    bits = to_bits(cs, a, 16, name="a_bits")
    b = cs.private("b")
    hashed = poseidon(cs, [a, b + 3], 5, name="hash")
    divisor = cs.port("divisor")
    quotient, remainder = divide(cs, a, divisor, quotient_bits=16, divisor_bits=8, name="divide")
    zero = is_zero(cs, remainder, name="zero")
    (ratio,) = cs.hint(Opcode.DIV, b, divisor, name="ratio")
    cs.assert_product(ratio, divisor, b, name="ratio")
    (flag,) = cs.hint(Opcode.IS_ZERO, b, name="flag")
    (sign,) = cs.hint(Opcode.IS_NEG, b, name="sign")
    cs.assert_product(flag, flag - 1, 0, name="flag_boolean")
    cs.assert_product(sign, sign - 1, 0, name="sign_boolean")
    (high,) = cs.hint(Opcode.BITS, a, n_out=1, imm=15, name="high")
    cs.assert_equal(high, bits[15], name="high")
    chosen = select(cs, bits[0], hashed, quotient * 7 - ratio + 11, name="chosen")
    late = cs.private("late")
    again = poseidon(cs, [chosen + late, hashed, zero], 0, name="again")
    cs.assert_equal(cs.materialise(again + late, name="sum"), cs.port("out"), name="out")


def _by_builder(inputs: dict[str, int]) -> ConstraintSystem:
    cs = ConstraintSystem(inputs)
    _everything(cs)
    return cs


def _local(template: Template, inputs: dict[str, int]) -> list[int]:
    return [inputs[name] for name in (*template.ports, *template.privates)]


TEMPLATE = record_template("everything", _everything)
MACHINE = _Machine(TEMPLATE.data)


@settings(max_examples=15, deadline=None)
@given(a=st.integers(0, 70_000), b=field_elements, late=field_elements, divisor=st.integers(0, 260))
def test_machine_and_builder_agree_on_wires_and_broken_rows(a: int, b: int, late: int, divisor: int) -> None:
    inputs = {"a": a, "b": b, "late": late, "divisor": divisor, "out": 0}
    cs = _by_builder(inputs)
    inputs["out"] = cs.value(cs.find("out").a) if a % 2 else 1 + cs.value(cs.find("out").a)
    cs = _by_builder(inputs)
    wires = MACHINE.run(_local(TEMPLATE, inputs))
    assert wires == _in_local_order(cs)
    assert [TEMPLATE.row_names[j] for j in MACHINE.broken_rows(wires)] == cs.unsatisfied()
    assert ("out" in cs.unsatisfied()) == (a % 2 == 0)


def _in_local_order(cs: ConstraintSystem) -> list[int]:
    """Return the builder's values as the format orders them: one, ports, privates, the rest as they were made."""
    given_wires = [*cs.ports.values(), *cs.privates.values()]
    rest = [wire for wire in range(1, cs.n_wires) if wire not in given_wires]
    return [cs.values[wire] for wire in (0, *given_wires, *rest)]


def _honest() -> dict[str, int]:
    inputs = {"a": 1001, "b": 77, "late": 5, "divisor": 37, "out": 0}
    cs = _by_builder(inputs)
    row = cs.find("out")
    return {**inputs, "out": cs.value(row.a)}


def test_honest_witness_satisfies_every_row() -> None:
    wires = MACHINE.run(_local(TEMPLATE, _honest()))
    assert MACHINE.broken_rows(wires) == []
    assert len(MACHINE.rows) == TEMPLATE.n_rows == _by_builder(_honest()).n_constraints


def test_invalid_output_breaks_the_row_that_bears_its_name() -> None:
    inputs = {**_honest(), "out": 1}
    broken = MACHINE.broken_rows(MACHINE.run(_local(TEMPLATE, inputs)))
    assert [TEMPLATE.row_names[j] for j in broken] == ["out"]


@pytest.mark.parametrize("name", ["a_bits", "hash/first[1]/square", "divide", "again/rounds/sbox[3][0]/fifth", "ratio"])
def test_invalid_wire_breaks_the_rows_that_the_builder_names(name: str) -> None:
    wires = MACHINE.run(_local(TEMPLATE, _honest()))
    wires[TEMPLATE.wire_of_op[name]] += 1
    cs = _by_builder(_honest())
    cs.values[min(wire for wire, op in wire_names(cs).items() if op == name)] += 1
    broken = [TEMPLATE.row_names[j] for j in MACHINE.broken_rows(wires)]
    assert broken
    assert broken == cs.unsatisfied()


def test_local_wires_stand_in_the_order_of_the_format() -> None:
    assert TEMPLATE.ports == ("a", "divisor", "out")
    assert TEMPLATE.privates == ("b", "late")
    wires = MACHINE.run([10, 20, 30, 40, 50])
    assert wires[:6] == [1, 10, 20, 30, 40, 50]
    assert len(wires) == TEMPLATE.n_wires
    written = sorted(out + i for _, out, n_out, *_ in MACHINE.ops for i in range(n_out))
    assert written == list(range(6, TEMPLATE.n_wires))


def test_names_and_counts_of_the_template_are_the_builders() -> None:
    cs = _by_builder(_honest())
    assert TEMPLATE.row_names == [row.name for row in cs.iter_rows()]
    assert TEMPLATE.count_by_scope() == cs.count_by_scope()
    assert TEMPLATE.count_by_scope(2) == cs.count_by_scope(2)


def test_recording_is_the_same_with_and_without_values_and_every_time() -> None:
    assert compile_template("everything", _by_builder(_honest())).data == TEMPLATE.data
    assert record_template("again", _everything).data == TEMPLATE.data


def test_equal_coefficients_are_stored_once() -> None:
    def many(cs: ConstraintSystem) -> None:
        x, y = cs.port("x"), cs.port("y")
        for i in range(50):
            cs.assert_equal(x * 12345 + i * y, 3 * y, name=f"row[{i}]")

    n_coefficients = struct.unpack_from("<9I", record_template("many", many).data, 4)[4]
    assert n_coefficients < 60


def test_template_without_computed_wires() -> None:
    def bare(cs: ConstraintSystem) -> None:
        cs.assert_zero(cs.port("x"), name="zero")

    template = record_template("bare", bare)
    machine = _Machine(template.data)
    assert machine.broken_rows(machine.run([0])) == []
    assert machine.broken_rows(machine.run([1])) == [0]


def test_range_of_a_combination_reads_the_pool() -> None:
    def ranged(cs: ConstraintSystem) -> None:
        x: LC = cs.port("x")
        assert_in_range(cs, x * 3 - 5, 8, name="r")

    template = record_template("ranged", ranged)
    machine = _Machine(template.data)
    for x, broken in ((1, ["r/sum"]), (2, []), (86, []), (87, ["r/sum"])):
        names = [template.row_names[j] for j in machine.broken_rows(machine.run([x]))]
        assert names == broken

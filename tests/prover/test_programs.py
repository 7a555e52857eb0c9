"""Random templates by each path: witness and rows against their definition, op by op, lies included."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.kernel import Circuit
from tests.prover.tiny import DIV, INV, IS_ZERO, LIN, MUL, R, TemplateWriter, encode_be

N_PRIVATE = 3
EDGES = [0, 1, R - 1, 2, R - 2, *(1 << k for k in (15, 51, 52, 64, 128, 253))]
elements = st.one_of(st.sampled_from(EDGES), st.integers(0, R - 1))
quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Program:
    """A template of which wires 1 to N_PRIVATE are private, and each op writes one wire more."""

    template: TemplateWriter

    def run(self, private: list[int], lies: dict[int, int]) -> list[int]:
        """Return the wires, each op done as it comes."""
        wires = [1, *private]
        for code, out, _, a_reference, b_reference, _ in self.template.ops:
            a, b = self.value(a_reference, wires), self.value(b_reference, wires)
            value = {MUL: a * b, INV: invert(a), DIV: a * invert(b), LIN: a, IS_ZERO: int(a == 0)}[code] % R
            wires.append(lies.get(out, value))
        return wires

    def value(self, reference: int, wires: list[int]) -> int:
        """Return what a reference stands for."""
        if reference < self.template.n_wires:
            return wires[reference]
        terms = self.template.lcs[reference - self.template.n_wires]
        return sum(coefficient * wires[wire] for wire, coefficient in terms) % R

    def broken_rows(self, wires: list[int]) -> list[int]:
        """Return the rows that do not hold."""
        values = [[self.value(reference, wires) for reference in row] for row in self.template.rows]
        return [i for i, (a, b, c) in enumerate(values) if (a * b - c) % R]


def invert(value: int) -> int:
    return pow(value, -1, R) if value else 0


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Return a program of some ops and rows, on wires and combinations of up to thirty terms."""
    n_ops = draw(st.integers(1, 12))
    template = TemplateWriter(n_ports=0, n_private=N_PRIVATE, n_wires=1 + N_PRIVATE + n_ops)

    def draw_reference(n_wires: int) -> int:
        wires = st.integers(0, n_wires - 1)
        if draw(st.booleans()):
            return draw(wires)
        return template.lc(*draw(st.lists(st.tuples(wires, elements), max_size=30)))

    for out in range(1 + N_PRIVATE, template.n_wires):
        code = draw(st.sampled_from([MUL, INV, DIV, LIN, IS_ZERO, DIV]))
        template.ops.append((code, out, 1, draw_reference(out), draw_reference(out), 0))
        if code in (MUL, LIN):  # a row that holds
            _, _, _, a, b, _ = template.ops[-1]
            template.rows.append((a, b if code == MUL else 0, out))
    template.rows.append((draw_reference(template.n_wires), draw_reference(template.n_wires), draw_reference(out)))
    return Program(template)


@pytest.mark.usefixtures("each_path")
@quickly
@given(program=programs(), data=st.data())
def test_witness_and_rows_are_as_defined(program: Program, data: st.DataObject) -> None:
    template, n = program.template, data.draw(st.integers(1, 20))
    instances = st.lists(st.lists(elements, min_size=N_PRIVATE, max_size=N_PRIVATE), min_size=n, max_size=n)
    private = data.draw(instances)
    computed = st.integers(1 + N_PRIVATE, template.n_wires - 1)
    lies = data.draw(st.dictionaries(st.tuples(st.integers(0, n - 1), computed), elements, max_size=3))
    circuit = Circuit([template.to_bytes()], [0] * n, [[]] * n, 1, 0)
    overrides = [(instance, wire, encode_be([value])) for (instance, wire), value in lies.items()]
    witness = circuit.compute_witness(encode_be([1]), [encode_be(values) for values in private], overrides)
    expected = [
        program.run(values, {wire: value for (instance, wire), value in lies.items() if instance == i})
        for i, values in enumerate(private)
    ]
    assert witness.to_be() == encode_be([1, *(value for wires in expected for value in wires[1:])])
    broken = [(i, row) for i, wires in enumerate(expected) for row in program.broken_rows(wires)]
    assert circuit.unsatisfied(witness, 1000) == broken


@pytest.mark.usefixtures("each_path")
@pytest.mark.parametrize("n_terms", [16, 17, 18, 34, 240, 241, 500])
def test_a_long_combination_of_the_largest_numbers(n_terms: int) -> None:
    template = TemplateWriter(n_ports=0, n_private=1, n_wires=3)
    line = template.lc(*[(1, R - 2 - i % 3) for i in range(n_terms)])
    template.ops = [(LIN, 2, 1, line, 0, 0)]
    template.rows = [(line, 0, 2)]
    circuit = Circuit([template.to_bytes()], [0], [[]], 1, 0)
    witness = circuit.compute_witness(encode_be([1]), [encode_be([R - 1])])
    assert witness.value_be(2) == encode_be([sum(2 + i % 3 for i in range(n_terms))])
    assert circuit.unsatisfied(witness) == []

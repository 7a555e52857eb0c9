"""For tests of lanes: one template alone in the kernel, its inputs taken from a batch, and the prices around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property

from circuits.batch import build_batch_circuit
from circuits.linear import value_of
from circuits.system import ConstraintSystem, Lie, Op, Row, collapse_indices
from circuits.template import compile_template
from circuits.variation import BuilderVariation, Shape, Variation
from circuits.witness import compute_witness_inputs
from prover.kernel import Circuit, Witness, decode_be, encode_be, install
from rollup import poseidon, shapes, signature
from rollup.accounts import Account, new_account_tree
from rollup.auction import Edges, compute_edges
from rollup.field import R
from rollup.oracle import SignedPrices
from rollup.params import Params
from rollup.rationing import Rationing
from rollup.signature import Signature
from rollup.state import Resources, StateHeader, pad_markets
from rollup.tick import Tick, derive_tick
from rollup.trace import BatchTrace
from rollup.trees import SparseTree
from rollup.units import MARKET_COUNT, ORACLE_COUNT
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S

Values = dict[str, int]
NO_FEES = Resources()
# a lane sees of the oracle only that its prices are fresh: nothing here opens the messages
FRESH = tuple(
    SignedPrices(signer, (1,) * MARKET_COUNT, START_S, Signature((0, 1), 0)) for signer in range(ORACLE_COUNT)
)


@contextmanager
def kernel_hashing() -> Iterator[None]:
    """Let the model hash and sign through the kernel inside the block."""
    before = poseidon._backend, signature._backend
    install()
    try:
        yield
    finally:
        poseidon.use_backend(before[0])
        signature.use_signature_backend(before[1])


class LoneTemplate:
    """One instance of a template in the kernel, every port on a bus wire of its own: evaluated in milliseconds.

    `inputs` are ports and private inputs by name; `lies` are functions of the honest value under a hint's or product's
    name, as `ConstraintSystem` takes them.
    """

    def __init__(self, name: str, build: Callable[[ConstraintSystem], object]) -> None:
        self.cs = ConstraintSystem(evaluate=False)
        build(self.cs)
        self.template = compile_template(name, self.cs)
        n_ports = len(self.template.ports)
        self.circuit = Circuit([self.template.data], [0], [list(range(1, n_ports + 1))], n_ports + 1, 0)

    @cached_property
    def shape(self) -> Shape:
        """The template written out."""
        return Shape(self.cs)

    def compute_witness(self, inputs: Mapping[str, int], lies: Mapping[str, Lie] | None = None) -> Witness:
        """Return the witness; a lie about an operation is told the value that the lies before it lead to."""
        told: list[tuple[int, int, bytes]] = []
        for op in self._in_order(lies or {}):
            before = self._compute(inputs, told)
            honest = [self._value(before, op.name, i) for i in range(op.n_out)]
            says = (lies or {})[op.name](honest if op.n_out > 1 else honest[0])
            says = list(says) if isinstance(says, (list, tuple)) else [says]
            assert len(says) == op.n_out, f"a lie about {op.name} needs {op.n_out} values"
            told += [(0, self.template.wire_of_op[op.name] + i, encode_be([v % R])) for i, v in enumerate(says)]
        return self._compute(inputs, told)

    def find_broken(self, inputs: Mapping[str, int], lies: Mapping[str, Lie] | None = None) -> list[str]:
        """Return the full names of all broken constraints, in order."""
        return [self.template.row_names[row] for row in self._broken_rows(self.compute_witness(inputs, lies))]

    def find_broken_classes(self, inputs: Mapping[str, int], lies: Mapping[str, Lie] | None = None) -> set[str]:
        """Return the classes of all broken constraints."""
        return {collapse_indices(name) for name in self.find_broken(inputs, lies)}

    def follow(self, inputs: Mapping[str, int], lies: Mapping[str, Lie], outputs: Sequence[str]) -> Values:
        """Return the inputs with these outputs moved to where a lie leads, as a cheating sequencer would.

        An output is an input that stands once, in one constraint alone: it takes the value that satisfies this one.
        """
        witness = self.compute_witness(inputs, lies)
        values, moved = self._builder_values(witness), dict(inputs)
        wires = {self.shape.inputs[name]: name for name in outputs}
        for row, wire in self.shape.followers.items():
            if wire in wires:
                moved[wires[wire]] = (values[wire] - _compute_excess(self.shape.rows[row], wire, values)) % R
        return moved

    def vary(self, inputs: Mapping[str, int], lies: Mapping[str, Lie]) -> Variation:
        """Return the variation at this witness: for `run_mutants`."""
        witness = self.compute_witness(inputs, lies)
        return _KernelVariation(self.shape, self._builder_values(witness), self._broken_rows(witness))

    def find_row(self, name: str) -> Row:
        """Return the constraint with this full name."""
        return next(row for row in self.shape.rows if row.name == name)

    def evaluate(self, inputs: Mapping[str, int]) -> ConstraintSystem:
        """Return the recorded system with the kernel's values in place: for `determinism`."""
        cs = copy(self.cs)
        cs.evaluate, cs.values = True, self._builder_values(self.compute_witness(inputs))
        return cs

    def value(self, witness: Witness, name: str) -> int:
        """Return the (first) wire written under a hint's or product's name."""
        return self._value(witness, name, 0)

    def compute_operand(self, inputs: Mapping[str, int], lies: Mapping[str, Lie], name: str) -> int:
        """Return what the hint of that name is given."""
        values = self._builder_values(self.compute_witness(inputs, lies))
        return value_of(self.shape.ops[self.shape.op_index[name]].a, values)

    def _value(self, witness: Witness, name: str, i: int) -> int:
        return int.from_bytes(witness.instance_wire_be(0, self.template.wire_of_op[name] + i), "big")

    def _compute(self, inputs: Mapping[str, int], told: Sequence[tuple[int, int, bytes]]) -> Witness:
        bus = [1, *(inputs[port] % R for port in self.template.ports)]
        private = [inputs[name] % R for name in self.template.privates]
        return self.circuit.compute_witness(encode_be(bus), [encode_be(private)], told)

    def _broken_rows(self, witness: Witness) -> list[int]:
        return [row for _, row in self.circuit.unsatisfied(witness, self.template.n_rows)]

    def _in_order(self, lies: Mapping[str, Lie]) -> list[Op]:
        return [self.shape.ops[i] for i in sorted(self.shape.op_index[name] for name in lies)] if lies else []

    def _builder_values(self, witness: Witness) -> list[int]:
        values = decode_be(witness.to_be())  # one, ports, privates, computed wires, each in the builder's order
        inputs = [*self.cs.ports.values(), *self.cs.privates.values()]
        taken = {0, *inputs}
        order = [0, *inputs, *(wire for wire in range(self.cs.n_wires) if wire not in taken)]
        ordered = [0] * len(order)
        for wire, value in zip(order, values, strict=True):
            ordered[wire] = value
        return ordered


def _compute_excess(row: Row, wire: int, values: Sequence[int]) -> int:
    """Return how far a wire lies from what satisfies the row, in which it stands once."""
    a, b, c = value_of(row.a, values), value_of(row.b, values), value_of(row.c, values)
    slope = row.a.terms.get(wire, 0) * b + row.b.terms.get(wire, 0) * a - row.c.terms.get(wire, 0)
    return (a * b - c) * pow(slope, -1, R) % R


class _KernelVariation(BuilderVariation):
    def __init__(self, shape: Shape, values: Sequence[int], broken_rows: Sequence[int]) -> None:
        self.shape, self.values, self._broken = shape, values, set(broken_rows)


def get_instance_inputs(trace: BatchTrace, shape: shapes.Shape, instance: str) -> Values:
    """Return ports and private inputs of one instance ("cash[0]", "trade[1]", "fund", ..) of a batch's circuit."""
    circuit = build_batch_circuit(shape)
    given = compute_witness_inputs(circuit, trace)
    for part, privates in zip(circuit.instances, given.privates, strict=True):
        if part.name == instance:
            return {port: given.bus[wire] for port, wire in part.wiring.items()} | privates
    raise KeyError(instance)


@dataclass(frozen=True)
class Venue:
    """Prices, parameters and the other accounts around one lane."""

    params: Params = PARAMS
    marks_ticks: tuple[int, ...] = (AVAX_PRICE, ETH_PRICE)
    clearing_ticks: tuple[int, ...] = ()  # the marks where not given
    funding_index: tuple[int, ...] = ()
    timestamp_s: int = START_S + 1
    resources: Resources = NO_FEES  # before and after
    rationing: tuple[Rationing, ...] = ()  # by market; what fits the fills where not given
    others: Mapping[int, Account] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[int, ...]:
        """All 16 marks."""
        return pad_markets(self.marks_ticks, 1)

    @property
    def clearing(self) -> tuple[int, ...]:
        """All 16 clearing prices."""
        return (*self.clearing_ticks, *self.marks[len(self.clearing_ticks) :])

    @property
    def funding(self) -> tuple[int, ...]:
        """All 16 funding indices."""
        return pad_markets(self.funding_index, 0)

    def header(self, accounts_root: int, batch_number: int) -> StateHeader:
        """Return a header at this venue's prices."""
        zeros = (0,) * MARKET_COUNT
        return StateHeader(
            accounts_root=accounts_root,
            marks_ticks=self.marks,
            funding_index=self.funding,
            premiums=zeros,
            open_interest_lots=zeros,
            resources=self.resources,
            signer_times_s=(0,) * ORACLE_COUNT,
            queue_consumed=0,
            vault_e6=0,
            timestamp_s=self.timestamp_s - 1 + batch_number,
            batch_number=batch_number,
        )

    @cached_property
    def edges(self) -> tuple[Edges, ...]:
        """Whether each clearing price is the highest or the lowest of its band."""
        bands = [market.band_ppm for market in self.params.markets]
        return tuple(map(compute_edges, self.clearing, self.marks, bands))

    @cached_property
    def tick(self) -> Tick:
        """What the tick of a batch at this venue sets."""
        return derive_tick(self.header(0, 0), self.header(0, 1), self.params)

    def tree(self, accounts: Mapping[int, Account]) -> SparseTree:
        """Return the account tree of the others and these."""
        tree = new_account_tree()
        for account_id, account in (dict(self.others) | dict(accounts)).items():
            tree = tree.set(account_id, account.leaf_hash())
        return tree

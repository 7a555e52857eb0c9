"""Small gadgets as complete templates: inputs ranged, outputs bound to ports. What the soundness tools are tried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circuits.bits import assert_boolean, is_zero, to_bits
from circuits.compare import divide, is_less_than
from circuits.linear import LC
from circuits.merkle import private_path, update_root
from circuits.poseidon import poseidon
from circuits.select import one_hot
from circuits.system import ConstraintSystem
from rollup.field import R
from rollup.poseidon import poseidon as model_poseidon

Inputs = dict[str, int]


@dataclass(frozen=True)
class Composed:
    """A template, what it should put out, and honest inputs without the outputs."""

    build: Callable[[ConstraintSystem], object]
    model: Callable[[Inputs], Sequence[int]]
    cases: tuple[Inputs, ...]

    def honest(self) -> list[Inputs]:
        """Return the cases with their outputs."""
        return [{**case, **_outputs(self.model(case))} for case in self.cases]

    def systems(self) -> list[ConstraintSystem]:
        """Return the template evaluated at every honest case."""
        systems = []
        for inputs in self.honest():
            cs = ConstraintSystem(inputs)
            self.build(cs)
            systems.append(cs)
        return systems


def bind(cs: ConstraintSystem, outputs: Sequence[LC]) -> None:
    """Constrain outputs to the ports out[i]."""
    for i, output in enumerate(outputs):
        cs.assert_equal(output, cs.port(f"out[{i}]"), name=f"bind[{i}]")


def _outputs(values: Sequence[int]) -> Inputs:
    return {f"out[{i}]": value % R for i, value in enumerate(values)}


def _to_bits(cs: ConstraintSystem) -> None:
    bind(cs, to_bits(cs, cs.port("a"), 8, name="x"))


def _is_zero(cs: ConstraintSystem) -> None:
    bind(cs, [is_zero(cs, cs.port("a"), name="x")])


def _is_less_than(cs: ConstraintSystem) -> None:
    a, b = cs.port("a"), cs.port("b")
    to_bits(cs, a, 8, name="a")
    to_bits(cs, b, 8, name="b")
    bind(cs, [is_less_than(cs, a, b, 8, name="x")])


def _divide(cs: ConstraintSystem) -> None:
    bind(cs, divide(cs, cs.port("a"), cs.port("b"), quotient_bits=10, divisor_bits=10, name="x"))


def _one_hot(cs: ConstraintSystem) -> None:
    bits = [cs.port(f"bit[{i}]") for i in range(3)]
    for i, bit in enumerate(bits):
        assert_boolean(cs, bit, name=f"boolean[{i}]")
    bind(cs, one_hot(cs, bits, name="x"))


def _poseidon(cs: ConstraintSystem) -> None:
    bind(cs, [poseidon(cs, [cs.port("a"), cs.port("b")], 3, name="x")])


def _update_root(cs: ConstraintSystem) -> None:
    bits = to_bits(cs, cs.port("index"), 3, name="index")
    bind(cs, update_root(cs, cs.port("old"), cs.port("new"), bits, private_path(cs, 1, name="path"), 7, name="x"))


def _roots(inputs: Inputs) -> list[int]:
    children = [inputs[f"path[0][{k}]"] for k in range(8)]
    index = inputs["index"]
    after = [*children[:index], inputs["new"], *children[index + 1 :]]
    return [model_poseidon(children, 7), model_poseidon(after, 7)]


def _path(index: int, old: int, new: int) -> Inputs:
    children = {f"path[0][{k}]": old if k == index else 1000 * index + k for k in range(8)}
    return {"index": index, "old": old, "new": new, **children}


COMPOSED: dict[str, Composed] = {
    "to_bits": Composed(_to_bits, lambda i: [i["a"] >> k & 1 for k in range(8)], ({"a": 77}, {"a": 200})),
    "is_zero": Composed(_is_zero, lambda i: [int(i["a"] == 0)], ({"a": 0}, {"a": 9})),
    "is_less_than": Composed(_is_less_than, lambda i: [int(i["a"] < i["b"])], ({"a": 5, "b": 9}, {"a": 9, "b": 5})),
    "divide": Composed(_divide, lambda i: divmod(i["a"], i["b"]), ({"a": 1000, "b": 37}, {"a": 55, "b": 600})),
    "one_hot": Composed(
        _one_hot,
        lambda i: [int(k == i["bit[0]"] + 2 * i["bit[1]"] + 4 * i["bit[2]"]) for k in range(8)],
        ({"bit[0]": 1, "bit[1]": 0, "bit[2]": 1},),
    ),
    "poseidon2": Composed(_poseidon, lambda i: [model_poseidon([i["a"], i["b"]], 3)], ({"a": 12, "b": R - 4},)),
    "update_root": Composed(_update_root, _roots, (_path(5, 11, 22), _path(2, R - 1, 0))),
}

"""The mutation run: complete gadgets leave no survivor, a weak one is named, and every kind of notice is exercised."""

from __future__ import annotations

import json

import pytest

from circuits.bits import assert_boolean, from_bits, is_zero, to_bits
from circuits.freedom import ClassDropper
from circuits.lies import generic_lies
from circuits.linear import LC
from circuits.mutants import Attack, run_mutants
from circuits.program import Opcode
from circuits.system import ConstraintSystem, collapse_indices
from circuits.variation import BuilderVariation, Forgery, Shape, vary_by_builder
from rollup.field import R
from tests.circuits.composed import COMPOSED, bind


@pytest.mark.parametrize("name", COMPOSED)
def test_complete_gadget_has_no_survivor(name: str) -> None:
    composed = COMPOSED[name]
    report = run_mutants(name, composed.build, composed.honest())
    assert report.survivors == []
    assert report.exit_status == 0
    assert set(report.noticed) == {collapse_indices(row.name) for row in composed.systems()[0].iter_rows()}


def test_moved_input_is_a_notice_of_its_own_kind() -> None:
    composed = COMPOSED["to_bits"]
    report = run_mutants("to_bits", composed.build, composed.honest())
    assert report.noticed["bind[*]"].startswith("move: ")
    assert "1 by move" in report.to_text()


def test_invalid_class_without_an_attack_where_moves_do_not_count() -> None:
    composed = COMPOSED["to_bits"]
    assert run_mutants("to_bits", composed.build, composed.honest(), moves=False).survivors == ["bind[*]"]
    forged = Attack("wrong top bit", {**composed.honest()[0], "out[7]": 1}, expected="bind[*]")
    assert run_mutants("to_bits", composed.build, composed.honest(), [forged], moves=False).survivors == []


# --- planted weaknesses ----------------------------------------------------------------------------------------------
def _redundant(cs: ConstraintSystem) -> None:
    bits = to_bits(cs, cs.port("a"), 8, name="x")
    assert_boolean(cs, bits[0], name="said_twice")
    bind(cs, bits[:1])


def test_invalid_redundant_constraint_survives_and_is_named() -> None:
    report = run_mutants("redundant", _redundant, [{"a": 77, "out[0]": 1}, {"a": 200, "out[0]": 0}])
    assert report.survivors == ["said_twice"]
    assert report.exit_status == 1
    assert "survivor: said_twice" in report.to_text()


def _weak(cs: ConstraintSystem) -> None:
    """A limit whose breach no generic lie finds: the two inputs must move together."""
    a, b = cs.port("a"), cs.port("b")
    cs.assert_product(a - b, a - b - 1, 0, name="near")
    to_bits(cs, a, 8, name="a")
    to_bits(cs, b, 8, name="b")
    code = cs.mul(a - b, a - b + 3, name="code")
    cs.assert_product(code, code - 4, 0, name="code_in_set")


def test_invalid_weak_gadget_until_an_attack_is_catalogued() -> None:
    honest = [{"a": 77, "b": 77}, {"a": 78, "b": 77}]
    assert run_mutants("weak", _weak, honest).survivors == ["code_in_set", "near"]
    # -3 is in no set but its code is 0; of `code_in_set` nothing is known that `near` does not refuse as well
    attack = Attack("apart", {"a": 74, "b": 77}, expected="near")
    report = run_mutants("weak", _weak, honest, [attack])
    assert report.noticed["near"] == "attack: apart"
    assert report.survivors == ["code_in_set"]


# --- attacks ---------------------------------------------------------------------------------------------------------
def _limit(cs: ConstraintSystem) -> None:
    bits = to_bits(cs, cs.port("a"), 4, name="a")
    cs.assert_zero(bits[3], name="below_eight")


def test_attack_with_a_lie_counts_for_the_class_it_breaks() -> None:
    lie = Attack("flip", {"a": 9}, {"a": lambda bits: [1, 0, 0, 0]}, expected="a/sum")
    assert run_mutants("limit", _limit, [{"a": 5}], [lie]).noticed["a/sum"] == "attack: flip"


def test_invalid_attack_that_is_accepted_fails_the_run() -> None:
    report = run_mutants("limit", _limit, [{"a": 5}], [Attack("harmless", {"a": 6})])
    assert report.accepted == ["harmless"]
    assert report.exit_status == 1
    assert "ACCEPTED forgery: harmless" in report.to_text()


def test_invalid_attack_refused_by_another_class_fails_the_run() -> None:
    report = run_mutants("limit", _limit, [{"a": 5}], [Attack("nine", {"a": 9}, expected="a/sum")])
    assert report.misfired == {"nine": ["below_eight"]}
    assert report.exit_status == 1


def test_invalid_honest_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="limit: inputs given as honest break below_eight"):
        run_mutants("limit", _limit, [{"a": 9}])


def _gated(cs: ConstraintSystem) -> None:
    """A range whose breach needs three inputs moved together, and then one bit."""
    a, again, low = cs.port("a"), cs.port("again"), cs.port("low")
    bits = to_bits(cs, a, 4, name="a")
    cs.assert_zero(bits[3], name="below_eight")
    for name, x, y in (("again", a, again), ("low", from_bits(bits[:3]), low)):
        squares = [cs.mul(z, z, name=f"{name}/square[{i}]") for i, z in enumerate((x, y))]
        cs.assert_equal(*squares, name=f"{name}/equal")


def test_forged_base_is_varied_too() -> None:
    honest = [{"a": 5, "again": 5, "low": 5}]
    assert run_mutants("gated", _gated, honest).survivors == ["a/sum", "below_eight"]
    forged = Attack("nine", {"a": 9, "again": 9, "low": 1}, expected="below_eight")
    report = run_mutants("gated", _gated, honest, [forged])
    assert report.survivors == []
    assert report.noticed["a/sum"] == "lie: told a"


# --- sampling and reports --------------------------------------------------------------------------------------------
def test_sample_is_a_subset_fixed_by_the_seed() -> None:
    composed = COMPOSED["divide"]
    reports = [run_mutants("divide", composed.build, composed.honest(), sample=3, seed=seed) for seed in (1, 1, 2)]
    names = [set(report.noticed) | set(report.survivors) for report in reports]
    assert [report.n_classes for report in reports] == [3, 3, 3]
    assert names[0] == names[1] != names[2]


def test_report_as_json_carries_every_finding() -> None:
    report = run_mutants("redundant", _redundant, [{"a": 77, "out[0]": 1}])
    found = json.loads(report.to_json())
    assert found["template"] == "redundant"
    assert found["survivors"] == ["said_twice"]
    assert found["is_clean"] is False
    assert set(found["noticed"]) | set(found["survivors"]) == {"x/bit[*]", "x/sum", "said_twice", "bind[*]"}


# --- the parts -------------------------------------------------------------------------------------------------------
FORGERIES = [
    Forgery(told={"x": [28, 0]}),
    Forgery(told={"x": [26, 38]}),
    Forgery(inputs={"a": 999}),
    Forgery(inputs={"a": 5000, "b": 600}, told={"x/below": [0] * 10}),
    Forgery(inputs={"out[0]": 3}),
    Forgery(),
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_variation_agrees_with_building_anew(forgery: Forgery) -> None:
    composed = COMPOSED["divide"]
    honest = composed.honest()[0]
    varied = vary_by_builder(composed.build)(honest, {}).vary(forgery)
    lies = {name: (lambda _, told=told: list(told)) for name, told in forgery.told.items()}
    cs = ConstraintSystem({**honest, **forgery.inputs}, lies=lies)
    composed.build(cs)
    follows = {"bind[*]"} if "out[0]" not in forgery.inputs else set()  # the ports out[i] follow where nobody set them
    assert varied.violated == {collapse_indices(name) for name in cs.unsatisfied()} - follows


def test_variation_takes_the_broken_rows_of_a_faster_judge() -> None:
    cs = COMPOSED["to_bits"].systems()[0]
    shape = Shape(cs)
    assert BuilderVariation(shape, cs.values, [8]).violated == {shape.classes[8]}


def test_variation_reports_exactly_the_wires_that_differ() -> None:
    cs = COMPOSED["to_bits"].systems()[0]
    variation = BuilderVariation(Shape(cs), cs.values)
    assert variation.violated == frozenset()
    outcome = variation.vary(Forgery({"a": 76}))
    assert outcome.violated == frozenset()
    assert outcome.changed == {cs.ports["a"], variation.shape.ops[0].out}


def test_outputs_follow_and_inputs_in_use_do_not() -> None:
    shape = Shape(COMPOSED["divide"].systems()[0])
    followers = {name for name, wire in shape.inputs.items() if wire in shape.followers.values()}
    assert followers == {"out[0]", "out[1]"}


@pytest.mark.parametrize(
    ("opcode", "honest", "a", "b"),
    [
        (Opcode.BITS, [1, 0, 1, 0], 5, 0),
        (Opcode.BITS, [1], 1, 0),
        (Opcode.DIVMOD, [3, 2], 17, 5),
        (Opcode.DIVMOD, [0, 0], 17, 0),
        (Opcode.INV, [0], 0, 0),
        (Opcode.DIV, [2], 6, 3),
        (Opcode.IS_ZERO, [1], 0, 0),
        (Opcode.MUL, [6], 2, 3),
    ],
)
def test_generic_lies_are_never_the_truth(opcode: Opcode, honest: list[int], a: int, b: int) -> None:
    lies = list(generic_lies(opcode, honest, a, b))
    assert lies
    assert all(len(lie) == len(honest) and lie != honest for lie in lies)
    assert all(0 <= value < R for lie in lies for value in lie)


def test_dropper_agrees_with_the_whole_jacobian() -> None:
    cs = COMPOSED["is_less_than"].systems()[0]
    freed = ClassDropper(Shape(cs), cs.values).find(["x/shifted/bit[*]", "x/shifted/sum", "a/bit[*]"])
    assert set(freed) == {"x/shifted/bit[*]", "a/bit[*]"}


def test_dropper_lets_outputs_move() -> None:
    # with the outputs held, three conditions on three bits; a mutant's outputs may be what they like
    cs = COMPOSED["update_root"].systems()[0]
    assert set(ClassDropper(Shape(cs), cs.values).find(["index/bit[*]"])) == {"index/bit[*]"}


def test_inverse_that_only_its_own_check_reads_needs_an_attack() -> None:
    # dropping the one constraint that mentions a wire frees nothing that anybody reads: that alone is no notice
    def nonzero(cs: ConstraintSystem) -> None:
        a: LC = cs.port("a")
        (inverse,) = cs.hint(Opcode.INV, a, name="x/inverse")
        cs.assert_product(a, inverse, 1, name="x")
        is_zero(cs, a, name="y")

    report = run_mutants("nonzero", nonzero, [{"a": 5}])
    assert report.noticed["x"].startswith("lie: ")

"""Constraint counts are pinned: a change is seen, a gadget without a row fails, and the issue's ceilings hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from circuits.bits import is_zero, to_bits
from circuits.compare import divide, is_less_than
from circuits.horner import evaluate_at
from circuits.linear import LC
from circuits.merkle import compute_root, private_path, update_root
from circuits.poseidon import poseidon
from circuits.select import assert_selected, demultiplex, inner_product, multiplex, one_hot, select
from circuits.system import ConstraintSystem
from sequencer.stats import count_exit, count_gadgets, count_lanes, count_shapes

PINS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent.parent / "pins/constraint_counts.json").read_text())
CEILINGS = {"eddsa_verify": 3_400, "poseidon2": 240, "poseidon8": 402, "poseidon16": 609}


def _inputs(cs: ConstraintSystem, count: int) -> list[LC]:
    return [cs.private(f"in[{i}]") for i in range(count)]


def _divide(cs: ConstraintSystem) -> None:
    a, b = _inputs(cs, 2)
    divide(cs, a, b, quotient_bits=48, divisor_bits=48, name="x")


def _update_level(cs: ConstraintSystem) -> None:
    old, new, *bits = _inputs(cs, 5)
    update_root(cs, old, new, bits, private_path(cs, 1, name="path"), 1, name="x")


def _open_level(cs: ConstraintSystem) -> None:
    leaf, *bits = _inputs(cs, 4)
    compute_root(cs, leaf, bits, private_path(cs, 1, name="path"), 1, name="x")


BASIC: dict[str, Callable[[ConstraintSystem], object]] = {
    "to_bits(48)": lambda cs: to_bits(cs, *_inputs(cs, 1), 48, name="x"),
    "is_zero": lambda cs: is_zero(cs, *_inputs(cs, 1), name="x"),
    "is_less_than(48)": lambda cs: is_less_than(cs, *_inputs(cs, 2), 48, name="x"),
    "divide(48, 48)": _divide,
    "select": lambda cs: select(cs, *_inputs(cs, 3), name="x"),
    "one_hot(16)": lambda cs: one_hot(cs, _inputs(cs, 4), name="x"),
    "inner_product(16)": lambda cs: inner_product(
        cs, _inputs(cs, 16), [cs.private(f"v[{i}]") for i in range(16)], name="x"
    ),
    "multiplex(16)": lambda cs: multiplex(cs, _inputs(cs, 4), [cs.private(f"v[{i}]") for i in range(16)], name="x"),
    "demultiplex(8)": lambda cs: demultiplex(cs, _inputs(cs, 3), cs.private("v"), name="x"),
    "assert_selected(8)": lambda cs: assert_selected(
        cs, _inputs(cs, 3), [cs.private(f"v[{i}]") for i in range(8)], cs.private("own"), name="x"
    ),
    "compute_root(1)": _open_level,
    "update_root(1)": _update_level,
    "poseidon1": lambda cs: poseidon(cs, _inputs(cs, 1), name="x"),
}


HORNER_CEILING = 105  # a coefficient, powers and the canonical form apart


def _count_horner(n: int) -> dict[str, int]:
    cs = ConstraintSystem(evaluate=False)
    coefficients = [[cs.private(f"limb[{k}][{i}]") for i in range(4)] for k in range(n)]
    evaluate_at(cs, coefficients, cs.private("z"), name="x")
    return {scope.removeprefix("x/"): count for scope, count in cs.count_by_scope(2).items()}


def test_every_gadget_has_its_pinned_row() -> None:
    assert count_gadgets() == PINS["gadgets"]


def test_every_basic_gadget_has_its_pinned_row() -> None:
    counted = {}
    for name, build in BASIC.items():
        cs = ConstraintSystem(evaluate=False)
        build(cs)
        counted[name] = cs.n_constraints
    assert counted == PINS["basic"]


def test_every_horner_has_its_pinned_row() -> None:
    assert {n: _count_horner(int(n)) for n in ("16", "64")} == PINS["horner"]
    assert all(counts["window[*]"] <= HORNER_CEILING * int(n) for n, counts in PINS["horner"].items())


@pytest.mark.parametrize("gadget", CEILINGS)
def test_gadget_stays_within_its_ceiling(gadget: str) -> None:
    assert PINS["gadgets"][gadget] <= CEILINGS[gadget]


# --- lanes and shapes -----------------------------------------------------------------------------------------------
LANE_CEILINGS = {
    "TradeLane(1)": 16_500,
    "TradeLane(16)": 16 * 8_200,
    "QuoteLane(16)": 16 * 6_000,
    "CashLane": 13_500,
    "RescueLane": 12_500,
    "FundLane": 11_000,
    "Tick": 60_000,
}
DOMAIN_CEILINGS = {"small": 19, "block": 20}


def test_every_lane_has_its_pinned_row() -> None:
    assert {name: counts["constraints"] for name, counts in count_lanes().items()} == PINS["lanes"]


def test_a_lane_is_the_sum_of_its_scopes() -> None:
    assert {name: sum(counts["by_scope"].values()) for name, counts in count_lanes().items()} == PINS["lanes"]


def test_every_shape_has_its_pinned_row() -> None:
    assert count_shapes() == PINS["shapes"]


@pytest.mark.parametrize("lane", LANE_CEILINGS)
def test_lane_stays_within_its_ceiling(lane: str) -> None:
    assert PINS["lanes"][lane] <= LANE_CEILINGS[lane]


@pytest.mark.parametrize("shape", DOMAIN_CEILINGS)
def test_shape_fits_its_domain(shape: str) -> None:
    assert PINS["shapes"][shape]["domain_log2"] <= DOMAIN_CEILINGS[shape]


# --- the exit circuit -----------------------------------------------------------------------------------------------
EXIT_CEILING = 15_000


def test_the_exit_circuit_has_its_pinned_row() -> None:
    counts = count_exit()
    assert {"constraints": counts["constraints"], "domain_log2": counts["domain_log2"]} == PINS["exit"]
    assert sum(counts["by_scope"].values()) == counts["constraints"] < EXIT_CEILING

"""Signature verification: agreement with the model and third parties, idle slots, forgeries, lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import analyse
from circuits.eddsa import EddsaWires, verify_eddsa
from circuits.fixed_base import SCALAR_BITS
from circuits.system import ConstraintSystem, Stamp, collapse_indices
from rollup.babyjubjub import BASE8, IDENTITY, JUBJUB_SUBORDER, Point, add, multiply, negate
from rollup.field import R
from rollup.signature import Signature, derive_public_key, divide_by_eight, sign, verify

VECTORS = Path(__file__).parents[1] / "vectors"
ORDER_TWO: Point = (0, R - 1)
L = JUBJUB_SUBORDER
Lies = dict[str, Callable[[Any], Any]]


@dataclass(frozen=True)
class Slot:
    """The inputs of one verification."""

    key: Point
    key_div_8: Point
    r8: Point
    s: int
    message: int
    enabled: int = 1


def _sign(seed: int, message: int) -> Slot:
    private_key = seed.to_bytes(32, "big")
    key, signature = derive_public_key(private_key), sign(private_key, message)
    return Slot(key, divide_by_eight(key), signature.r8, signature.s, message)


def _build(slot: Slot, lies: Lies | None = None) -> tuple[ConstraintSystem, EddsaWires]:
    cs = ConstraintSystem(lies=lies)
    enabled, *points = [cs.witness(x) for x in (slot.enabled, *slot.key, *slot.key_div_8, *slot.r8)]
    wires = verify_eddsa(
        cs,
        enabled=enabled,
        key=(points[0], points[1]),
        key_div_8=(points[2], points[3]),
        r8=(points[4], points[5]),
        s=cs.witness(slot.s),
        message=cs.witness(slot.message),
        name="sig",
    )
    return cs, wires


def _refusal(slot: Slot, lies: Lies | None = None) -> str | None:
    return _build(slot, lies)[0].first_unsatisfied()


HONEST = _sign(1, 42)


# --- accepted ----------------------------------------------------------------------------------------------------
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**256 - 1), message=st.integers(0, R - 1), forged=st.booleans())
def test_verdict_agrees_with_model(seed: int, message: int, forged: bool) -> None:
    slot = _sign(seed, message)
    slot = replace(slot, message=(message + forged) % R)
    is_valid = verify(slot.key, slot.message, Signature(slot.r8, slot.s))
    assert is_valid != forged
    assert (_refusal(slot) is None) == is_valid


@pytest.mark.parametrize("file_name", ["eddsa_blake2b.json", "eddsa_blake512.json"])
@pytest.mark.parametrize("index", range(6))
def test_third_party_signature(file_name: str, index: int) -> None:
    vector = json.loads((VECTORS / file_name).read_text())["vectors"][index]
    key, r8 = ((int(vector[part][0]), int(vector[part][1])) for part in ("pub", "R8"))
    slot = Slot(key, divide_by_eight(key), r8, int(vector["S"]), int(vector["msg"]))
    assert _refusal(slot) is None
    assert _refusal(replace(slot, message=(slot.message + 1) % R)) == "sig/r8/x"


@pytest.mark.parametrize("cofactor_part", [IDENTITY, ORDER_TWO])
def test_any_eighth_of_the_key_will_do(cofactor_part: Point) -> None:
    assert _refusal(replace(HONEST, key_div_8=add(HONEST.key_div_8, cofactor_part))) is None


# --- idle slots --------------------------------------------------------------------------------------------------
IDLE = Slot((0, 0), (0, 0), (0, 0), 0, 0, enabled=0)


@pytest.mark.parametrize(
    "slot",
    [
        IDLE,
        replace(IDLE, s=2**SCALAR_BITS - 1),
        replace(IDLE, s=L),
        replace(IDLE, s=1),
        replace(IDLE, key=(0, 1), key_div_8=(0, 1), r8=(0, 1)),
        replace(IDLE, key=ORDER_TWO, key_div_8=ORDER_TWO),
        replace(IDLE, key=(3, 5), key_div_8=(7, 11), r8=(R - 1, R - 1), message=R - 1),
        replace(HONEST, enabled=0, message=43),
        replace(HONEST, enabled=0),
    ],
    ids=["zeros", "s of ones", "s = l", "s = 1", "identities", "order two", "off curve", "wrong message", "valid"],
)
def test_idle_slot_takes_anything(slot: Slot) -> None:
    assert _refusal(slot) is None


def test_invalid_s_of_252_bits_in_an_idle_slot() -> None:
    assert _refusal(replace(IDLE, s=2**SCALAR_BITS)) == "sig/s/sum"


def test_s_bits_are_the_bits_of_s() -> None:
    cs, wires = _build(replace(IDLE, s=2**250 + 5))
    assert [cs.value(bit) for bit in wires.s_bits] == [(2**250 + 5) >> i & 1 for i in range(SCALAR_BITS)]


# --- forgeries ---------------------------------------------------------------------------------------------------
OTHER = _sign(2, 42)
FORGERIES: dict[str, tuple[Slot, str]] = {
    "another message": (replace(HONEST, message=43), "sig/r8/x"),
    "another's signature": (replace(OTHER, key=HONEST.key, key_div_8=HONEST.key_div_8), "sig/r8/x"),
    "R8's coordinates swapped": (replace(HONEST, r8=HONEST.r8[::-1]), "sig/r8/x"),
    "R8 negated": (replace(HONEST, r8=negate(HONEST.r8)), "sig/r8/x"),
    "R8 with a part of order two": (replace(HONEST, r8=add(HONEST.r8, ORDER_TWO)), "sig/r8/x"),
    "S plus one": (replace(HONEST, s=HONEST.s + 1), "sig/r8/x"),
    "key of another eighth": (replace(HONEST, key_div_8=OTHER.key_div_8), "sig/key/is_eightfold_x"),
    "key negated": (replace(HONEST, key=negate(HONEST.key)), "sig/key/is_eightfold_x"),
    "key with a part of order two": (replace(HONEST, key=add(HONEST.key, ORDER_TWO)), "sig/key/is_eightfold_x"),
    "key off the curve": (replace(HONEST, key=(HONEST.key[0], HONEST.key[1] + 1)), "sig/key/is_eightfold_y"),
    "eighth off the curve": (replace(HONEST, key_div_8=(3, 5)), "sig/key_div_8/curve/v_squared"),
    "zero key": (replace(HONEST, key=(0, 0), key_div_8=(0, 0)), "sig/key_div_8/montgomery/v"),
}


@pytest.mark.parametrize(("slot", "refused_by"), FORGERIES.values(), ids=FORGERIES.keys())
def test_invalid_signature(slot: Slot, refused_by: str) -> None:
    assert _refusal(slot) == refused_by
    assert _refusal(replace(slot, enabled=0)) is None


@pytest.mark.parametrize(("index", "refused_by"), [(0, "sig/r8/x"), (1, "sig/r8/y")])
def test_invalid_r8_in_one_coordinate(index: int, refused_by: str) -> None:
    """Even told the honest challenge, either coordinate alone gives the lie away."""
    cs, wires = _build(HONEST)
    challenge = cs.value(wires.challenge)
    r8 = [coordinate + (i == index) for i, coordinate in enumerate(HONEST.r8)]
    cs, _ = _build(replace(HONEST, r8=(r8[0], r8[1])), {"sig/challenge/wire": lambda _: challenge})
    assert cs.unsatisfied() == ["sig/challenge/wire", refused_by]


def _low_order_points() -> list[Point]:
    """Return the points of order 1, 2, 4 and 8: multiples of l * P for a P of full order (EIP-2494's generator)."""
    generator = (
        995203441582195749578291179787384436505546430278305826713579947235728471134,
        5472060717959818805561601436314318772137091100104008585924551046643952123905,
    )
    smallest = multiply(generator, L)
    return [multiply(smallest, i) for i in range(8)]


@pytest.mark.parametrize("index", range(8))
def test_invalid_key_of_small_order(index: int) -> None:
    """8A' is the identity, so h * 8A vanishes and anyone could sign: R8 = S * B8."""
    eighth = _low_order_points()[index]
    slot = Slot(IDENTITY, eighth, multiply(BASE8, 7), 7, 42)
    refused_by = _refusal(slot)
    assert refused_by is not None
    assert refused_by.startswith(("sig/key_div_8/", "sig/double["))


def test_invalid_s_plus_order() -> None:
    slot = next(slot for seed in range(9, 99) if (slot := _sign(seed, 1)).s + L < 2**SCALAR_BITS)
    raised = _build(replace(slot, s=slot.s + L))[0].unsatisfied()
    assert {name.rsplit("[", 1)[0] for name in raised} == {"sig/s/below_order/zeros"}


# --- lies --------------------------------------------------------------------------------------------------------
def _hint_names() -> list[str]:
    """Return one hint of every class but the challenge's hash and the multi-wire hints: their lies are below."""
    cs, _ = _build(HONEST)
    (stamp,) = [item for item in cs.program if isinstance(item, Stamp) and item.name == "sig"]
    seen: dict[str, str] = {}
    for op in stamp.fragment.program:
        if op.n_out == 1:
            seen.setdefault(collapse_indices(op.name), op.name)
    return [name for name in seen.values() if name != "ladder/recode/is_even"]


@pytest.mark.parametrize("hint", _hint_names())
def test_invalid_hint_is_refused_by_its_own_constraint(hint: str) -> None:
    assert _refusal(HONEST, {f"sig/{hint}": lambda honest: honest + 2}) == f"sig/{hint}"


def _replaced(values: Sequence[int], changes: dict[int, int]) -> list[int]:
    return [changes.get(i, value) for i, value in enumerate(values)]


BIT_LIES: dict[str, tuple[Callable[[list[int]], list[int]], str]] = {
    "a bit of two": (lambda bits: _replaced(bits, {0: bits[0] + 2, 1: bits[1] - 1}), "sig/s/bit[0]"),
    "a flipped bit": (lambda bits: _replaced(bits, {250: 1 - bits[250]}), "sig/s/sum"),
    "all of S in the lowest bit": (
        lambda bits: _replaced([0] * SCALAR_BITS, {0: sum(bit << i for i, bit in enumerate(bits))}),
        "sig/s/bit[0]",
    ),
}


@pytest.mark.parametrize(("lie", "refused_by"), BIT_LIES.values(), ids=BIT_LIES.keys())
def test_invalid_bits_of_s(lie: Callable[[list[int]], list[int]], refused_by: str) -> None:
    assert _refusal(HONEST, {"sig/s": lie}) == refused_by


# --- size and determinism ----------------------------------------------------------------------------------------
def test_costs_2758_constraints() -> None:
    assert _build(HONEST)[0].n_constraints == 2758


@pytest.mark.parametrize("slot", [HONEST, OTHER, IDLE], ids=["honest", "other", "idle"])
def test_no_computed_wire_is_free(slot: Slot) -> None:
    assert analyse(_build(slot)[0]).free == ()

"""EdDSA over BabyJubJub with a Poseidon challenge: S * B8 = R8 + h * 8A, as circomlib verifies it (docs/eddsa.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from circuits import edwards, montgomery
from circuits.bits import assert_boolean, from_bits
from circuits.constant_compare import assert_at_most
from circuits.edwards import EdwardsPoint
from circuits.fixed_base import SCALAR_BITS, multiply_base8
from circuits.fragment import Fragment, record_fragment
from circuits.ladder import multiply_negated
from circuits.linear import LC
from circuits.montgomery import MontgomeryPoint
from circuits.poseidon import poseidon
from circuits.program import Opcode
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.babyjubjub import BASE8, JUBJUB_SUBORDER

_INPUT_NAMES = ("enabled", "key_x", "key_y", "key_div_8_x", "key_div_8_y", "r8_x", "r8_y", "s", "challenge")


@dataclass(frozen=True)
class EddsaWires:
    """Wires of one verification that a caller may use."""

    s_bits: tuple[LC, ...]  # 251 booleans, least significant first; below l where enabled, else any
    challenge: LC


def verify_eddsa(
    cs: ConstraintSystem,
    *,
    enabled: LC,
    key: tuple[LC, LC],
    key_div_8: tuple[LC, LC],
    r8: tuple[LC, LC],
    s: LC,
    message: LC,
    name: str,
) -> EddsaWires:
    """Constrain, where enabled = 1, (r8, s) to be a valid signature of message under key, and key to be sound.

    Sound: on the curve and of prime order l, shown by key_div_8 with 8 * key_div_8 = key. Where enabled = 0 any values
    satisfy but for s >= 2**251 (and about 2**127 challenges of 2**254). Assumes that enabled is boolean.
    Constraints: 2,758, and one for each input that is not a single wire; named {name}/...
    """
    challenge = poseidon(cs, [*r8, *key, message], name=f"{name}/challenge")
    inputs = (enabled, *key, *key_div_8, *r8, s, challenge)
    wires = [
        cs.materialise(lc, name=f"{name}/{input_name}/wire")
        for lc, input_name in zip(inputs, _INPUT_NAMES, strict=True)
    ]
    s_bits = cs.stamp(_core(), wires, name=name)
    return EddsaWires(tuple(s_bits), wires[-1])


@lru_cache(maxsize=1)
def _core() -> Fragment:
    """Return all but the challenge's hash, recorded once."""
    return record_fragment(len(_INPUT_NAMES), _verify)


def _verify(cs: ConstraintSystem, inputs: Sequence[LC]) -> list[LC]:
    enabled, key_x, key_y, key_div_8_x, key_div_8_y, r8_x, r8_y, s, challenge = inputs
    s_bits = _bits_below_order(cs, s, enabled)
    point, start = _eight_keys(cs, enabled, (key_x, key_y), (key_div_8_x, key_div_8_y))
    responded = multiply_base8(cs, s_bits, name="fixed")
    challenged = multiply_negated(cs, challenge, point, start, name="ladder")
    x, y = edwards.add(cs, responded, challenged, name="total")
    cs.assert_product(enabled, x - r8_x, 0, name="r8/x")
    cs.assert_product(enabled, y - r8_y, 0, name="r8/y")
    return s_bits


def _bits_below_order(cs: ConstraintSystem, s: LC, enabled: LC) -> list[LC]:
    """Return the 251 bits of s, proved below l where enabled."""
    bits = cs.hint(Opcode.BITS, s, n_out=SCALAR_BITS, name="s")
    for i, bit in enumerate(bits):
        assert_boolean(cs, bit, name=f"s/bit[{i}]")
    cs.assert_equal(from_bits(bits), s, name="s/sum")
    assert_at_most(cs, bits, JUBJUB_SUBORDER - 1, slack=1 - enabled, name="s/below_order")
    return bits


def _eight_keys(
    cs: ConstraintSystem, enabled: LC, key: EdwardsPoint, key_div_8: EdwardsPoint
) -> tuple[MontgomeryPoint, MontgomeryPoint]:
    """Return Q = 8A and (5/2) * Q, for a key A of prime order; for the key 8 * B8 where not enabled.

    A = 8A' has order 1 or l, and the affine doublings refuse every A' for which 8A' is the identity.
    """
    x, y = (
        select(cs, enabled, part, fixed, name=f"key_div_8/{axis}")
        for part, fixed, axis in zip(key_div_8, BASE8, "xy", strict=True)
    )
    eighth = montgomery.from_edwards(cs, (x, y), name="key_div_8/montgomery")
    u_squared = montgomery.assert_on_curve(cs, eighth, name="key_div_8/curve")
    doubled = montgomery.double(cs, eighth, u_squared, name="double[0]")
    multiples = _doublings(cs, doubled, 5, first_index=1)
    whole = montgomery.to_edwards(cs, multiples[1], name="key")
    for part, computed, axis in zip(key, whole, "xy", strict=True):
        cs.assert_product(enabled, computed - part, 0, name=f"key/is_eightfold_{axis}")
    four_keys, eight_keys = multiples[3], multiples[4]
    u, v = (cs.materialise(lc, name=f"eight_keys/{axis}") for lc, axis in zip(eight_keys, "uv", strict=True))
    return (u, v), montgomery.double_and_add(cs, (u, v), four_keys, name="twenty_keys")


def _doublings(cs: ConstraintSystem, point: MontgomeryPoint, count: int, *, first_index: int) -> list[MontgomeryPoint]:
    """Return [2 * point, 4 * point, ..]."""
    multiples = []
    for i in range(first_index, first_index + count):
        point = montgomery.double(cs, point, name=f"double[{i}]")
        multiples.append(point)
    return multiples

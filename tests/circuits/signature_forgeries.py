"""Forged signatures and keys, for every lane that verifies one: what breaks a single constraint of the EdDSA gadget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from circuits.ladder import CENTRE, N_DIGITS
from rollup.babyjubjub import JUBJUB_SUBORDER, Point, double, multiply_base8, negate
from rollup.field import R, inverse
from rollup.poseidon import poseidon
from rollup.signature import divide_by_eight
from tests.circuits.forging import Forged, Forger, sign_under, tell
from tests.circuits.invalid_curve import guess_signatures, halve_with_another_square, to_edwards
from tests.circuits.lane_cases import Values

__all__ = ["SignedLane", "forge_signature_parts"]

SECRET = 0xC0FFEE
KEY = multiply_base8(SECRET)


@dataclass(frozen=True)
class SignedLane:
    """A lane that holds one signature, and one of the same template that holds none."""

    forger: Forger
    message: int
    open_with_key: Callable[
        [Point], Values
    ]  # the signed lane on an account of this key, its signature left to the caller
    idle: Values
    eighth: str  # input names, less _x and _y
    signature: str  # prefix of the inputs r8_x, r8_y, s
    scope: str  # of the gadget

    def sign(self, key: Point, eighth: Point, r8: Point, s: int) -> Values:
        """Return the signed lane with these values."""
        prefix = self.signature
        values = {f"{prefix}r8_x": r8[0], f"{prefix}r8_y": r8[1], f"{prefix}s": s}
        return self.open_with_key(key) | values | {f"{self.eighth}_x": eighth[0], f"{self.eighth}_y": eighth[1]}


def forge_signature_parts(lane: SignedLane) -> Iterator[Forged]:
    """Yield forgeries that a single constraint of the gadget refuses."""
    yield from _forge_points(lane)
    yield from _forge_eighths(lane)
    yield _forge_digits(lane)
    yield from _forge_off_curve(lane)
    yield _forge_square(lane)


def _forge_points(lane: SignedLane) -> Iterator[Forged]:
    """Yield an R8 and a key that are right in one coordinate only."""
    eighth, challenge_of = divide_by_eight(KEY), _challenges(lane.message)
    nonce = 77
    x, y = multiply_base8(nonce)
    for name, axis, r8, sign in (("negated", "x", (R - x, y), -1), ("mirrored", "y", (x, R - y), 1)):
        shown = r8 if sign > 0 else (x, y)
        s = (sign * nonce + 8 * challenge_of(shown) * SECRET) % JUBJUB_SUBORDER
        signed = lane.sign(KEY, eighth, shown, s)
        yield lane.forger.forge(f"R8 {name}", signed, [f"{lane.scope}/r8/{axis}"])
    r8, s = sign_under(KEY, -SECRET % JUBJUB_SUBORDER, lane.message)
    negated = lane.sign(KEY, negate(eighth), r8, s)
    yield lane.forger.forge("signed by the key negated", negated, [f"{lane.scope}/key/is_eightfold_x"])
    mirrored = (KEY[0], R - KEY[1])
    r8, s = sign_under(mirrored, SECRET, lane.message)
    shown_key = lane.sign(mirrored, eighth, r8, s)
    yield lane.forger.forge("signed by the key mirrored", shown_key, [f"{lane.scope}/key/is_eightfold_y"])


def _challenges(message: int) -> Callable[[Point], int]:
    return lambda r8: poseidon([*r8, *KEY, message])


def _forge_eighths(lane: SignedLane) -> Iterator[Forged]:
    """Yield a proposed key / 8 that is not the one used. The gadget would lose nothing by it: any eighth will do."""
    eighth = divide_by_eight(KEY)
    r8, s = sign_under(KEY, SECRET, lane.message)
    honest = lane.sign(KEY, eighth, r8, s)
    lone = lane.forger.lane
    witness = lone.compute_witness(honest, {})
    for axis, value in zip("xy", eighth, strict=True):
        name = f"{lane.scope}/key_div_8/{axis}"
        lies = {name: tell(lone.value(witness, name))}
        changes = {f"{lane.eighth}_{axis}": value + 1}
        yield lane.forger.forge(
            f"another {axis} of the eighth given than used", honest, [name], changes=changes, lies=lies
        )
    name = f"{lane.scope}/key_div_8/montgomery/u"
    lies = {name: tell(lone.value(witness, name))}
    changes = {f"{lane.eighth}_y": eighth[1] + 1}
    yield lane.forger.forge("the eighth's u from another y", honest, [name], changes=changes, lies=lies)


def _forge_digits(lane: SignedLane) -> Forged:
    """Return digits of another size than v(Q), in an idle lane: K' is spelled all the same, in units of factor * v."""
    scope, lone = f"{lane.scope}/ladder/recode", lane.forger.lane
    v = lone.compute_operand(lane.idle, {}, f"{scope}/v_squared")
    odd = 2 * lone.compute_operand(lane.idle, {}, f"{scope}/digit") + CENTRE - 2**N_DIGITS + 1
    for factor in range(1_000, 1_100):
        digits_sum = (odd - CENTRE) * pow(factor, -1, R) % R
        signed = digits_sum - R if digits_sum > R // 2 else digits_sum
        if signed % 2 and abs(signed) < 2**N_DIGITS:
            break
    index = (signed + 2**N_DIGITS - 1) // 2
    size = factor * v
    digits = [size if index >> i & 1 else -size for i in range(N_DIGITS)]
    lies = {f"{scope}/v_squared": tell(size * size), f"{scope}/digit": tell(*digits)}
    return lane.forger.forge("digits of another size", lane.idle, [f"{scope}/v_squared"], lies=lies)


def _forge_off_curve(lane: SignedLane) -> Iterator[Forged]:
    """Yield a key off the curve that anyone can sign under, were its eighth not held to the curve's equation."""
    curve = f"{lane.scope}/key_div_8/curve"
    for guess in guess_signatures(lane.message):
        signed = lane.sign(guess.key, guess.eighth, guess.r8, guess.s)
        forged = lane.forger.forge("key off the curve", signed, [f"{curve}/v_squared"])
        if lane.forger.lane.find_broken_classes(forged.inputs, {}) == forged.refused_by:
            break  # the ladder met no exception on the way: about every second guess
    yield forged
    x, y = guess.eighth
    u = (1 + y) * inverse(1 - y) % R
    lies = {f"{curve}/cubic": tell(pow(u * inverse(x), 2, R))}
    yield lane.forger.forge("key off the curve, its cubic told", signed, [f"{curve}/cubic"], lies=lies)


def _forge_square(lane: SignedLane) -> Forged:
    """Return an eighth off the curve that doubles to the right point by a false square of its abscissa."""
    for secret in range(SECRET, SECRET + 50):
        key = multiply_base8(secret)
        x, y = double(divide_by_eight(key))
        u = (1 + y) * inverse(1 - y) % R
        half = halve_with_another_square(u, u * inverse(x) % R)
        if half is not None:
            break
    assert half is not None
    r8, s = sign_under(key, secret, lane.message)
    signed = lane.sign(key, to_edwards(*half[:2]), r8, s)
    refusal = f"{lane.scope}/key_div_8/curve/u_squared"
    return lane.forger.forge("eighth with a false square", signed, [refusal], lies={refusal: tell(half[2])})

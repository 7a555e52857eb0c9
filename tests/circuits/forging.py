"""A forged lane: what a cheating sequencer writes, made to fit everywhere but where it cheats; and raw signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits.mutants import Attack
from circuits.system import Lie, collapse_indices
from rollup.babyjubjub import JUBJUB_SUBORDER, Point, multiply_base8
from rollup.poseidon import poseidon
from rollup.trace import Path
from tests.circuits.lane_cases import LoneTemplate, Values
from tests.circuits.refusals import assert_refusals_are_pinned

__all__ = ["Forged", "Forger", "assert_refused_as_meant", "path_inputs", "sign_under", "tell"]


@dataclass(frozen=True)
class Forged:
    """A forged witness and the constraint classes that are to refuse it, no more and no fewer."""

    name: str
    inputs: Values
    lies: Mapping[str, Lie]
    refused_by: frozenset[str]

    def to_attack(self) -> Attack:
        """Return the forgery for the mutation run: expected of one class, or of any where several refuse it."""
        expected = next(iter(self.refused_by)) if len(self.refused_by) == 1 else ""
        return Attack(self.name, self.inputs, self.lies, expected)


@dataclass(frozen=True)
class Forger:
    """Forges lanes of one template; `outputs` are the inputs that follow a forgery unless it sets them itself."""

    lane: LoneTemplate
    outputs: Sequence[str]

    def forge(
        self,
        name: str,
        inputs: Mapping[str, int],
        refused_by: Sequence[str],
        *,
        changes: Mapping[str, int] | None = None,
        lies: Mapping[str, Lie] | None = None,
        also_follow: Sequence[str] = (),
    ) -> Forged:
        """Return the forgery of these inputs by changes to them and lies."""
        changes, lies = dict(changes or {}), dict(lies or {})
        following = [name for name in (*self.outputs, *also_follow) if name not in changes]
        followed = self.lane.follow(dict(inputs) | changes, lies, following)
        return Forged(name, followed, lies, frozenset(map(collapse_indices, refused_by)))

    def hold_in_one_bit(self, forged: Forged) -> Forged:
        """Return the forgery of a value out of its range, refused by {x}/sum, with all of it told in the lowest bit."""
        (broken,) = self.lane.find_broken(forged.inputs, forged.lies)
        hint = broken.removesuffix("/sum")
        lies = {**forged.lies, hint: tell(self.lane.compute_operand(forged.inputs, forged.lies, hint))}
        return Forged(
            f"{forged.name}, in one bit", forged.inputs, lies, frozenset({collapse_indices(hint) + "/bit[*]"})
        )


def assert_refused_as_meant(lane: LoneTemplate, forgeries: Sequence[Forged]) -> None:
    """Assert of each forgery that exactly the classes it names refuse it, and of no two that they share a name."""
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())
    assert_refusals_are_pinned(lane.template.name, forgeries)


def tell(*values: int) -> Lie:
    """Return the lie that tells these values, zeros for what is missing."""

    def lie(honest: int | list[int]) -> int | list[int]:
        if not isinstance(honest, list):
            return values[0]
        return [*values, *(0,) * (len(honest) - len(values))]

    return lie


def path_inputs(name: str, path: Path) -> Values:
    """Return a tree path as the private inputs `name[h][k]`."""
    return {f"{name}[{h}][{k}]": child for h, children in enumerate(path) for k, child in enumerate(children)}


def sign_under(shown_key: Point, secret: int, message: int) -> tuple[Point, int]:
    """Return (R8, S) with S * B8 = R8 + h * 8 * (secret * B8) where the challenge h names `shown_key`."""
    nonce = 1 + secret * 7919 % JUBJUB_SUBORDER
    r8 = multiply_base8(nonce)
    challenge = poseidon([*r8, *shown_key, message])
    return r8, (nonce + 8 * challenge * secret) % JUBJUB_SUBORDER

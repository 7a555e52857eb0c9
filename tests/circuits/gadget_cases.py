"""For tests of gadgets: one gadget over integers, its value read as a signed number, and what it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from circuits.determinism import analyse
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup.field import R

Gadget = Callable[..., LC | Sequence[LC]]

__all__ = ["Ran", "run_gadget", "to_signed"]


@dataclass(frozen=True)
class Ran:
    """What became of a gadget: its values, the constraints it broke, how many it has, and its free wires."""

    values: tuple[int, ...]
    broken: tuple[str, ...]
    n_constraints: int
    free: tuple[str, ...]

    @property
    def value(self) -> int:
        """The only value."""
        (value,) = self.values
        return value


def to_signed(value: int) -> int:
    """Return a field element as the integer of least magnitude that it stands for."""
    return value - R if value > R // 2 else value


def run_gadget(gadget: Gadget, *operands: int, lies: Mapping[str, Lie] | None = None) -> Ran:
    """Run `gadget(cs, *wires)` over operands that may be negative."""
    cs = ConstraintSystem(lies=lies)
    out = gadget(cs, *(cs.witness(operand) for operand in operands))
    wires = [out] if isinstance(out, LC) else list(out)
    values = tuple(to_signed(cs.value(wire)) for wire in wires)
    return Ran(values, tuple(cs.unsatisfied()), cs.n_constraints, analyse(cs).free)

"""No template takes a private input, or proposes a hint, that no constraint mentions: it would bind nobody.

A constraint that mentions it could pin it; whether it does, the forgeries and the mutation runs show.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits.bits import to_bits
from circuits.inputs import private_bits
from circuits.lanes.cash import build_cash_lane
from circuits.lanes.quote import build_quote_lane
from circuits.lanes.rescue import build_rescue_lane
from circuits.lanes.trade import build_trade_lane
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from circuits.variation import Shape
from tests.circuits.frame_cases import BUILDS as FRAMES

BUILDS: dict[str, Callable[[ConstraintSystem], object]] = {
    **FRAMES,
    "CashLane": build_cash_lane,
    "RescueLane": build_rescue_lane,
    "TradeLane(2)": lambda cs: build_trade_lane(cs, 2),
    "QuoteLane(2)": lambda cs: build_quote_lane(cs, 2),
}


def list_unread(cs: ConstraintSystem) -> list[str]:
    """Return private inputs and hints that no constraint mentions, but for inputs that are defined by their bits.

    Of those the bits must be mentioned: they are what the circuit means by the input (`circuits/inputs.py`).
    """
    shape = Shape(cs)
    mentioned = set(shape.rows_reading)
    unread = [op.name for op in shape.ops if not mentioned.issuperset(range(op.out, op.out + op.n_out))]
    bits = {op.a.single_wire() for op in shape.ops if op.opcode is Opcode.BITS}
    return unread + [name for name, wire in cs.privates.items() if wire not in mentioned | bits]


@pytest.mark.parametrize("name", BUILDS)
def test_every_private_input_and_hint_is_read(name: str) -> None:
    cs = ConstraintSystem(evaluate=False)
    BUILDS[name](cs)
    assert list_unread(cs) == []


def test_invalid_input_that_nothing_reads_is_seen() -> None:
    cs = ConstraintSystem(evaluate=False)
    cs.assert_equal(cs.private("read"), 1, name="one")
    private_bits(cs, "bits", 4)
    cs.private("idle")
    assert list_unread(cs) == ["idle"]


def test_invalid_hint_that_nothing_reads_is_seen() -> None:
    cs = ConstraintSystem(evaluate=False)
    a = cs.private("a")
    to_bits(cs, a, 4, name="checked")
    cs.hint(Opcode.BITS, a, n_out=4, name="loose")
    assert list_unread(cs) == ["loose"]

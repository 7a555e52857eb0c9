"""CashLanes whose flags are no booleans, or too many: each breaks its own check alone, the rest of the lane fits."""

from __future__ import annotations

from collections.abc import Iterator

from circuits.cash_kinds import KIND_NAMES
from rollup.units import AMOUNT_E6_BITS
from tests.circuits.cash_cases import make_case
from tests.circuits.cash_forging import changed, kinds
from tests.circuits.cash_scenes import CANCEL, OWNER, TRADER, TRANSFER_IN, WITHDRAW, trader
from tests.circuits.forging import Forged

__all__ = ["forge_flags"]


def forge_flags() -> Iterator[Forged]:
    """Yield the forgeries of flags."""
    yield _short_under_a_sign_of_two()
    yield _received_twice()
    yield from _two_at_once()


def _short_under_a_sign_of_two() -> Forged:
    """The packed signs keep their sum: 2 for market 0 and 0 for market 1, whose short then counts as a long."""
    case = make_case(WITHDRAW, trader())
    changes = {"account/sign[0]": 2, "account/sign[1]": 0}
    return changed("short hidden under a sign of two", case, changes, "account/sign[*]/boolean")


def _received_twice() -> Forged:
    """A transfer received with a kind of 2; an entry of the queue, of kind -1, keeps the sum at one."""
    case = make_case(TRANSFER_IN, trader())
    twice = {"transfer_in": 2 * ((TRADER << AMOUNT_E6_BITS) + TRANSFER_IN.amount_e6)}
    lies = {"kind": kinds(transfer_in=2, set_tier=-1)}
    return changed("transfer received twice", case, twice, "kind/bit[*]", lies=lies)


def _two_at_once() -> Iterator[Forged]:
    """Yield two kinds in one lane: a withdrawal or a cancel whose lane takes the owner's deposit as well."""
    for op, other in ((WITHDRAW, "withdraw"), (CANCEL, "cancel")):
        case = make_case(op, trader())
        both = {"kind": sum(1 << KIND_NAMES.index(kind) for kind in (other, "deposit")), "named/owner": OWNER}
        yield changed(f"deposit and {other} at once", case, both, "kind/at_most_one")

"""What any payment must leave free, and what a forced one pays: min(request, floor(max(free, 0) / 1e-6 USD))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_boolean, from_bits, to_bits
from circuits.cash_holder import Applied
from circuits.cash_kinds import Kinds
from circuits.constant_compare import assert_at_most
from circuits.inputs import assert_equal_if, private_flag
from circuits.linear import LC, sum_lc
from circuits.system import ConstraintSystem
from rollup.units import ATOMS_PER_E6

__all__ = ["ForcedPayout", "assert_dust", "assert_positions_allow", "choose_forced_payout", "gap_of_payment"]

DUST_BITS = 40
assert ATOMS_PER_E6 < 1 << DUST_BITS


@dataclass(frozen=True)
class ForcedPayout:
    """The case of an applied forced withdrawal, one boolean each: all that is asked, what is free, or nothing."""

    in_full: LC
    in_part: LC
    nothing: LC
    paid_e6: LC


def choose_forced_payout(
    cs: ConstraintSystem, applied: Applied, request_e6: LC, paid_bits: Sequence[LC]
) -> ForcedPayout:
    """Return the case that the prover names; `gap_of_payment` and `assert_dust` allow only the true one.

    Constraints: 5, named forced_withdraw/in_full/.., /nothing/.., /in_part, /paid, /pays_request.
    """
    with cs.scope("forced_withdraw"):
        in_full, nothing = private_flag(cs, "in_full"), private_flag(cs, "nothing")
        in_part = applied.forced_withdraw - in_full - nothing
        assert_boolean(cs, in_part, name="in_part")
        paid_e6 = cs.mul(in_full + in_part, from_bits(paid_bits), name="paid")
        assert_equal_if(cs, in_full, paid_e6, request_e6, name="pays_request")
    return ForcedPayout(in_full, in_part, nothing, paid_e6)


def gap_of_payment(cs: ConstraintSystem, kinds: Kinds, payout: ForcedPayout, free: LC, request_e6: LC) -> LC:
    """Return what must not be negative so that a payment may be made; 0 without one.

    free: equity less the initial requirement after it. A withdrawal, a transfer and a request paid in full leave
    free >= 0. Nothing is paid only where free < 0. In part is at most what was asked.
    Constraints: 2, named payment/free and payment/below_request.
    """
    leaves = kinds.withdraw + kinds.transfer_out + payout.in_full - payout.nothing
    gap = cs.mul(leaves, free, name="payment/free") - payout.nothing
    return gap + cs.mul(payout.in_part, request_e6 - payout.paid_e6, name="payment/below_request")


def assert_dust(cs: ConstraintSystem, payout: ForcedPayout, free: LC, left_at_close: LC) -> None:
    """Constrain what stays behind to be below 1e-6 USD: free collateral after a part payment, cash after a close.

    Constraints: 1 + 41 + 9 runs of zeros in 10**12 - 1, named dust/free, dust/bit[i], dust/sum, dust/below_e6/...
    """
    dust = cs.mul(payout.in_part, free, name="dust/free") + left_at_close
    bits = to_bits(cs, dust, DUST_BITS, name="dust")
    assert_at_most(cs, bits, ATOMS_PER_E6 - 1, name="dust/below_e6")


def assert_positions_allow(
    cs: ConstraintSystem, kinds: Kinds, applied: Applied, sizes_lots: Sequence[LC], stale: LC
) -> None:
    """Constrain an emptied leaf to hold no position, and without fresh prices a paying account to hold none.

    Sizes are 48 bits, as stored: their sum is 0 only if all are. Constraints: 3, named positions/...
    """
    held = sum_lc(list(sizes_lots))
    cs.assert_product(kinds.empties, held, 0, name="positions/none_in_emptied")
    at_stake = cs.mul(applied.pays(kinds), held, name="positions/of_paying")
    cs.assert_product(stale, at_stake, 0, name="positions/none_while_stale")

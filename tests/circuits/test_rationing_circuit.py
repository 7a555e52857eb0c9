"""Shares as constraints agree with `rollup.rationing`; a lie about any part of a share is refused by its own rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from circuits.rationing import RATION_SHIFT, ration
from circuits.system import ConstraintSystem, Lie
from rollup.rationing import Rationing, compute_share
from tests.circuits.forging import tell
from tests.circuits.order_gadgets import MAX_48, amounts, make_fields, make_fill


@dataclass(frozen=True)
class Share:
    """One order against its market's auction."""

    fill: int
    rest: int  # what it may still fill
    lots: int = 0  # V
    remaining: int = 1  # T
    limit_gap: int = 0
    side: int = 0
    position: int = 0
    cutoff: int = 0
    rationed_side: int = 0
    at_high: int = 0
    at_low: int = 0
    active: int = 1
    told: tuple[tuple[str, int], ...] = ()  # private inputs by name, where they differ from what is honest

    @property
    def is_marginal(self) -> bool:
        """Whether the limit is p*, or p* the worst price of the band for this side."""
        return self.limit_gap == 0 or bool(self.at_low if self.side else self.at_high)

    @property
    def shares(self) -> bool:
        """Whether the order is rationed."""
        return bool(self.active) and self.is_marginal and self.side == self.rationed_side

    @property
    def is_allowed(self) -> bool:
        """Whether the model allows this fill."""
        if not self.active:
            return True
        if not self.shares:
            return self.rest == 0
        market = Rationing(self.rationed_side, self.lots, self.remaining, self.cutoff)
        return self.fill == market.compute_share(self.fill + self.rest, self.position)

    @property
    def counted(self) -> int:
        """What it adds to its market's rationed side."""
        return (self.fill << RATION_SHIFT) + self.fill + self.rest if self.shares else 0


def _hints(share: Share) -> dict[str, int]:
    """Return what an honest prover gives, as far as there is something honest to give."""
    told = dict(share.told)
    extra = told.get("share/extra", int(share.shares and share.position < share.cutoff))
    remainder = (share.lots * (share.fill + share.rest) - (share.fill - extra) * share.remaining) % 2**48
    ahead = share.cutoff - share.position
    word = share.cutoff | share.rationed_side << 16 | share.at_high << 17 | share.at_low << 18
    return {
        "limit_gap": share.limit_gap,
        "auction_word": word,
        "cutoff_gap": max(ahead - 1 if extra else -ahead, 0),
        "share_remainder": remainder,
        "share_gap": max(share.remaining - 1 - remainder, 0),
        "share/extra": extra,
    } | told


def _run(share: Share, lies: dict[str, Lie] | None = None, word: int | None = None) -> tuple[list[str], int]:
    """Return what is broken and what is counted."""
    cs = ConstraintSystem(lies=lies)
    hints = _hints(share)
    fields = make_fields(cs, {name: value for name, value in hints.items() if "/" not in name})
    cs.inputs["share/extra"] = hints["share/extra"]
    fill = make_fill(
        cs,
        fill=share.fill,
        side=share.side,
        marginal_lots=share.lots,
        marginal_remaining=share.remaining,
        auction_word=hints["auction_word"] if word is None else word,
    )
    inputs = {
        "active": cs.witness(share.active),
        "rest": cs.witness(share.rest),
        "position": cs.witness(share.position),
    }
    counted = ration(cs, fill=fill, fields=fields, **inputs)
    return cs.unsatisfied(), cs.value(counted)


flags = st.integers(0, 1)
positions = st.sampled_from([0, 1, 2**16 - 1]) | st.integers(0, 2**16 - 1)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    """Return an order with its share, its complete fill, or near either."""
    total = draw(amounts.filter(bool))
    lots, asked = draw(st.integers(0, total)), draw(st.integers(1, total))
    position, cutoff = draw(positions), draw(positions)
    cutoff = draw(st.sampled_from([cutoff, position, min(position + 1, 2**16 - 1)]))
    share = compute_share(lots, total, asked, position < cutoff)
    fill = draw(st.sampled_from([share, share, share + 1, share - 1, asked]))
    assume(0 <= fill <= asked)
    words = {name: draw(flags) for name in ("rationed_side", "at_high", "at_low", "side", "active")}
    gap = draw(st.sampled_from([0, 0, 1, MAX_48]))
    return Share(fill, asked - fill, lots, total, gap, position=position, cutoff=cutoff, **words)


@given(share=shares())
def test_ration_is_satisfied_exactly_when_the_model_allows_the_fill(share: Share) -> None:
    broken, counted = _run(share)
    assert (not broken) == share.is_allowed
    assert counted == share.counted


@given(amounts=st.lists(st.integers(1, 50), min_size=1, max_size=6), data=st.data())
def test_shares_of_a_side_add_up_to_its_lots(amounts: list[int], data: st.DataObject) -> None:
    lots = data.draw(st.integers(0, sum(amounts)))
    floors = [lots * amount // sum(amounts) for amount in amounts]
    cutoff = lots - sum(floors)
    total = 0
    for position, (amount, floor) in enumerate(zip(amounts, floors, strict=True)):
        fill = floor + (position < cutoff)
        broken, counted = _run(Share(fill, amount - fill, lots, sum(amounts), position=position, cutoff=cutoff))
        assert broken == []
        total += counted
    assert total == (lots << RATION_SHIFT) + sum(amounts)


# 7 of 10 lots: of 5 lots asked, floor(3.5) = 3 of remainder 5
FAIR = Share(3, 2, 7, 10, position=4, cutoff=4)
FULL_RULE = "full_unless_shared"
FLOOR_RULE, BELOW_RULE = "share/is_floor", "share/remainder_below_divisor"
POSITION_RULE = "share/extra/by_position"
MORE, LESS = replace(FAIR, fill=4, rest=1), replace(FAIR, fill=2, rest=3)


def _tell(share: Share, **told: int) -> Share:
    return replace(share, told=tuple((name.replace("extra", "share/extra"), value) for name, value in told.items()))


def test_fair_shares_are_accepted() -> None:
    assert _run(FAIR) == ([], FAIR.counted)
    first = replace(MORE, position=3)
    assert _run(first) == ([], first.counted)


@pytest.mark.parametrize(
    ("share", "broken"),
    [
        (replace(FAIR, limit_gap=1), FULL_RULE),  # strictly better
        (replace(FAIR, rationed_side=1), FULL_RULE),  # marginal, of the other side
        (replace(FAIR, limit_gap=1, at_low=1), FULL_RULE),  # the lowest price is no edge for a buy
        (replace(FAIR, limit_gap=1, side=1, rationed_side=1, at_high=1), FULL_RULE),
        (_tell(LESS, share_remainder=15, share_gap=0), BELOW_RULE),  # one lot short
        (_tell(MORE, share_remainder=0, share_gap=9), FLOOR_RULE),  # one lot over
        (_tell(MORE, extra=1, cutoff_gap=0), POSITION_RULE),  # extra lot at the cutoff
        (_tell(replace(FAIR, position=3), extra=0, cutoff_gap=0), POSITION_RULE),  # none in front of it
        (replace(FAIR, remaining=0, lots=0), BELOW_RULE),  # nothing to divide by
    ],
)
def test_invalid_share(share: Share, broken: str) -> None:
    assert _run(share)[0] == [broken]


@pytest.mark.parametrize(
    ("share", "hint", "told"),
    [
        (_tell(MORE, share_gap=14), "share_remainder", -5),  # one lot over, the remainder negative
        (_tell(LESS, share_remainder=15), "share_gap", -6),  # one lot short, the remainder above the divisor
        (_tell(MORE, extra=1), "cutoff_gap", -1),  # extra lot at the cutoff
        (_tell(replace(FAIR, position=3), extra=0), "cutoff_gap", -1),  # none in front of it
    ],
)
def test_invalid_share_by_a_number_below_zero(share: Share, hint: str, told: int) -> None:
    assert _run(share, {hint: tell(told)})[0] == [f"{hint}/bit[0]"]


def test_invalid_two_extra_lots_by_a_flag_that_is_no_boolean() -> None:
    share = replace(FAIR, fill=5, rest=0, position=3, cutoff=4)
    assert _run(_tell(share, extra=2, cutoff_gap=1))[0] == ["share/extra/boolean"]


@pytest.mark.parametrize("flag", [16, 17, 18])
def test_invalid_auction_word_of_another_market(flag: int) -> None:
    word = FAIR.cutoff ^ 1 << flag
    assert _run(FAIR, word=word)[0] == ["auction_word/is_the_markets"]


def test_idle_place_may_hold_anything_in_its_fields() -> None:
    idle = replace(FAIR, active=0, limit_gap=12345, cutoff=2**16 - 1)
    assert _run(_tell(idle, share_remainder=MAX_48, share_gap=77), word=5) == ([], 0)

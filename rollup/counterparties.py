"""Who takes a victim's positions: of all accounts on the opposite side, the most leveraged that can bear their share.

A victim ends within one batch or not at all, so its counterparties have to fit the lanes. Where the most leveraged are
too many, the fewest that suffice are asked: the largest positions, in the same order. Where even these are too many (a
victim of more markets than lanes, or only small accounts opposite), it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from rollup.deleverage import Deleveraging
from rollup.units import MARKET_COUNT

__all__ = ["Candidate", "Taking", "choose_counterparties"]


@dataclass(frozen=True)
class Candidate:
    """An account that holds an opposite position, its rent paid."""

    account: int
    sizes_lots: tuple[int, ...]
    equity_atoms: int  # above 0


@dataclass(frozen=True)
class Taking:
    """Lots that one counterparty takes."""

    account: int
    market: int
    lots: int


_Pick: TypeAlias = Callable[[Deleveraging, int, int, Sequence[Candidate]], Sequence[Candidate]]


def choose_counterparties(
    victim: Deleveraging, candidates: Sequence[Candidate], marks_ticks: Sequence[int], n_lanes: int
) -> tuple[Taking, ...] | None:
    """Return who takes what, in the order of their lanes, all of it in at most `n_lanes`; None where that cannot be."""
    picks: tuple[_Pick, ...] = (_pick_all, _pick_fewest)
    for pick in picks:
        takings = _choose(victim, candidates, marks_ticks, pick)
        if takings is not None and len(takings) <= n_lanes:
            return takings
    return None


def _choose(
    rest: Deleveraging, candidates: Sequence[Candidate], marks_ticks: Sequence[int], pick: _Pick
) -> tuple[Taking, ...] | None:
    equity = {candidate.account: candidate.equity_atoms for candidate in candidates}
    takings: list[Taking] = []
    for market in range(MARKET_COUNT):
        mark_ticks = marks_ticks[market]
        if not rest.left_lots[market]:
            continue
        standing = [Candidate(c.account, c.sizes_lots, equity[c.account]) for c in candidates if equity[c.account] > 0]
        opposite = [c for c in standing if c.sizes_lots[market] * rest.left_lots[market] < 0]
        for own in _sort_by_leverage(pick(rest, market, mark_ticks, opposite), market):
            lots = min(abs(rest.left_lots[market]), abs(own.sizes_lots[market]))
            share_atoms = rest.compute_share(lots, mark_ticks) if lots else 0
            if lots and own.equity_atoms >= share_atoms:
                takings.append(Taking(own.account, market, lots))
                equity[own.account] -= share_atoms
                rest = rest.take(market, lots, mark_ticks, abs(own.sizes_lots[market]) * mark_ticks, own.equity_atoms)
        if rest.left_lots[market]:
            return None
    return tuple(takings)


def _sort_by_leverage(candidates: Iterable[Candidate], market: int) -> list[Candidate]:
    """Return them by |size| / equity, falling, exactly; ties by account. In one market the mark is the same for all."""
    return sorted(candidates, key=lambda c: (-Fraction(abs(c.sizes_lots[market]), c.equity_atoms), c.account))


def _pick_all(
    _rest: Deleveraging, _market: int, _mark_ticks: int, candidates: Sequence[Candidate]
) -> Sequence[Candidate]:
    return candidates


def _pick_fewest(
    rest: Deleveraging, market: int, mark_ticks: int, candidates: Sequence[Candidate]
) -> Sequence[Candidate]:
    """Return the largest positions that together suffice, of those that could bear the share of all they hold."""
    picked: list[Candidate] = []
    left_lots = abs(rest.left_lots[market])
    for candidate in sorted(candidates, key=lambda c: (-abs(c.sizes_lots[market]), c.account)):
        if left_lots <= 0:
            break
        lots = min(abs(rest.left_lots[market]), abs(candidate.sizes_lots[market]))
        # shares are floored, and what a floor leaves falls on those who come later: at most 1 atom a lane
        if candidate.equity_atoms >= rest.compute_share(lots, mark_ticks) + 1 + len(picked):
            picked.append(candidate)
            left_lots -= abs(candidate.sizes_lots[market])
    return picked

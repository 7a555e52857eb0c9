"""Who takes a victim's positions: of all accounts on the opposite side, the most leveraged that can bear their share.

A victim ends within one batch or not at all, so its counterparties have to fit the lanes. Where the most leveraged are
too many, the fewest that suffice are asked: the largest positions, in the same order. Where even these are too many (a
victim of more markets than lanes, or only small accounts opposite), it waits. Accounts are read in order, and no
further than the lanes go: where there are many, nobody has to look at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from typing import TypeAlias

from rollup.deleverage import Deleveraging
from rollup.holders import (
    Candidate,
    Holders,
    compute_leverage_key,
    compute_size_key,
    pick_side,
    sort_by_leverage,
    sort_by_size,
)
from rollup.units import MARKET_COUNT

__all__ = ["Taking", "choose_counterparties"]


@dataclass(frozen=True)
class Taking:
    """Lots that one counterparty takes."""

    account: int
    market: int
    lots: int


def choose_counterparties(
    victim: Deleveraging, holders: Holders, marks_ticks: Sequence[int], n_lanes: int
) -> tuple[Taking, ...] | None:
    """Return who takes what, in the order of their lanes, all of it in at most `n_lanes`; None where that cannot be."""
    picks: tuple[_Pick, ...] = (_pick_all, _pick_fewest)
    for pick in picks:
        takings = _choose(victim, holders, marks_ticks, n_lanes, pick)
        if takings is not None:
            return takings
    return None


@dataclass(frozen=True)
class _Side:
    """One market of a victim, and the accounts opposite: those who took before stand with the equity left to them."""

    rest: Deleveraging
    market: int
    mark_ticks: int
    holders: Holders
    takers: Mapping[int, Candidate]
    n_lanes: int  # that are left

    @property
    def left_lots(self) -> int:
        return abs(self.rest.left_lots[self.market])

    def by_leverage(self) -> Iterator[Candidate]:
        market, direction = self.market, self._direction
        fresh = self._leave_takers_out(self.holders.by_leverage(market, direction))
        again = sort_by_leverage(pick_side(self.takers.values(), market, direction), market)
        return merge(fresh, again, key=lambda candidate: compute_leverage_key(candidate, market))

    def by_size(self) -> Iterator[Candidate]:
        market, direction = self.market, self._direction
        fresh = self._leave_takers_out(self.holders.by_size(market, direction))
        again = sort_by_size(pick_side(self.takers.values(), market, direction), market)
        return merge(fresh, again, key=lambda candidate: compute_size_key(candidate, market))

    @property
    def _direction(self) -> int:
        return -1 if self.rest.left_lots[self.market] > 0 else 1

    def _leave_takers_out(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        return (candidate for candidate in candidates if candidate.account not in self.takers)


_Pick: TypeAlias = Callable[[_Side], Iterable[Candidate]]


def _choose(
    rest: Deleveraging, holders: Holders, marks_ticks: Sequence[int], n_lanes: int, pick: _Pick
) -> tuple[Taking, ...] | None:
    takers: dict[int, Candidate] = {}
    takings: list[Taking] = []
    for market in range(MARKET_COUNT):
        mark_ticks = marks_ticks[market]
        if not rest.left_lots[market]:
            continue
        for own in pick(_Side(rest, market, mark_ticks, holders, takers, n_lanes - len(takings))):
            lots = min(abs(rest.left_lots[market]), abs(own.sizes_lots[market]))
            if not lots:
                break
            share_atoms = rest.compute_share(lots, mark_ticks)
            if own.equity_atoms < share_atoms:
                continue
            if len(takings) == n_lanes:
                return None
            takings.append(Taking(own.account, market, lots))
            takers[own.account] = replace(own, equity_atoms=own.equity_atoms - share_atoms)
            rest = rest.take(market, lots, mark_ticks, abs(own.sizes_lots[market]) * mark_ticks, own.equity_atoms)
        if rest.left_lots[market]:
            return None
    return tuple(takings)


def _pick_all(side: _Side) -> Iterable[Candidate]:
    return side.by_leverage()


def _pick_fewest(side: _Side) -> Iterable[Candidate]:
    """Return the largest positions that together suffice, of those that could bear the share of all they hold.

    One more than the lanes hold is enough to see that they are too many.
    """
    picked: list[Candidate] = []
    left_lots = side.left_lots
    for candidate in side.by_size():
        if left_lots <= 0 or len(picked) > side.n_lanes:
            break
        lots = min(side.left_lots, abs(candidate.sizes_lots[side.market]))
        # shares are floored, and what a floor leaves falls on those who come later: at most 1 atom a lane
        if candidate.equity_atoms >= side.rest.compute_share(lots, side.mark_ticks) + 1 + len(picked):
            picked.append(candidate)
            left_lots -= abs(candidate.sizes_lots[side.market])
    return sort_by_leverage(picked, side.market)

"""Who may take a victim's positions, in the two orders in which they are asked; read no further than need be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

__all__ = [
    "Candidate",
    "CandidateList",
    "Holders",
    "compute_leverage_key",
    "compute_size_key",
    "pick_side",
    "sort_by_leverage",
    "sort_by_size",
]


@dataclass(frozen=True)
class Candidate:
    """An account that holds an opposite position, its rent paid."""

    account: int
    sizes_lots: tuple[int, ...]
    equity_atoms: int  # above 0


class Holders(Protocol):
    """Those who may be asked, by market and the sign of their position there (+1 long, -1 short)."""

    def by_leverage(self, market: int, direction: int) -> Iterable[Candidate]:
        """Return them by |size| / equity, falling, exactly; ties by account."""

    def by_size(self, market: int, direction: int) -> Iterable[Candidate]:
        """Return them by |size|, falling; ties by account."""


class CandidateList:
    """Holders that are all known."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    def by_leverage(self, market: int, direction: int) -> list[Candidate]:
        """Return those of the side by |size| / equity, falling."""
        return sort_by_leverage(pick_side(self._candidates, market, direction), market)

    def by_size(self, market: int, direction: int) -> list[Candidate]:
        """Return those of the side by |size|, falling."""
        return sort_by_size(pick_side(self._candidates, market, direction), market)


def compute_leverage_key(candidate: Candidate, market: int) -> tuple[Fraction, int]:
    """Return what sorts by |size| / equity, falling, exactly; ties by account. In one market all have the same mark."""
    return -Fraction(abs(candidate.sizes_lots[market]), candidate.equity_atoms), candidate.account


def compute_size_key(candidate: Candidate, market: int) -> tuple[int, int]:
    """Return what sorts by |size|, falling; ties by account."""
    return -abs(candidate.sizes_lots[market]), candidate.account


def sort_by_leverage(candidates: Iterable[Candidate], market: int) -> list[Candidate]:
    """Return them in the order of `compute_leverage_key`."""
    return sorted(candidates, key=lambda candidate: compute_leverage_key(candidate, market))


def sort_by_size(candidates: Iterable[Candidate], market: int) -> list[Candidate]:
    """Return them in the order of `compute_size_key`."""
    return sorted(candidates, key=lambda candidate: compute_size_key(candidate, market))


def pick_side(candidates: Iterable[Candidate], market: int, direction: int) -> list[Candidate]:
    """Return those with equity left whose position in the market has this sign."""
    return [c for c in candidates if c.equity_atoms > 0 and c.sizes_lots[market] * direction > 0]

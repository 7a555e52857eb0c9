"""One check's answer: all is well, something to know, or something wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Check", "Level", "note", "ok", "wrong"]


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"  # the node starts all the same
    WRONG = "wrong"


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do where it is not well."""

    name: str
    level: Level
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """Return that all is well."""
    return Check(name, Level.OK, found)


def note(name: str, found: str, advice: str) -> Check:
    """Return something to know."""
    return Check(name, Level.NOTE, found, advice)


def wrong(name: str, found: str, advice: str) -> Check:
    """Return what keeps the node from running well, and what to do."""
    return Check(name, Level.WRONG, found, advice)

"""Garbage of a node: none starts a walk through everything, and cycles are found all the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from sequencer.node import collecting


class Cycle:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    """Leave the collector as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_full_collections_do_not_start_by_themselves_and_cycles_are_found() -> None:
    collecting.rest()
    kept = [Cycle()]
    found = weakref.ref(kept.pop())
    before = gc.get_stats()[2]["collections"]
    junk = [[] for _ in range(200_000)]  # so many, kept, would start collections of every generation
    assert gc.get_stats()[2]["collections"] == before
    collecting.collect()
    assert found() is None
    assert len(junk) == 200_000
    assert gc.get_freeze_count() > 200_000


def test_cycle_that_was_set_aside_alive_is_found_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    collecting.rest()
    kept = [Cycle()]
    found = weakref.ref(kept[0])
    collecting.collect()  # alive: set aside
    kept.clear()
    collecting.collect()
    assert found() is not None
    monkeypatch.setattr(collecting, "_THAW_S", 0.0)
    collecting.collect()
    assert found() is None

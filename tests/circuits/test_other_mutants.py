"""Mutation runs of what is no TradeLane: whole where that takes seconds, else a sample; `make mutants` runs all."""

from __future__ import annotations

from typing import Final

import pytest

from tests.circuits.other_mutants import TEMPLATES, run_mutants_of

SAMPLES: Final = dict.fromkeys(("CashLane", "RescueLane", "Tick", "FundLane"), 60)  # classes


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_constraint_class_can_be_dropped_unnoticed(name: str) -> None:
    report = run_mutants_of(name, SAMPLES.get(name))
    assert report.n_classes == SAMPLES[name] if name in SAMPLES else report.n_classes > 20
    assert report.is_clean, report.to_text()

"""The mutation runs of what is not a TradeLane, in full: they take seconds."""

from __future__ import annotations

import pytest

from tests.circuits.other_mutants import TEMPLATES, run_mutants_of


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_constraint_class_can_be_dropped_unnoticed(name: str) -> None:
    report = run_mutants_of(name)
    assert report.n_classes > 20
    assert report.is_clean, report.to_text()

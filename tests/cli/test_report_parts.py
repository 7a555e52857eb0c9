"""What reports are made of: the treemap, the clock of stages, parts of proofs, plain text, pinned gas."""

from __future__ import annotations

import json
import unicodedata
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.gas_calls import GROUP_SIZES
from sequencer.pinned_gas import SETTLE_GAS
from sequencer.report.figures import GroupGas, ProofFigures
from sequencer.report.plain_text import clean
from sequencer.report.proving_plot import measure_parts
from sequencer.report.tables import format_cell, make_proofs_table
from sequencer.report.totals import MAX_TIME_S, spell_time, spell_usd
from sequencer.report.treemap import Rectangle, lay_out
from sequencer.stage_clock import StageClock
from tests.cli.conftest import ROOT

SIZES = st.lists(st.integers(1, 10**6), min_size=0, max_size=25).map(lambda sizes: sorted(sizes, reverse=True))
SIDES = st.floats(0.5, 100)


@given(sizes=SIZES, width=SIDES, height=SIDES)
def test_rectangles_fill_the_whole_by_their_sizes(sizes: list[int], width: float, height: float) -> None:
    whole = Rectangle(3, 5, width, height)
    placed = lay_out(sizes, whole)
    assert len(placed) == len(sizes)
    slack = 1e-6 * (width + height)
    for size, (x, y, w, h) in zip(sizes, placed, strict=True):
        assert w * h == pytest.approx(width * height * size / sum(sizes), rel=1e-6)
        assert x >= 3 - slack
        assert y >= 5 - slack
        assert x + w <= 3 + width + slack
        assert y + h <= 5 + height + slack


@given(sizes=SIZES)
def test_rectangles_do_not_lie_on_one_another(sizes: list[int]) -> None:
    for one, two in combinations(lay_out(sizes, Rectangle(0, 0, 9, 6)), 2):
        wide = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
        high = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
        assert min(wide, high) < 1e-6


def test_equal_sizes_make_squares() -> None:
    assert all(place.width == pytest.approx(place.height) for place in lay_out([1] * 4, Rectangle(0, 0, 2, 2)))


def test_clock_of_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    times_s = iter([1.0, 1.5, 2.25, 2.25, 7.0])
    monkeypatch.setattr("sequencer.stage_clock.time.perf_counter", lambda: next(times_s))
    told: list[tuple[str, int, int]] = []
    clock = StageClock(lambda *facts: told.append(facts))
    calls = [("prove A", 0, 2), ("prove A", 1, 2), ("prove A", 2, 2), ("other", 0, 1), ("other", 1, 1)]
    for call in calls:
        clock(*call)
    assert told == calls
    assert clock.parts_s == {"A": 1.25, "other": 4.75}


def test_parts_of_proofs_with_what_lies_between() -> None:
    proofs = [
        ProofFigures("one", 0.5, 4.0, {"rows": 1.0, "FFT": 2.0}),
        ProofFigures("two", 1.5, 2.0, {"rows": 3.0, "new stage": 1.0}),  # overlapping: together more than the proof
    ]
    assert [tuple(part) for part in measure_parts(proofs)] == [
        ("witness", 1.0, 0.5, 1.5),
        ("sparse evaluation", 2.0, 1.0, 3.0),
        ("FFT, quotient", 1.0, 0.0, 2.0),
        ("rest", 0.5, 0.0, 1.0),
        ("new stage", 0.5, 0.0, 1.0),
    ]


def test_proofs_without_parts() -> None:
    proofs = [ProofFigures(f"batch-{i}", 0.0, 2.5, {}) for i in range(1_001)]
    assert measure_parts(proofs) == ()
    table = make_proofs_table(proofs)
    assert (table.title, len(table.rows), table.rows[0]) == ("The first 1,000 proofs", 1_000, ("batch-0", "2.5"))


@given(st.text(max_size=300))
def test_plain_text_has_nothing_but_what_prints(text: str) -> None:
    plain = clean(text)
    assert len(plain) <= 203
    assert all(unicodedata.category(char)[0] != "C" for char in plain)
    assert plain == text or not text.isprintable() or len(text) > 200


@pytest.mark.parametrize(
    ("atoms", "spelled"),
    [
        (0, "0.00 USD"),
        (10**16, "0.01 USD"),
        (-(10**16) + 1, "0.00 USD"),
        (-(10**16), "-0.01 USD"),
        (1_234_567 * 10**18 + 10**17, "1,234,567.10 USD"),
    ],
)
def test_amounts(atoms: int, spelled: str) -> None:
    assert spell_usd(atoms) == spelled


def test_cells_and_times() -> None:
    assert [format_cell(value) for value in (None, 1_000, 2.5, 3.0, "a\nb")] == ["-", "1,000", "2.5", "3", "a\ufffdb"]
    assert (spell_time(0), spell_time(MAX_TIME_S)) == ("1970-01-01 00:00:00 UTC", "9999-12-31 23:59:59 UTC")
    assert GroupGas(0, 1, 0, 5).gas_per_order is None


def test_gas_of_groups_is_what_the_contract_is_pinned_to() -> None:
    pinned = json.loads((ROOT / "tests" / "pins" / "gas.json").read_text())
    assert {n: pinned[f"Rollup: settle {n} of block"] for n in GROUP_SIZES} == SETTLE_GAS

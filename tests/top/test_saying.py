"""The headline, case by case; lines over time; figures as text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.top.saying import say
from sequencer.top.spark import draw_spark
from sequencer.top.spelling import ago, clean, fee, fixed, percent, seconds, size
from sequencer.top.state import View, lose
from tests.top.recording import NOW_S, make_view, with_market, with_summary

INFO = make_view().summary.markets[0].info


def make_quiet() -> View:
    """Return a view of a node at which nothing is the matter."""
    view = with_summary(make_view(), alarms=(), interval_s=1.2, backlog_batches=0)
    past = msgspec.structs.replace(view.past, times_ms=(), markets=())
    return replace(view, past=past, batches=(), liquidations=(), rescues=())


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "Live", "Clearing every 1.2 s"),
    ({"interval_s": None}, "Quiet", "No trades in the last minute"),
    ({"backlog_batches": 1}, "Live", "1 batch waits for a proof"),
    ({"backlog_batches": 4}, "Busy", "4 batches wait for a proof"),
    ({"alarms": ("disk: full",)}, "1 alarm", "every batch is proved"),
    ({"withdraw_only": True}, "Closing only", "only withdrawals are taken"),
    ({"batches_resume_s": 86_400}, "Live", "No batches for 24 h: the last one's time is in the future"),
]


@pytest.mark.parametrize(("changes", "word", "part"), CASES)
def test_headline(changes: dict[str, Any], word: str, part: str) -> None:
    saying = say(with_summary(make_quiet(), **changes))
    assert saying.word == word
    assert part in saying.parts


def test_headline_of_liquidations_and_takeovers() -> None:
    view, quiet = make_view(), make_quiet()
    now_s = view.summary.time_ms // 1000
    fill = msgspec.structs.replace(view.liquidations[0], timestamp_s=now_s - 59)
    old = msgspec.structs.replace(fill, timestamp_s=now_s - 61)
    batch = msgspec.structs.replace(view.batches[0], rescues=2, timestamp_s=now_s)
    saying = say(replace(quiet, liquidations=(fill, old), batches=(batch,)))
    assert (saying.mood, saying.word) == ("busy", "Liquidating")
    assert "1 liquidation in the last minute" in saying.parts
    assert "2 takeovers or deleveragings" in saying.parts
    assert say(replace(quiet, liquidations=(old,))).word == "Live"


def test_headline_of_what_moved() -> None:
    view = make_view()
    mark = view.summary.markets[0].info.mark_ticks
    times_ms = (view.summary.time_ms - 61_000, view.summary.time_ms - 59_000)
    history = msgspec.structs.replace(view.past.markets[0], marks=(mark * 2, mark * 5 // 4))
    past = msgspec.structs.replace(view.past, times_ms=times_ms, markets=(history,))
    assert "PERP-USD down 20.0 % in the last minute" in say(replace(view, past=past)).parts
    up = msgspec.structs.replace(history, marks=(mark, mark * 4 // 5))
    past = msgspec.structs.replace(past, markets=(up,))
    assert "PERP-USD up 25.0 % in the last minute" in say(replace(view, past=past)).parts


@pytest.mark.parametrize(
    ("congestion_ppm", "reason"),
    [(600_000, "the rollup is busy (congestion 60 %)"), (5, "open interest in PERP-USD is high")],
)
def test_headline_of_raised_margin(congestion_ppm: int, reason: str) -> None:
    view = with_market(make_quiet(), initial_ppm=125_000)
    fees = msgspec.structs.replace(view.summary.fees, congestion_ppm=congestion_ppm)
    saying = say(with_summary(view, fees=fees))
    assert saying.word == "Busy"
    assert f"margin requirements 1.25x because {reason}" in saying.parts


def test_headline_without_a_connection_says_nothing_of_before() -> None:
    saying = say(lose(make_view(), NOW_S))
    assert saying == ("off", "No connection", ("the node does not answer; trying again",))


def test_spark() -> None:
    assert draw_spark((), 8) == ""
    assert draw_spark((5.0, 5.0), 8) == "▁▁"
    assert draw_spark(range(8), 8) == "▁▂▃▄▅▆▇█"
    assert draw_spark(range(800), 8) == "▁▂▃▄▅▆▇█"
    assert draw_spark((0, 1), 8, least=4) == "▁▃"
    assert draw_spark((0, 8), 8, least=4) == "▁█"
    assert draw_spark((-5, 0), 8, least=4) == "▁▁"


@given(st.lists(st.floats(-1e100, 1e100), max_size=50), st.integers(1, 30), st.none() | st.floats(0, 1e9))
def test_spark_is_no_wider_than_its_place(values: list[float], width: int, least: float | None) -> None:
    assert len(draw_spark(values, width, least=least)) == min(width, len(values))


@given(st.integers(-(2**200), 2**200), st.integers(0, 18), st.integers(0, 18))
def test_fixed_is_exact_and_cut_off(value: int, decimals: int, shown: int) -> None:
    text = fixed(value, decimals, min(shown, decimals)).replace(",", "")
    exact = Decimal(abs(value)).scaleb(-decimals)
    assert 0 <= exact - abs(Decimal(text)) < Decimal(1).scaleb(-min(shown, decimals))
    assert text.startswith("-") == (value < 0)


@given(st.text(max_size=2_000))
def test_clean_text_is_one_line_of_what_is_seen(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable()
    assert len(shown) <= 501
    if text.isprintable() and len(text) <= 500:
        assert shown == text


def test_figures_as_text() -> None:
    assert [size(lots, INFO) for lots in (0, 1, 1_000, 1_500_000, 10**12)] == [
        "0",
        "<0.001",
        "0.001",
        "1.5",
        "1,000,000",
    ]
    assert [seconds(value) for value in (1.25, 60, 600, 86_400)] == ["1.2 s", "60 s", "10 min", "24 h"]
    assert (ago(100, 90), ago(100, 160)) == ("0.0 s ago", "60 s ago")
    assert (percent(-12_345), percent(500_000, 0)) == ("-1.2 %", "50 %")
    assert (fee(10**12), fee(5 * 10**14)) == ("1.00", "500")

"""A frame of what a real node told: whole at every width, grey without a connection, and never a node's markup."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from sequencer.node.api.wire_views import PositionGone
from sequencer.node.event_types import RescueKind
from sequencer.top.frame import make_frame
from sequencer.top.parts import SOFT
from sequencer.top.state import View, lose
from tests.top.recording import NOW_S, draw, make_view, with_market, with_summary

WIDTHS = (60, 80, 200)
SECTIONS = (
    "Markets",
    "From auction to settlement",
    "The node",
    "Liquidations",
    "Margin requirements",
    "Base fees",
)
FACTS = (
    "Liquidating",
    "PERP-USD",
    "Would clear at",
    "Spread",
    "Funding, 8 h",
    "Sequenced",
    "Proving",
    "Proved",
    "Settled",
    "Wait for a proof",
    "Insurance fund, USD",
    "Gas an order",
    "Bytes an order",
    "Maintenance",
    "In five batches",
    "liquidated",
    "takeovers and delev",
    "chain 31337",
)


@pytest.mark.parametrize("width", WIDTHS)
def test_frame_has_every_section_and_fits(width: int) -> None:
    lines = draw(make_view(), width)
    assert {cell_len(line) for line in lines if line.startswith(("┏", "╭", "│", "┃"))} <= set(range(width + 1))
    text = " ".join(lines)
    assert [section for section in SECTIONS if f" {section} " not in text] == []
    assert [fact for fact in FACTS if fact not in text] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_frame_shows_what_the_node_said_last(width: int) -> None:
    view = make_view()
    text = "\n".join(draw(view, width))
    info = view.summary.markets[0].info
    assert f"{info.mark_ticks / 10**6:.4f}" in text
    assert f"{view.summary.batch_number}" in text
    newest = view.liquidations[0]
    assert f" {newest.account} " in text
    hard = next(batch for batch in view.batches if batch.liquidations)
    assert f"{hard.number}!" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_takeovers_and_deleveragings_stand_beside_liquidations(width: int) -> None:
    view = make_view()
    assert view.rescues
    assert "taken over" in "\n".join(draw(view, width))
    first, lost = view.rescues[0], PositionGone(0, -7_500_000, 5_000_000)
    owing = msgspec.structs.replace(first, batch_number=2**31, account=99, equity_atoms=str(-2 * 10**18), positions=())
    ended = msgspec.structs.replace(
        owing, account=98, kind=RescueKind.DELEVERAGING, positions=(lost, lost), counterparties=(3,)
    )
    lines = draw(replace(view, rescues=(owing, ended)), width)
    rows = [" ".join(line.split()) for line in lines]
    assert sum("98 deleveraged buy 7.5 5.0000 2.00" in row for row in rows) == 2
    assert sum("99 taken over - - 2.00" in row for row in rows) == 1


def test_rescues_before_the_process_began_are_told_by_their_batch() -> None:
    view = make_view()
    batch = msgspec.structs.replace(view.batches[0], rescues=1)
    assert f"before that in batches {batch.number}" in "\n".join(draw(replace(view, rescues=(), batches=(batch,)), 80))
    assert "before that" not in "\n".join(draw(view, 80))


@pytest.mark.parametrize("width", WIDTHS)
def test_without_a_connection_everything_is_grey_and_says_since_when(width: int) -> None:
    lost = lose(make_view(), NOW_S)
    frame = make_frame(lost, NOW_S + 35, width)
    console = Console(width=width, color_system="truecolor", highlight=False)
    colours = {str(segment.style) for line in console.render_lines(frame.body, pad=False) for segment in line}
    assert colours == {SOFT}
    text = " ".join(" ".join(draw(lost, width, NOW_S + 35)).replace("┃", "").split())
    assert "No connection since" in text
    assert "for 35 s" in text
    assert "may no longer be so" in text
    assert "Clearing every 2" not in text.split("╭")[0]  # the headline says nothing that may be over


def test_a_live_frame_has_colours() -> None:
    console = Console(width=80, color_system="truecolor", highlight=False)
    lines = console.render_lines(make_frame(make_view(), NOW_S, 80).body, pad=False)
    assert {"red", "green", "cyan"} <= {str(segment.style) for line in lines for segment in line}


@pytest.mark.parametrize("width", WIDTHS)
def test_node_without_markets_batches_and_past(width: int) -> None:
    view = with_summary(make_view(), markets=(), alarms=(), gas_per_order=None, interval_s=None, base_fee_ranges=())
    facts = msgspec.structs.replace(view.facts, shape=None, constraints=None, segment_bytes=0)
    past = type(view.past)((), (), (), (), (), ())
    text = "\n".join(draw(replace(view, facts=facts, past=past, batches=(), liquidations=(), rescues=()), width))
    assert "No market is open." in text
    assert "Nobody was liquidated since this process began." in text
    assert "nothing settled yet" in text
    assert "No trades in the last minute" in text


def test_market_at_which_nobody_rests_and_nothing_is_worth_anything() -> None:
    view = with_market(make_view(), mark_ticks=0, initial_ppm=0, maintenance_ppm=0, size_decimals=0, price_decimals=0)
    market = msgspec.structs.replace(view.summary.markets[0], bids=(), base_initial_ppm=0, base_maintenance_ppm=0)
    assert "no two sides" in "\n".join(draw(with_summary(view, markets=(market,)), 80))


def test_news_of_a_restart_stand_for_a_while() -> None:
    view = replace(make_view(), restarted_s=NOW_S)
    assert "was started again" in "\n".join(draw(view, 80, NOW_S + 14))
    assert "was started again" not in "\n".join(draw(view, 80, NOW_S + 16))


HOSTILE = ("[bold red]x[/]", "\x1b[2J\x1b]0;title\x07", "a\r\nb\x9b1m", "\u202eevil\u2066", "[/]" * 400, "é" * 5_000)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", WIDTHS)
def test_invalid_text_of_a_node_is_shown_and_not_obeyed(text: str, width: int) -> None:
    view = make_hostile(text)
    lines = draw(view, width)
    assert all(letter.isprintable() for line in lines for letter in line)
    assert max(map(cell_len, lines)) <= width
    if "[" in text and "\x1b" not in text:
        assert text[:3] in "".join(lines)


def make_hostile(text: str) -> View:
    view = with_summary(with_market(make_view(), name=text), alarms=(text, "disk: full"))
    return replace(view, facts=msgspec.structs.replace(view.facts, shape=text, instance=text))

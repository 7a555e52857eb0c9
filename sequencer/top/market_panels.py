"""Markets: what they are worth, where they cleared and would clear, what rests there, what margin is asked for."""

from __future__ import annotations

from rich.console import RenderableType
from rich.panel import Panel
from rich.text import Text

from sequencer.node.api.wire_pulse import MarketPulse
from sequencer.top.figures import compute_spread_ticks, find_history, get_change, get_margin_factor, sum_lots
from sequencer.top.parts import BAD, GOOD, NARROW, SOFT, WARN, Cell, make_panel, make_rows
from sequencer.top.saying import RAISED
from sequencer.top.spark import draw_spark
from sequencer.top.spelling import clean, clock, percent, price, size, times
from sequencer.top.state import View

__all__ = ["make_margin_panel", "make_market_panel"]

_PRICES = ("Market", "Mark, USD", "Cleared at", "Would clear at", "Change", "Last minutes")
_BOOK = ("Spread", "Bids", "Asks", "Open interest", "Funding, 8 h")
_SPARK = 16
_WIDE = 140  # columns from which on prices and book stand in one line


def make_market_panel(view: View, width: int) -> Panel:
    """Return every market in one line, or in two tables where one is too narrow."""
    markets = view.summary.markets
    if not markets:
        return make_panel("Markets", Text("No market is open.", style=SOFT))
    since = f"change since {clock(view.past.times_ms[0] / 1000)}" if view.past.times_ms else ""
    return make_panel("Markets", *_list_tables(view, width), note=since)


def _list_tables(view: View, width: int) -> list[RenderableType]:
    markets = view.summary.markets
    if width >= _WIDE:
        rows = [[*_spell_prices(view, one), *_spell_book(one)] for one in markets]
        return [make_rows((*_PRICES, *_BOOK), rows)]
    prices = [_spell_prices(view, one) for one in markets]
    book = [[clean(one.info.name), *_spell_book(one)] for one in markets]
    return [make_rows(_PRICES, prices, is_narrow=width < NARROW), make_rows(("Book", *_BOOK), book)]


def _spell_prices(view: View, market: MarketPulse) -> list[Cell]:
    info, history = market.info, find_history(view, market)
    marks = history.marks if history else ()
    change = get_change(info.mark_ticks, marks[0]) if marks else 0.0
    return [
        Text(clean(info.name), style="bold"),
        Text(price(info.mark_ticks, info), style="bold"),
        price(info.clearing_price_ticks, info),
        price(info.indicative_price_ticks, info),
        Text(percent(change * 1e6, 2), style=BAD if change < 0 else GOOD),
        Text(draw_spark(marks, _SPARK), style="cyan"),
    ]


def _spell_book(market: MarketPulse) -> list[Cell]:
    info, rate = market.info, int(market.funding_rate_e12)
    return [
        _spell_spread(market),
        Text(size(sum_lots(market.bids), info), style=GOOD),
        Text(size(sum_lots(market.asks), info), style=BAD),
        size(int(info.open_interest_lots), info),
        f"{'+' if rate > 0 else ''}{percent(rate / 1e6, 4)}",
    ]


def _spell_spread(market: MarketPulse) -> Cell:
    spread = compute_spread_ticks(market)
    if spread is None or not market.info.mark_ticks:
        return Text("no two sides", style=SOFT)
    return Text("crossed", style=WARN) if spread <= 0 else percent(1e6 * spread / market.info.mark_ticks, 2)


def make_margin_panel(view: View) -> Panel:
    """Return what margin each market asks for, and how crowded the rollup is."""
    fees, markets = view.summary.fees, view.summary.markets
    rows = [
        [
            clean(one.info.name),
            _spell_raised(one.info.initial_ppm, one.base_initial_ppm),
            _spell_raised(one.info.maintenance_ppm, one.base_maintenance_ppm),
            f"{1e6 / one.info.initial_ppm:.1f}x" if one.info.initial_ppm else "-",
        ]
        for one in markets
    ]
    factor = max((get_margin_factor(one) for one in markets), default=1.0)
    note = f"congestion {percent(fees.congestion_ppm)}, margin {times(factor)}"
    rule = "above half of the capacity both rise, up to 1.25 times: initial at once, maintenance an hour later"
    table = make_rows(("Market", "Initial", "Maintenance", "Most leverage"), rows)
    line = Text.assemble(("congestion ", SOFT), (draw_spark(view.past.congestion_ppm, _SPARK, least=500_000), "cyan"))
    return make_panel("Margin requirements", table, line, Text(rule, style=SOFT), note=note)


def _spell_raised(now: int, base: int) -> Cell:
    factor = now / base if base else 1.0
    return Text.assemble(percent(now, 2), (f" {times(factor)}" if factor >= RAISED else "", WARN))

"""One frame: a pure function of what the node told, the time, and how wide the place is."""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.box import HEAVY
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sequencer.top.flow_panels import make_flow_panel, make_node_panel
from sequencer.top.market_panels import make_margin_panel, make_market_panel
from sequencer.top.parts import BAD, GOOD, SOFT, WARN, Grey, join
from sequencer.top.risk_panels import make_fee_panel, make_liquidation_panel
from sequencer.top.saying import say
from sequencer.top.spelling import clean, clock, count, seconds
from sequencer.top.state import View

__all__ = ["Frame", "make_frame"]

_COLUMNS: Final = 140  # from which on panels stand side by side
_ROWS, _MORE_ROWS = 8, 12  # of liquidations, one below the other or side by side
_NEWS_S: Final = 15
_MOODS: Final = {"good": GOOD, "busy": WARN, "bad": BAD, "off": SOFT}


class Frame(NamedTuple):
    """What stands at the top, what may be scrolled, and what the process is."""

    head: RenderableType
    body: RenderableType
    foot: Text

    def whole(self) -> Group:
        """Return all of it, one below the other."""
        return Group(self.head, self.body, self.foot)


def make_frame(view: View, now_s: float, width: int) -> Frame:
    """Return a frame for so many columns. Without a connection it says since when, and all figures are grey."""
    body = _make_body(view, width)
    return Frame(_make_head(view, now_s), body if view.is_live else Grey(body), _make_foot(view))


def _make_head(view: View, now_s: float) -> Panel:
    mood, word, parts = say(view)
    color = _MOODS[mood]
    lines = [Text.assemble((f" {word} ", f"bold reverse {color}"), " ", " · ".join(parts))]
    lines += [Text(clean(alarm), style=BAD) for alarm in view.summary.alarms]
    lines += _list_news(view, now_s)
    return Panel(Group(*lines), title=Text("zkmargin", style="bold"), title_align="left", box=HEAVY, border_style=color)


def _list_news(view: View, now_s: float) -> list[Text]:
    if view.lost_s is not None:
        away = seconds(max(0.0, now_s - view.lost_s))
        since = f"No connection since {clock(view.lost_s)}, for {away}. What stands below is of {clock(view.heard_s)}"
        return [Text(f"{since} and may no longer be so.", style=BAD)]
    if view.restarted_s is not None and now_s - view.restarted_s < _NEWS_S:
        said = f"The node was started again: everything below was loaded afresh at {clock(view.restarted_s)}."
        return [Text(said, style=WARN)]
    return []


def _make_body(view: View, width: int) -> Group:
    half = width if width < _COLUMNS else width // 2
    market, node, flow = make_market_panel(view, width), make_node_panel(view, half), make_flow_panel(view)
    liquidations, margin, fees = (
        make_liquidation_panel(view, half, _ROWS if width < _COLUMNS else _MORE_ROWS),
        make_margin_panel(view),
        make_fee_panel(view, half),
    )
    if width < _COLUMNS:  # what matters most first: the rest is scrolled to
        return Group(market, flow, node, liquidations, margin, fees)
    return Group(market, _pair(Group(flow, liquidations), Group(node, fees, margin)))


def _pair(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


def _make_foot(view: View) -> Text:
    facts = view.facts
    shape = f"shape {clean(facts.shape)}, {count(facts.order_places)} orders a batch" if facts.shape else ""
    key = "a key made for development" if facts.is_development_key else ""
    return join(
        [f"chain {facts.chain_id}", f"contract {facts.contract}", shape, key, f"process {clean(facts.instance)}"]
    )

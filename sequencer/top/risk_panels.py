"""Who was liquidated, taken over or deleveraged, and what the three resources cost that operations are priced by."""

from __future__ import annotations

from typing import Final

from rich.panel import Panel
from rich.text import Text

from sequencer.node.api.wire_views import Fill, Rescue
from sequencer.node.event_types import RescueKind
from sequencer.top.figures import list_unnamed
from sequencer.top.parts import BAD, GOOD, NARROW, SOFT, Cell, join, make_panel, make_rows
from sequencer.top.spark import draw_spark
from sequencer.top.spelling import ago, fee, price, size, usd, usd_e6
from sequencer.top.state import View

__all__ = ["make_fee_panel", "make_liquidation_panel"]

_RESOURCES: Final = ("Proving, an order", "State, a leaf", "Bandwidth, a byte")
_SPARK: Final = 16
_NOBODY: Final = "Nobody was liquidated since this process began."


def make_fee_panel(view: View, width: int) -> Panel:
    """Return the base fees, where they may be in five batches, and what operations cost."""
    fees, ranges, past = view.summary.fees, view.summary.base_fee_ranges, view.past.base_fees
    rows: list[list[Cell]] = [
        [
            name,
            fee(float(now)),
            f"{fee(float(low))} to {fee(float(high))}",
            Text(draw_spark([one[place] for one in past], _SPARK), style="cyan"),
        ]
        for place, (name, now, (low, high)) in enumerate(zip(_RESOURCES, fees.base_fees, ranges, strict=False))
    ]
    table = make_rows(("Resource", "µUSD", "In five batches", "Last minutes"), rows, is_narrow=width < NARROW)
    return make_panel("Base fees", table, *_list_notes(view), note="an eighth a batch at most")


def _list_notes(view: View) -> list[Text]:
    fees = view.summary.fees
    ahead = (
        f"{usd_e6(fees.forecast_order_fee_e6[-1][0], 6)} to {usd_e6(fees.forecast_order_fee_e6[-1][1], 6)}"
        if (fees.forecast_order_fee_e6)
        else ""
    )
    order = f"an order {usd_e6(fees.order_fee_e6, 6)} USD" + (f", in five batches {ahead}" if ahead else "")
    others = f"cash operation {usd_e6(fees.cash_fee_e6, 6)} USD", f"new account {usd_e6(fees.leaf_fee_e6, 4)} USD"
    return [join([order]), join(others)]


def make_liquidation_panel(view: View, width: int, n_rows: int) -> Panel:
    """Return who was liquidated, taken over by the fund or deleveraged, newest first, in at most so many rows."""
    told: list[Fill | Rescue] = [*view.liquidations, *view.rescues]
    told.sort(key=lambda one: -one.batch_number)
    rows = [row for one in told[:n_rows] for row in _spell(view, one)][:n_rows]
    columns = ("When", "Account", "What", "Trade", "Price", "USD", "Batch")
    table = make_rows(columns, rows, is_narrow=width < NARROW)
    table.columns[2].justify = "left"
    body = table if rows else Text(_NOBODY, style=SOFT)
    unnamed = ", ".join(str(batch.number) for batch in list_unnamed(view)[:n_rows])
    before = [Text(f"takeovers or deleveragings before that in batches {unnamed}", style=SOFT)] if unnamed else []
    return make_panel("Liquidations", body, *before, note="with takeovers and deleveragings; penalties, debts")


def _spell(view: View, one: Fill | Rescue) -> list[list[Cell]]:
    if isinstance(one, Fill):
        lots = -one.size_lots if one.side else one.size_lots
        return [_spell_row(view, one, Text("liquidated"), (one.market, lots, one.price_ticks), one.trading_fee_atoms)]
    word = "taken over" if one.kind is RescueKind.TAKEOVER else "deleveraged"
    debt_atoms = one.equity_atoms.removeprefix("-") if one.equity_atoms.startswith("-") else "0"
    what = Text(word, style=BAD)
    gone = [(position.market, -position.size_lots, position.price_ticks) for position in one.positions]
    if not gone:
        return [_spell_row(view, one, what, None, debt_atoms)]
    return [_spell_row(view, one, what, trade, debt_atoms) for trade in gone]


def _spell_row(
    view: View, one: Fill | Rescue, what: Text, trade: tuple[int, int, int] | None, atoms: str
) -> list[Cell]:
    """Return a trade that nobody chose: market, lots (below 0 sold), ticks; None where there was no position."""
    when = ago(one.timestamp_s, view.summary.time_ms / 1000)
    done, price_text = _spell_trade(view, *trade) if trade else (Text("-"), "-")
    return [when, str(one.account), what, done, price_text, usd(atoms), str(one.batch_number)]


def _spell_trade(view: View, market: int, lots: int, ticks: int) -> tuple[Text, str]:
    info = next((one.info for one in view.summary.markets if one.info.market == market), None)
    spelled = size(abs(lots), info) if info else str(abs(lots))
    done = Text(f"sell {spelled}", style=BAD) if lots < 0 else Text(f"buy {spelled}", style=GOOD)
    return done, price(ticks, info) if info else str(ticks)

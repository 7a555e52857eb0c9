"""Who was liquidated, and what the three resources cost that operations are priced by."""

from __future__ import annotations

from typing import Final

from rich.panel import Panel
from rich.text import Text

from sequencer.node.api.wire_views import Fill
from sequencer.top.figures import list_hard
from sequencer.top.parts import BAD, GOOD, NARROW, SOFT, Cell, join, make_panel, make_rows
from sequencer.top.spark import draw_spark
from sequencer.top.spelling import ago, fee, price, size, usd, usd_e6
from sequencer.top.state import View

__all__ = ["make_fee_panel", "make_liquidation_panel"]

_RESOURCES: Final = ("Proving, an order", "State, a leaf", "Bandwidth, a byte")
_SPARK: Final = 16
_SHOWN: Final = 8


def make_fee_panel(view: View, width: int) -> Panel:
    """Return the base fees, where they may be in five batches, and what operations cost."""
    fees, ranges, past = view.summary.fees, view.summary.base_fee_ranges, view.past.base_fees
    rows: list[list[Cell]] = [
        [
            name,
            fee(float(now)),
            f"{fee(float(low))} to {fee(float(high))}",
            draw_spark([one[place] for one in past], _SPARK),
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


def make_liquidation_panel(view: View) -> Panel:
    """Return the last liquidations, and the batches with takeovers and deleveragings."""
    rows = [_spell_liquidation(view, fill) for fill in view.liquidations[:_SHOWN]]
    columns = ("When", "Account", "Side", "Size", "Price", "Penalty, USD", "Batch")
    body = make_rows(columns, rows) if rows else Text("Nobody was liquidated since this process began.", style=SOFT)
    hard = list_hard(view)[:_SHOWN]
    which = ", ".join(f"{batch.number} ({batch.rescues})" for batch in hard)
    note = Text(
        f"taken over by the fund or deleveraged, in batches {which}" if hard else "nobody taken over or deleveraged"
    )
    note.stylize(BAD if hard else SOFT)
    return make_panel("Liquidations", body, note, note="the last 50 since this process began")


def _spell_liquidation(view: View, fill: Fill) -> list[Cell]:
    info = next((one.info for one in view.summary.markets if one.info.market == fill.market), None)
    return [
        ago(fill.timestamp_s, view.summary.time_ms / 1000),
        str(fill.account),
        Text("sell", style=BAD) if fill.side else Text("buy", style=GOOD),
        size(fill.size_lots, info) if info else str(fill.size_lots),
        price(fill.price_ticks, info) if info else str(fill.price_ticks),
        usd(fill.trading_fee_atoms),
        str(fill.batch_number),
    ]

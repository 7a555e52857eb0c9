"""Batches on their way to the base layer, and how the node keeps up."""

from __future__ import annotations

from typing import Final

from rich.panel import Panel
from rich.text import Text

from sequencer.node.api.wire_views import BatchInfo
from sequencer.node.view_types import BatchStage
from sequencer.top.figures import (
    compute_age_s,
    compute_bytes_per_order,
    compute_mean_proof_s,
    count_recent,
    get_margin_factor,
    list_at_stage,
)
from sequencer.top.parts import BAD, NARROW, SOFT, WARN, Cell, make_panel, make_rows
from sequencer.top.saying import BEHIND, RAISED
from sequencer.top.spark import draw_spark
from sequencer.top.spelling import count, percent, plural, seconds, times, usd
from sequencer.top.state import View

__all__ = ["make_flow_panel", "make_node_panel"]

_SHOWN: Final = 30
_SPARK: Final = 12


def make_flow_panel(view: View) -> Panel:
    """Return the batches by stage: how many, how old the oldest is, of those that are settled the newest."""
    rows = [_spell_stage(view, stage) for stage in BatchStage]
    settled = list_at_stage(view, BatchStage.SETTLED)
    note = f"settled up to batch {count(settled[0].number)}" if settled else "nothing settled yet"
    table = make_rows(("Stage", "Batches", "Age", "Which"), rows)
    table.columns[-1].justify, table.columns[-1].ratio = "left", 1
    legend = Text("!: with a liquidation, a takeover or a deleveraging", style=SOFT)
    return make_panel("From auction to settlement", table, legend, note=note)


def _spell_stage(view: View, stage: BatchStage) -> list[Cell]:
    batches, is_last = list_at_stage(view, stage), stage is BatchStage.SETTLED
    age = seconds(compute_age_s(batches[0 if is_last else -1], view)) if batches else "-"
    which = Text(" ").join(_spell_batch(batch) for batch in batches[:_SHOWN]) if batches else Text("none", style=SOFT)
    number = "" if is_last else count(len(batches))
    return [Text(stage.value.capitalize(), style="bold"), number, age, which]


def _spell_batch(batch: BatchInfo) -> Text:
    is_hard = batch.liquidations > 0 or batch.rescues > 0
    return Text(f"{batch.number}!", style=BAD) if is_hard else Text(str(batch.number))


def make_node_panel(view: View, width: int) -> Panel:
    """Return the figures that say how the node is."""
    table = make_rows(("", "", "", ""), _list_figures(view), n_texts=4, is_narrow=width < NARROW)
    table.show_header = False
    return make_panel("The node", table)


def _list_figures(view: View) -> list[list[Cell]]:
    summary, past, proof_s = view.summary, view.past, compute_mean_proof_s(view)
    liquidations, rescues = count_recent(view)
    margin = max(1.0, *map(get_margin_factor, summary.markets), 1.0)
    waiting, is_behind = summary.backlog_batches, summary.backlog_batches >= BEHIND
    proofs = "no proof timed yet" if proof_s is None else f"a proof takes {seconds(proof_s)}"
    rescued = f"and {plural(rescues, 'rescue')}" if rescues else "in the last minute"
    distressed = BAD if liquidations or rescues else ""
    pace = "-" if summary.interval_s is None else seconds(summary.interval_s)
    return [
        ["Batch", count(summary.batch_number), f"{count(summary.sequence)} records", ""],
        ["Clearing every", pace, "one price a market" if summary.interval_s else "no trades lately", ""],
        ["Wait for a proof", _tell(count(waiting), WARN if is_behind else ""), proofs, _draw(past.backlog_batches, 4)],
        ["Margin required", _tell(times(margin), WARN if margin >= RAISED else ""), _spell_congestion(view), ""],
        ["Liquidations", _tell(count(liquidations), distressed), rescued, ""],
        ["Insurance fund, USD", _spell_fund(summary.fund_atoms), "behind losses", _draw(past.fund_atoms, None)],
        *_list_costs(view),
    ]


def _spell_congestion(view: View) -> str:
    return f"congestion {percent(view.summary.fees.congestion_ppm, 0)}"


def _spell_fund(fund_atoms: str) -> Text:
    return _tell(usd(fund_atoms), BAD if fund_atoms.startswith("-") else "")


def _list_costs(view: View) -> list[list[Cell]]:
    gas, n_bytes = view.summary.gas_per_order, compute_bytes_per_order(view)
    return [
        ["Gas an order", "-" if gas is None else count(gas), "of the last groups", ""],
        [
            "Bytes an order",
            "-" if n_bytes is None else count(n_bytes),
            f"{count(view.facts.segment_bytes)} a batch",
            "",
        ],
    ]


def _tell(text: str, style: str) -> Text:
    return Text(text, style=f"bold {style}".strip())


def _draw(values: tuple[float, ...], least: float | None) -> Text:
    return Text(draw_spark(values, _SPARK, least=least), style="cyan")

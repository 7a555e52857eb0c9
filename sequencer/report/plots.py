"""Which plots a report has: what each is called and says, how it is drawn, and the tables beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from matplotlib.figure import Figure

from rollup.shapes import SHAPES
from sequencer.report.budget import LaneBudget, count_budget, draw_budget
from sequencer.report.figures import Subject
from sequencer.report.gas_panel import draw_gas
from sequencer.report.price_plot import draw_prices
from sequencer.report.proving_plot import draw_proving
from sequencer.report.tables import (
    PageTable,
    make_budget_table,
    make_gas_table,
    make_parts_table,
    make_proofs_table,
)

__all__ = ["PLOT_NAMES", "Plot", "choose_plots", "find_budget"]

PLOT_NAMES = ("prices", "gas", "budget", "proving")
_Draw: TypeAlias = Callable[[Figure], None]


@dataclass(frozen=True)
class Plot:
    """One plot of a page; its files are `name`.svg and `name`.png."""

    name: str
    title: str
    caption: str
    draw: _Draw
    tables: tuple[PageTable, ...] = ()


def find_budget(shape: str) -> tuple[LaneBudget, ...]:
    """Return where the constraints of a shape go; nothing of one that this program does not know."""
    return count_budget(SHAPES[shape]) if shape in SHAPES else ()


def choose_plots(subject: Subject, budget: tuple[LaneBudget, ...]) -> Iterator[Plot]:
    """Yield the plots for which there is something to show, in the order of the page."""
    yield Plot(
        "prices",
        "Prices and liquidations",
        "The line is the mark, dots are clearing prices. Who was liquidated, taken over or deleveraged stands at the "
        "mark of that batch, in each market that the account held; larger where it was several.",
        partial(draw_prices, subject=subject),
    )
    yield _plot_gas(subject)
    if budget:
        total = sum(lane.constraints for lane in budget)
        yield Plot(
            "budget",
            "Constraints by scope",
            f"A batch of shape {subject.shape} has {total:,} constraints, whatever it trades. Areas are as they are.",
            partial(draw_budget, budgets=budget),
            (make_budget_table(budget),),
        )
    if subject.proving is not None:
        proofs = subject.proving.proofs
        has_parts = any(proof.parts_s for proof in proofs)
        tables = ([make_parts_table(proofs)] if has_parts else []) + [make_proofs_table(proofs)]
        caption = "Mean over {} proofs; thin lines go from the least to the most." if has_parts else "{} proofs."
        caption = caption.format(f"{len(proofs):,}")
        draw = partial(draw_proving, proofs=proofs)
        yield Plot("proving", "Proving time by part" if has_parts else "Proving time", caption, draw, tuple(tables))


def _plot_gas(subject: Subject) -> Plot:
    lines = "Lines: what an order costs where every place of every proof of a transaction is filled."
    points = " Points: the groups of this run, by the orders that they held." if subject.gas else ""
    tables = (make_gas_table(subject.gas),) if subject.gas else ()
    return Plot("gas", "Gas an order", lines + points, partial(draw_gas, groups=subject.gas), tables)

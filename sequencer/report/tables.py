"""The tables of a report, as cells of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sequencer.report.budget import LaneBudget
from sequencer.report.figures import GroupGas, ProofFigures, Subject
from sequencer.report.plain_text import clean
from sequencer.report.proving_plot import measure_parts

__all__ = [
    "PageTable",
    "format_cell",
    "make_budget_table",
    "make_facts_table",
    "make_gas_table",
    "make_heads",
    "make_parts_table",
    "make_proofs_table",
    "make_stages_table",
]

_HEADS: Final = ("batches", "fills", "liquidations", "takeovers", "deleveraged")
_MAX_PROOFS: Final = 1_000  # rows


class PageTable(NamedTuple):
    """A table: its first column is text, the others are aligned right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def format_cell(value: object) -> str:
    """Return a value as people read it: thousands separated, a dash for what is not known."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else clean(value)


def make_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> PageTable:
    """Return a table of formatted cells."""
    return PageTable(title, tuple(columns), tuple(tuple(map(format_cell, row)) for row in rows))


def make_heads(subject: Subject) -> list[tuple[str, str]]:
    """Return the figures at the top of the page."""
    facts = dict(subject.facts)
    return [(name, format_cell(facts[name])) for name in _HEADS]


def make_facts_table(subject: Subject) -> PageTable:
    """Return all facts of the run."""
    return make_table("Facts", ("what", "value"), [("markets", _spell_markets(subject)), *subject.facts])


def make_stages_table(subject: Subject) -> PageTable:
    """Return how far the batches came."""
    return make_table("Stages", ("stage", "batches", "groups", ""), subject.stages)


def make_gas_table(groups: Sequence[GroupGas]) -> PageTable:
    """Return a row for each group that was settled."""
    columns = ("group", "batches", "orders", "gas to settle", "gas an order")
    rows = [(str(one.group), one.batches, one.orders, one.gas, _round(one.gas_per_order)) for one in groups]
    return make_table("Groups that were settled", columns, rows)


def make_budget_table(budgets: Sequence[LaneBudget]) -> PageTable:
    """Return a row for each scope of each kind of lane."""
    rows = [
        (f"{lane.name} / {scope}", lane.lanes, count // lane.lanes, count)
        for lane in budgets
        for scope, count in lane.by_scope.items()
    ]
    return make_table("Constraints by scope", ("lane / scope", "lanes", "each", "together"), rows)


def make_parts_table(proofs: Sequence[ProofFigures]) -> PageTable:
    """Return a row for each part of a proof."""
    columns = ("part", "mean s", "least s", "most s")
    return make_table("Seconds by part", columns, measure_parts(proofs))


def make_proofs_table(proofs: Sequence[ProofFigures]) -> PageTable:
    """Return a row for each of the first proofs."""
    title = f"The first {_MAX_PROOFS:,} proofs" if len(proofs) > _MAX_PROOFS else "Each proof"
    if any(proof.parts_s for proof in proofs):
        rows = [(one.batch, one.witness_s, one.prove_s) for one in proofs[:_MAX_PROOFS]]
        return make_table(title, ("batch", "witness s", "proof s"), rows)
    return make_table(title, ("batch", "witness and proof s"), [(p.batch, p.prove_s) for p in proofs[:_MAX_PROOFS]])


def _spell_markets(subject: Subject) -> str:
    return ", ".join(clean(market.name, 40) or f"market {i}" for i, market in enumerate(subject.markets))


def _round(value: float | None) -> int | None:
    return None if value is None else round(value)

"""The page itself: one file that asks nobody for anything. Every string is escaped: any of them may be hostile."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from sequencer.report.figures import Subject
from sequencer.report.plain_text import clean
from sequencer.report.plots import Plot
from sequencer.report.tables import PageTable, make_facts_table, make_heads, make_stages_table

__all__ = ["make_page"]

_TEMPLATE: Final = "report.html"
_KINDS: Final = {"replay": "Replay of", "node": "Node"}


@dataclass(frozen=True)
class _ShownPlot:
    name: str
    title: str
    caption: str
    svg_base64: str
    tables: tuple[PageTable, ...]


def make_page(subject: Subject, plots: Iterable[Plot], svgs: Mapping[str, bytes]) -> str:
    """Return the report as HTML. `svgs` has the plots' files by name: they stand in the page, too."""
    environment = Environment(loader=PackageLoader("sequencer.report"), autoescape=True, undefined=StrictUndefined)
    facts = dict(subject.facts)
    shown = [
        _ShownPlot(plot.name, plot.title, clean(plot.caption, 1_000), _encode(svgs[plot.name]), plot.tables)
        for plot in plots
    ]
    return environment.get_template(_TEMPLATE).render(
        title=f"{_KINDS[subject.kind]} {clean(subject.name, 80)}",
        subtitle=f"{facts['from']} to {facts['to']}, shape {clean(subject.shape, 40)}",
        heads=make_heads(subject),
        missing=[clean(sentence, 400) for sentence in subject.missing],
        plots=shown,
        tables=[make_facts_table(subject), make_stages_table(subject)],
    )


def _encode(data: bytes) -> str:
    return b64encode(data).decode()

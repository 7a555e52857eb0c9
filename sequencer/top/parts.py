"""What every panel is made of. Text of a node is never markup: it stands in `Text`, cleaned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import ROUNDED
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from sequencer.top.spelling import clean

__all__ = ["BAD", "GOOD", "NARROW", "SOFT", "WARN", "Cell", "Grey", "join", "make_panel", "make_rows"]

NARROW: Final = 66  # columns below which a panel has no place for lines over time
SOFT: Final = "bright_black"
GOOD: Final = "green"
WARN: Final = "yellow"
BAD: Final = "red"
Cell = Text | str
_GREY: Final = Style.parse(SOFT)


class Grey:
    """Something as it was, without its colours."""

    def __init__(self, inner: RenderableType) -> None:
        """Draw `inner` in grey."""
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(segment.text, _GREY)


def make_panel(title: str, *body: RenderableType, note: str = "") -> Panel:
    """Return a panel as wide as its place."""
    head = Text.assemble((clean(title), "bold"), (f" · {clean(note)}" if note else "", SOFT))
    return Panel(Group(*body), title=head, title_align="left", box=ROUNDED, border_style=SOFT, padding=(0, 1))


def make_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, n_texts: int = 1, is_narrow: bool = False
) -> Table:
    """Return a table whose first columns are text and whose others are figures, to the right; cut where it must be.

    is_narrow: there is no place for the last column, a line over time.
    """
    if is_narrow:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style=SOFT, pad_edge=False)
    for place, column in enumerate(columns):
        is_text = place < n_texts
        table.add_column(column, justify="left" if is_text else "right", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return table


def join(parts: Sequence[str], style: str = SOFT) -> Text:
    """Return a line of facts."""
    return Text(" · ".join(part for part in parts if part), style=style)

"""How results leave: JSON or tables on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = [
    "Stage",
    "format_figure",
    "json_option",
    "make_console",
    "make_table",
    "print_json",
    "print_tables",
    "show_stage",
]

_LINE_EVERY_S: Final = 10.0
_FILE_COLUMNS: Final = 120  # where stdout is no terminal

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of tables.")


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def make_console(*, is_recorded: bool = False) -> Console:
    """Return the console on stdout: as wide as the terminal; 120 columns in a file or a recording."""
    width = None if sys.stdout.isatty() and not is_recorded else _FILE_COLUMNS
    return Console(width=width, highlight=False, record=is_recorded)


def print_tables(*tables: Table) -> None:
    """Print tables on stdout, an empty line between them."""
    console = make_console()
    for position, table in enumerate(tables):
        console.print(*([] if position == 0 else [""]), table, sep="\n")


def make_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return a table whose first column is text and whose others are figures, aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold cyan")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right")
    for row in rows:
        table.add_row(*(format_figure(value) for value in row))
    return table


def format_figure(value: object) -> str:
    """Return a value as people read it: thousands separated, seconds with two decimals."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


class Stage:
    """One stage of work whose progress can be told: a bar on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, name: str, console: Console, bar: Progress | None) -> None:
        """Start the stage; a bar of None prints lines."""
        self._name, self._console, self._bar = name, console, bar
        self._task = bar.add_task(name, total=None) if bar else None
        self._next_line_s = time.monotonic() + _LINE_EVERY_S

    def report(self, what: str, done: int, total: int) -> None:
        """Tell how far the work is: `done` of `total` parts of `what`. Fits the kernel's progress callback."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=f"{self._name}: {what}", completed=done, total=total)
        elif time.monotonic() >= self._next_line_s:
            self._next_line_s = time.monotonic() + _LINE_EVERY_S
            self._console.print(f"  {self._name}: {what} {done}/{total}")


@contextmanager
def show_stage(name: str) -> Iterator[Stage]:
    """Show one stage of work on stderr until the body ends, then its name and time."""
    console = Console(stderr=True, highlight=False)
    started_s = time.monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            yield Stage(name, console, bar)
    else:
        console.print(f"{name} ...")
        yield Stage(name, console, None)
    console.print(f"{name}: {time.monotonic() - started_s:.1f} s")

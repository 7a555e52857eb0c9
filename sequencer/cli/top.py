"""`zkmargin top`."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click
from rich.console import Console

from sequencer.cli.output import json_option, make_console, print_json

if TYPE_CHECKING:
    from sequencer.top.state import View

__all__ = ["top"]

_FONT_FACE: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")  # rich would have readers fetch fonts from elsewhere
_SVG_COLUMNS: Final = 140


@click.command()
@click.option("--node", "node_url", metavar="URL", default="http://127.0.0.1:8645", show_default=True, help="The node.")
@click.option("--once", is_flag=True, help="Print one frame and end; so it is where stdout is no terminal.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Draw one frame into an SVG file and end.")
@json_option
def top(node_url: str, once: bool, svg: Path | None, as_json: bool) -> None:
    """Watch a node in the terminal: markets, batches, fees, margin, liquidations, alarms, as they are now.

    Keys: q or Ctrl-C quits, arrows scroll. Without a connection all figures are grey, and the top says since when.

    Example: zkmargin top --once
    """
    from sequencer.top.feed import read_view
    from sequencer.top.telling import tell_view

    console = make_console()
    if as_json:
        print_json(tell_view(asyncio.run(read_view(node_url))))
    elif svg is not None:
        _draw(asyncio.run(read_view(node_url)), svg)
    elif once or not console.is_terminal or console.is_dumb_terminal:
        _print(asyncio.run(read_view(node_url)), console)
    else:
        asyncio.run(_watch(node_url, console))


async def _watch(node_url: str, console: Console) -> None:
    from sequencer.top.screen import Screen

    await Screen(node_url, console).run()


def _print(view: View, console: Console) -> None:
    from sequencer.top.frame import make_frame

    console.print(make_frame(view, time.time(), console.width).whole())


def _draw(view: View, path: Path) -> None:
    import io

    from sequencer.files import write_atomically
    from sequencer.top.frame import make_frame

    console = Console(width=_SVG_COLUMNS, record=True, file=io.StringIO(), highlight=False)
    console.print(make_frame(view, time.time(), _SVG_COLUMNS).whole())
    write_atomically(path, _FONT_FACE.sub("", console.export_svg(title="zkmargin top")).encode())

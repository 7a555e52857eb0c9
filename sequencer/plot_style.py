"""How plots of this project look, and how they are written: the same figures give the same SVG."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from sequencer.errors import OptionInvalid

__all__ = ["BLUE", "GREY", "ORANGE", "RED", "STYLE", "check_suffix", "draw_grid", "save_figure", "show_dates"]

_PATH: Final = re.compile(r' d="[^"]*"')
_DECIMALS: Final = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is enough, and halves the file
_SUFFIXES: Final = (".svg", ".png", ".pdf")
BLUE: Final = "#1f5fa8"
ORANGE: Final = "#d9822b"
RED: Final = "#b3261e"
GREY: Final = "#5c6670"
STYLE: Final[Any] = {  # the stubs list every setting there is
    "svg.hashsalt": "zkmargin",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def check_suffix(path: Path) -> None:
    """Raise OptionInvalid unless the name says SVG, PNG or PDF."""
    if path.suffix not in _SUFFIXES:
        raise OptionInvalid("--plot", path.name, f"a name that ends in {', '.join(_SUFFIXES)}")


def draw_grid(axes: Axes) -> None:
    """Lay a pale grid behind what is drawn."""
    axes.grid(visible=True, color="#dddddd", linewidth=0.5)


def show_dates(axes: Axes) -> None:
    """Let the horizontal axis show times in UTC."""
    # matplotlib leaves its dates module untyped
    locator = AutoDateLocator()  # type: ignore[no-untyped-call] # untyped
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel("UTC")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the name's suffix says. Assumes that the caller draws under `STYLE`."""
    if path.suffix != ".svg":
        figure.savefig(path)
        return
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    path.write_text(_PATH.sub(lambda path: _DECIMALS.sub(r"\1", path[0]), text.getvalue()))

"""A report written into a folder: `index.html`, and each plot as SVG and PNG beside it. All of it, or nothing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from matplotlib import rc_context
from matplotlib.figure import Figure

from sequencer.errors import FileMissing, OptionInvalid
from sequencer.files import staged_folder, write_atomically
from sequencer.manifest import MANIFEST
from sequencer.node.reading import find_database
from sequencer.plot_style import STYLE, save_figure
from sequencer.progress import Report
from sequencer.report.figures import Subject
from sequencer.report.node import read_node_subject
from sequencer.report.page import make_page
from sequencer.report.plots import PLOT_NAMES, Plot, choose_plots, find_budget
from sequencer.report.run import read_run_subject

__all__ = ["PAGE", "Written", "read_subject", "write_report"]

PAGE: Final = "index.html"
_SUFFIXES: Final = (".svg", ".png")
_HOURS: Final = 24
_DPI: Final = 144


@dataclass(frozen=True)
class Written:
    """What stands in the folder now."""

    subject: Subject
    folder: Path
    files: tuple[str, ...]  # the page first


def read_subject(path: Path, hours: float | None, report: Report) -> Subject:
    """Return what there is to report of a replay's folder, of a node's (its data, its store), or of a backup.

    `hours`: of a node, how far back; 24 where it is None. Raises FileMissing where it is none of these, OptionInvalid
    where hours are asked of a replay, and as `read_run_subject` and `read_node_subject`.
    """
    if (path / MANIFEST).is_file():
        if hours is not None:
            raise OptionInvalid("--hours", f"{hours:g}", "a node's folder: a replay is shown as a whole")
        return read_run_subject(path, report)
    database = find_database(path)
    if database is None:
        raise FileMissing(str(path), f"replay ({MANIFEST}) or node's store (store/store.sqlite3)")
    return read_node_subject(database, path.resolve().name, _HOURS if hours is None else hours, report)


def write_report(subject: Subject, out: Path, report: Report) -> Written:
    """Write the page and its plots. What an earlier report left and this one does not show is removed.

    Raises FileMissing where `out` is a file.
    """
    report("circuit counted", 0, 1)
    budget = find_budget(subject.shape)
    if not budget:
        unknown = f"This program knows no shape {subject.shape}: its constraints are not shown."
        subject = replace(subject, missing=(*subject.missing, unknown))
    plots = tuple(choose_plots(subject, budget))
    with staged_folder(out, PAGE) as stage:
        for done, plot in enumerate(plots):
            report("plots drawn", done, len(plots))
            _draw(plot, stage)
        svgs = {plot.name: (stage / f"{plot.name}.svg").read_bytes() for plot in plots}
        write_atomically(stage / PAGE, make_page(subject, plots, svgs).encode())
    names = tuple(f"{plot.name}{suffix}" for plot in plots for suffix in _SUFFIXES)
    for stale in {f"{name}{suffix}" for name in PLOT_NAMES for suffix in _SUFFIXES} - set(names):
        (out / stale).unlink(missing_ok=True)
    return Written(subject, out, (PAGE, *names))


def _draw(plot: Plot, folder: Path) -> None:
    with rc_context(STYLE), warnings.catch_warnings():
        # a market's name may be in any script: the reader's fonts have it for the SVG, a box stands in the PNG
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        figure = Figure(layout="constrained", dpi=_DPI)
        plot.draw(figure)
        for suffix in _SUFFIXES:
            save_figure(figure, folder / f"{plot.name}{suffix}")

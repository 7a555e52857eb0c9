"""The medians of each case as a plot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.prover.rounds import CaseResult

__all__ = ["plot_results"]

_COLOURS: Final = {"ours": "#1f5fa8", "gnark": "#d9822b", "arkworks": "#5c6670", "snarkjs": "#b3261e"}
_STYLE: Final[Any] = {  # the stubs list every setting there is
    "svg.hashsalt": "zkmargin",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_results(results: Mapping[str, CaseResult], title: str, path: Path) -> None:
    """Write a plot to `path`, SVG, PNG or PDF: a panel for each case with its own scale, a bar for each contestant."""
    shown = {case: result for case, result in results.items() if result.medians_s}
    heights = [1 + len(result.medians_s) for result in shown.values()]
    with rc_context(_STYLE):
        figure = Figure(figsize=(8, 0.6 + 0.26 * sum(heights)), layout="constrained")
        panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
        for (case, result), axes in zip(shown.items(), panels, strict=True):
            _draw_case(axes, case, result.medians_s)
        panels[-1].set_xlabel("seconds a proof, median")
        figure.suptitle(title)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_case(axes: Axes, case: str, medians_s: dict[str, float]) -> None:
    ordered = sorted(medians_s.items(), key=lambda item: -item[1])
    names, seconds = zip(*ordered, strict=True)
    axes.barh(names, seconds, color=[_COLOURS[name.split("-")[0]] for name in names])
    axes.set_xlim(0, 1.12 * max(seconds))  # room for the figure at the longest bar
    axes.set_title(case, loc="left")
    for name, value in ordered:
        axes.annotate(f" {value:.3g}", (value, name), va="center")

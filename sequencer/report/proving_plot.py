"""Plot of proving time: by part where the parts are known, else proof by proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final, NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sequencer.plot_style import BLUE, GREY, draw_grid
from sequencer.report.figures import ProofFigures
from sequencer.report.plain_text import clean

__all__ = ["PartTime", "draw_proving", "measure_parts"]

_WITNESS, _REST = "witness", "rest"
_LABELS: Final = {  # of the kernel's stages; one that is not here is shown by its own name
    "rows": "sparse evaluation",
    "FFT": "FFT, quotient",
    "H": "MSM H",
    "wires": "scalars recoded",
    "L": "MSM L",
    "A": "MSM A",
    "B": "scalars of B sorted",
    "B1": "MSM B1",
    "B2": "MSM B2 (G2)",
    _REST: "rest",
}
_REST_FROM_S: Final = 0.001
_MANY: Final = 5_000
_NAME_LENGTH: Final = 40


class PartTime(NamedTuple):
    """What one part of a proof took over all proofs, in seconds."""

    name: str
    mean_s: float
    least_s: float
    most_s: float


def measure_parts(proofs: Sequence[ProofFigures]) -> tuple[PartTime, ...]:
    """Return the parts in the order in which they run; nothing where no proof has any.

    The rest is what lies between the kernel's stages. Stages that overlap leave none.
    """
    if not any(proof.parts_s for proof in proofs):
        return ()
    split = [_split(proof) for proof in proofs]
    names = list(dict.fromkeys(name for parts in split for name in parts))
    columns = {name: [parts.get(name, 0.0) for parts in split] for name in names}
    return tuple(
        PartTime(_LABELS.get(name, clean(name, _NAME_LENGTH)), fmean(took), min(took), max(took))
        for name, took in columns.items()
    )


def _split(proof: ProofFigures) -> Mapping[str, float]:
    rest_s = proof.prove_s - sum(proof.parts_s.values())
    return {_WITNESS: proof.witness_s, **proof.parts_s} | ({_REST: rest_s} if rest_s >= _REST_FROM_S else {})


def draw_proving(figure: Figure, proofs: Sequence[ProofFigures]) -> None:
    """Draw a bar for each part, from least to most a thin line, or where no part is known a point for each proof."""
    if parts := measure_parts(proofs):
        _draw_parts(figure, parts)
    else:
        _draw_each(figure, proofs)


def _draw_parts(figure: Figure, parts: Sequence[PartTime]) -> None:
    figure.set_size_inches(9, 0.9 + 0.34 * len(parts))
    axes, total_s = figure.subplots(), sum(part.mean_s for part in parts) or 1.0
    places, means = range(len(parts)), [part.mean_s for part in parts]
    reach = [[part.mean_s - part.least_s for part in parts], [part.most_s - part.mean_s for part in parts]]
    axes.barh(places, means, xerr=reach, color=BLUE, ecolor=GREY, error_kw={"elinewidth": 1}, height=0.7)
    axes.set_yticks(places, [part.name for part in parts], parse_math=False)
    axes.invert_yaxis()
    for place, part in enumerate(parts):
        text = f"{part.mean_s:.3f} s, {part.mean_s / total_s:.0%}"
        axes.annotate(text, (part.most_s, place), xytext=(5, 0), textcoords="offset points", va="center", color=GREY)
    axes.margins(x=0.16)
    axes.set_xlabel("seconds, mean over the proofs")
    draw_grid(axes)
    axes.set_axisbelow(True)


def _draw_each(figure: Figure, proofs: Sequence[ProofFigures]) -> None:
    figure.set_size_inches(9, 3.5)
    axes = figure.subplots()
    seconds = [proof.witness_s + proof.prove_s for proof in proofs]
    axes.plot(range(1, len(seconds) + 1), seconds, ".", color=BLUE, rasterized=len(seconds) > _MANY)
    axes.axhline(fmean(seconds), color=GREY, linewidth=0.8, linestyle="--", label=f"mean {fmean(seconds):.2f} s")
    axes.set_xlabel("proofs, in the order of their batches")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("seconds, witness and proof")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    draw_grid(axes)

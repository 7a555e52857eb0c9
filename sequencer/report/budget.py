"""Where a shape's constraints go: by kind of lane and scope, counted on the circuit that is proved, and drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle as Patch

from prover.circuit import load_batch
from rollup.shapes import Shape
from sequencer.report.treemap import Rectangle, lay_out

__all__ = ["LaneBudget", "count_budget", "draw_budget"]

_COLOURS: Final = colormaps["tab10"]
_WIDTH, _HEIGHT = 9.0, 6.0  # inches, and the units of the treemap
_CHAR_WIDTH, _LINE_HEIGHT = 0.062, 0.13  # inches of a character at the size below
_POINTS: Final = 7
_HEAD: Final = 0.18  # inches above the scopes of a lane
_MARGIN: Final = 0.02


class LaneBudget(NamedTuple):
    """All lanes of one kind in a batch."""

    name: str
    lanes: int
    constraints: int  # of all of them
    by_scope: Mapping[str, int]  # of all of them, the largest first


def count_budget(shape: Shape) -> tuple[LaneBudget, ...]:
    """Return the kinds of lanes of a shape, the largest first. Seconds where the circuit is not built yet."""
    instances = load_batch(shape).batch.instances
    counts = Counter(instance.template.name for instance in instances)
    templates = {instance.template.name: instance.template for instance in instances}
    budgets = []
    for name, template in templates.items():
        scopes = Counter({scope: count * counts[name] for scope, count in template.count_by_scope().items()})
        budgets.append(LaneBudget(name, counts[name], template.n_rows * counts[name], dict(scopes.most_common())))
    return tuple(sorted(budgets, key=lambda budget: -budget.constraints))


def draw_budget(figure: Figure, budgets: tuple[LaneBudget, ...]) -> None:
    """Draw a treemap: lanes of one kind in one colour, scopes within. Sets the figure's size."""
    figure.set_size_inches(_WIDTH, _HEIGHT)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(_HEIGHT, 0)
    places = lay_out([budget.constraints for budget in budgets], Rectangle(0, 0, _WIDTH, _HEIGHT))
    for position, (budget, place) in enumerate(zip(budgets, places, strict=True)):
        _draw_lane(axes, budget, place, _COLOURS(position % _COLOURS.N)[:3])


def _draw_lane(axes: Axes, budget: LaneBudget, place: Rectangle, colour: tuple[float, float, float]) -> None:
    has_head = place.height > 2 * _HEAD
    head = _HEAD if has_head else _MARGIN
    inner = Rectangle(
        place.x + _MARGIN, place.y + head, place.width - 2 * _MARGIN, max(place.height - head - _MARGIN, _MARGIN)
    )
    axes.add_patch(
        Patch((place.x, place.y), place.width, place.height, facecolor=_lighten(colour, 0.35), edgecolor="white")
    )
    if has_head:
        text = (
            f"{budget.lanes} x {budget.name}: {budget.constraints:,}"
            if budget.lanes > 1
            else f"{budget.name}: {budget.constraints:,}"
        )
        _write(axes, place._replace(height=_HEAD), (text, budget.name), weight="bold")
    for (scope, count), rectangle in zip(
        budget.by_scope.items(), lay_out([*budget.by_scope.values()], inner), strict=True
    ):
        _draw_scope(axes, scope, count, rectangle, colour)


def _draw_scope(axes: Axes, scope: str, count: int, place: Rectangle, colour: tuple[float, float, float]) -> None:
    fill = _lighten(colour, 0.6)
    axes.add_patch(
        Patch((place.x, place.y), place.width, place.height, facecolor=fill, edgecolor="white", linewidth=0.4)
    )
    if place.height > _LINE_HEIGHT:
        _write(axes, place, (f"{scope}: {count:,}", scope))


def _write(axes: Axes, place: Rectangle, texts: tuple[str, ...], weight: str = "normal") -> None:
    """Write the first of the texts that fits, if one does."""
    fitting = (text for text in texts if len(text) * _CHAR_WIDTH < place.width)
    if (text := next(fitting, None)) is not None:
        middle = (place.x + place.width / 2, place.y + place.height / 2)
        axes.text(*middle, text, ha="center", va="center", fontsize=_POINTS, fontweight=weight)


def _lighten(colour: tuple[float, float, float], share: float) -> tuple[float, float, float]:
    red, green, blue = to_rgb(colour)
    return red + (1 - red) * share, green + (1 - green) * share, blue + (1 - blue) * share

"""The mutation run: drop one constraint class of a template at a time; something must notice.

A class is a constraint name with its indices collapsed. Dropping it is noticed
- by *freedom*: at an honest witness some computed wire, mentioned by another constraint, can then move (`determinism`);
- by an *attack* of the catalogue: a forged witness that breaks exactly this class, so the mutant would accept it;
- by a generic *lie*: the same, found by lying about one hint or product at a witness, honest or forged (`search`);
- by a *move*: the same, found by moving an input. That is the weakest notice: it shows the class to be no redundancy,
  but without the class nobody could tell the moved witness from an honest one. `moves=False` leaves it out.
A class that nothing notices survives: it is redundant, or a test is missing. The run fails on survivors.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from circuits.freedom import ClassDropper
from circuits.search import find_lies, find_moves
from circuits.system import Lie
from circuits.variation import Build, Forgery, Variation, VaryWitness, vary_by_builder

__all__ = ["Attack", "Report", "run_mutants"]


@dataclass(frozen=True)
class Attack:
    """A forged witness: the inputs, and lies told about hints and products by full name.

    expected: the class meant to refuse it; empty where any class may.
    """

    name: str
    inputs: Mapping[str, int]
    lies: Mapping[str, Lie] = field(default_factory=dict)
    expected: str = ""


@dataclass
class Report:
    """What a mutation run found on one template."""

    template: str
    n_constraints: int
    n_classes: int  # run, after sampling
    noticed: dict[str, str] = field(default_factory=dict)  # class -> what noticed
    survivors: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)  # attacks that broke no constraint
    misfired: dict[str, list[str]] = field(default_factory=dict)  # attack -> classes broken, where another was expected

    @property
    def is_clean(self) -> bool:
        """Whether every class was noticed and every attack refused, by the class that should."""
        return not (self.survivors or self.accepted or self.misfired)

    @property
    def exit_status(self) -> int:
        """0 when clean, else 1."""
        return 0 if self.is_clean else 1

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps({**asdict(self), "is_clean": self.is_clean}, indent=2)

    def to_text(self) -> str:
        """Return the report in lines for people: the sums, then each finding by name."""
        how = [notice.split(":")[0] for notice in self.noticed.values()]
        counts = ", ".join(f"{how.count(kind)} by {kind}" for kind in sorted(set(how)))
        lines = [
            f"{self.template}: {self.n_constraints} constraints, {self.n_classes} classes; noticed {counts or 'none'}"
        ]
        lines += [f"  survivor: {name}" for name in self.survivors]
        lines += [f"  ACCEPTED forgery: {name}" for name in self.accepted]
        lines += [f"  {name} is refused by {', '.join(got)}" for name, got in self.misfired.items()]
        return "\n".join(lines)


def run_mutants(
    template_name: str,
    build: Build,
    honest_inputs: Sequence[Mapping[str, int]],
    attacks: Sequence[Attack] = (),
    sample: int | None = None,
    *,
    seed: int = 0,
    moves: bool = True,
    vary_witness: VaryWitness | None = None,
) -> Report:
    """Return the report of dropping every constraint class of the template that `build` records, or `sample` of them.

    moves: whether a moved input counts as a notice. vary_witness: what evaluates forgeries, by default the builder.
    Assumes the honest inputs satisfy the template: checked. Raises ValueError naming the classes they break.
    """
    vary = vary_witness or vary_by_builder(build)
    honest = [_satisfied(template_name, vary(inputs, {})) for inputs in honest_inputs]
    shape = honest[0].shape
    wanted = sorted(shape.rows_of_class)
    if sample is not None and sample < len(wanted):
        wanted = sorted(random.Random(seed).sample(wanted, sample))
    report = Report(template_name, len(shape.rows), len(wanted))
    left = dict.fromkeys(wanted)

    forged = [_try_attack(attack, vary(attack.inputs, attack.lies), report, left) for attack in attacks]
    for variation in honest:
        freed = ClassDropper(shape, variation.values).find(list(left)) if left else {}
        _notice(report, left, {name: f"freedom: {wire}" for name, wire in freed.items()})
    bases = [*honest, *forged]
    for kind, find in (("lie", find_lies), ("move", find_moves))[: 2 if moves else 1]:
        found = find(bases, list(left))
        _notice(report, left, {name: f"{kind}: {_describe(forgery)}" for name, forgery in found.items()})
    report.survivors = list(left)
    return report


def _satisfied(template_name: str, variation: Variation) -> Variation:
    if variation.violated:
        raise ValueError(f"{template_name}: inputs given as honest break {', '.join(sorted(variation.violated))}")
    return variation


def _try_attack(attack: Attack, variation: Variation, report: Report, left: dict[str, None]) -> Variation:
    violated = variation.violated
    if not violated:
        report.accepted.append(attack.name)
    elif attack.expected and violated != {attack.expected}:
        report.misfired[attack.name] = sorted(violated)
    if len(violated) == 1:
        _notice(report, left, {next(iter(violated)): f"attack: {attack.name}"})
    return variation


def _notice(report: Report, left: dict[str, None], found: Mapping[str, str]) -> None:
    for name, by in found.items():
        if name in left:
            del left[name]
            report.noticed[name] = by


def _describe(forgery: Forgery) -> str:
    return ", ".join([*(f"input {name}" for name in forgery.inputs), *(f"told {name}" for name in forgery.told)])

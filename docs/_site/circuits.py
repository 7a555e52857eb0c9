"""The circuit reference: every named constraint class of every template, its count, and the forgeries it refuses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from circuits.batch import build_batch_circuit
from circuits.exit import build_exit_circuit, exit_template
from circuits.system import collapse_indices
from circuits.template import Template
from docs._site.tables import code, make_table, write_page
from rollup.shapes import SHAPES
from sequencer.named_circuits import EXIT_NAME
from sequencer.stats import count_gadgets

__all__ = ["count_classes", "write_circuit_pages"]

REFUSALS = Path(__file__).parents[2] / "tests" / "pins" / "refusals.json"
# By the kind of template: the page with its rules, and the template whose forgeries are catalogued. More orders in a
# lane, or more words in the data, repeat classes and add none.
_ABOUT = {
    "Tick": ("tick", "Tick"),
    "CashLane": ("cash", "CashLane"),
    "RescueLane": ("rescue", "RescueLane"),
    "TradeLane(1)": ("circuit", "TradeLane(1)"),
    "TradeLane": ("circuit", "TradeLane(2)"),
    "QuoteLane": ("circuit", "QuoteLane(2)"),
    "FundLane": ("rescue", "FundLane"),
    "Close": ("tick", "Close"),
    "Data": ("data", "Data"),
    EXIT_NAME: ("exit", "Exit"),
}
_SHOWN = ("Tick", "CashLane", "RescueLane", "TradeLane(1)", "TradeLane(16)", "QuoteLane(16)", "FundLane", "Close")
_HOW_TO_READ = """\
A *class* is a constraint's full name with its indices collapsed: `order[*]/size/bit[*]` are all bits of the sizes of
all orders of a lane. Its first part is the *scope*. **Refuses** names forgeries of the catalogue
(`tests/circuits/*_forgeries.py`) that this class, alone or with others, refuses; a class without one is noticed by the
Jacobian or by a lie found by search when it is dropped ([soundness-tools](../../soundness-tools.md), `make mutants`).
Counts are those of the circuits as they are recorded, like those of `zkmargin circuit stats`."""


@dataclass(frozen=True)
class _Refused:
    """The forgeries that a class refuses: how many, and the first names of them."""

    count: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = self.count - len(self.names)
        return "; ".join(self.names) + (f"; and {more} more" if more else "")


_NOTHING = _Refused(0, ())


def write_circuit_pages(folder: Path) -> list[Path]:
    """Write `index.md` and a page a template into a folder below docs/, and return their paths."""
    refusals = json.loads(REFUSALS.read_text())
    templates = _load_templates()
    shown = [*_SHOWN, "Data(block)", EXIT_NAME]
    written = []
    for name in shown:
        refused = {key: _Refused(found[0], tuple(found[1:])) for key, found in refusals[_about(name)[1]].items()}
        written.append(folder / f"{_slug(name)}.md")
        _write_template(written[-1], templates[name], _about(name)[0], refused)
    pages = "\n".join(map(_slug, shown))
    toctree = f"```{{toctree}}\n:maxdepth: 1\n\n{pages}\n```"
    parts = (_HOW_TO_READ, "## Shapes", _list_shapes(), "## Templates", _list_templates(templates, shown))
    index = folder / "index.md"
    write_page(index, "# Circuit reference", *parts, "## Gadgets", _list_gadgets(), toctree)
    return [*written, index]


def count_classes(template: Template) -> dict[str, int]:
    """Return the constraints of every class of a template, in the order of the first of each."""
    found: Counter[str] = Counter()
    inner: dict[int, Counter[str]] = {}
    for name, fragment in template.row_blocks:
        prefix = collapse_indices(name)
        if fragment is None:
            found[prefix] += 1
            continue
        if id(fragment) not in inner:
            inner[id(fragment)] = Counter(collapse_indices(row.name) for row in fragment.rows)
        for row, count in inner[id(fragment)].items():
            found[f"{prefix}/{row}"] += count
    return dict(found)


def _load_templates() -> dict[str, Template]:
    circuits = [build_batch_circuit(shape) for shape in SHAPES.values()]
    found = {instance.template.name: instance.template for circuit in circuits for instance in circuit.instances}
    return {**found, EXIT_NAME: exit_template()}


def _about(name: str) -> tuple[str, str]:
    return _ABOUT[name] if name in _ABOUT else _ABOUT[name.split("(")[0]]


def _slug(name: str) -> str:
    return name.lower().replace("(", "-").replace(")", "")


def _list_shapes() -> str:
    circuits = {name: build_batch_circuit(shape) for name, shape in SHAPES.items()}
    rows: list[tuple[object, ...]] = [
        (code(name), made.n_constraints, made.shape.max_orders, f"2^{made.domain_log2}")
        for name, made in circuits.items()
    ]
    leaving = build_exit_circuit()
    rows.append((code(EXIT_NAME), leaving.n_constraints, "-", f"2^{leaving.domain_log2}"))
    return make_table(("shape", "constraints", "orders", "domain"), rows)


def _list_templates(templates: Mapping[str, Template], shown: list[str]) -> str:
    rows = []
    for name in sorted(templates):
        template, where = templates[name], _about(name)[0]
        label = f"[{name}]({_slug(name)}.md)" if name in shown else name
        classes = len(count_classes(template))
        rows.append((label, template.n_rows, classes, f"[{where}](../../{where}.md)"))
    return make_table(("template", "constraints", "classes", "rules"), rows)


def _list_gadgets() -> str:
    return make_table(("gadget, alone", "constraints"), [(code(name), n) for name, n in count_gadgets().items()])


def _write_template(path: Path, template: Template, rules: str, refused: Mapping[str, _Refused]) -> None:
    classes = count_classes(template)
    scopes: dict[str, list[str]] = {}
    for name in classes:
        scopes.setdefault(name.split("/")[0], []).append(name)
    n_refusing = sum(1 for name in classes if refused.get(name, _NOTHING).count)
    intro = (
        f"{template.n_rows:,} constraints in {len(classes)} classes; {n_refusing} of them refuse a forgery. "
        f"{len(template.ports):,} ports, {len(template.privates):,} private inputs, {template.n_wires:,} wires. "
        f"The rules and the lines that prove them: [{rules}](../../{rules}.md); how to read this: [index](index.md)."
    )
    sections = [part for scope, names in scopes.items() for part in _list_scope(scope, names, classes, refused)]
    write_page(path, f"# {template.name}", intro, "## By scope", _sum_scopes(scopes, classes, refused), *sections)


def _sum_scopes(scopes: Mapping[str, list[str]], classes: Mapping[str, int], refused: Mapping[str, _Refused]) -> str:
    sums = {scope: sum(classes[name] for name in names) for scope, names in scopes.items()}
    rows = [
        (code(scope), sums[scope], len(scopes[scope]), sum(1 for name in scopes[scope] if name in refused))
        for scope in sorted(sums, key=lambda scope: -sums[scope])
    ]
    return make_table(("scope", "constraints", "classes", "refuse a forgery"), rows)


def _list_scope(
    scope: str, names: list[str], classes: Mapping[str, int], refused: Mapping[str, _Refused]
) -> Iterator[str]:
    yield f"## {code(scope)}"
    yield make_table(
        ("class", "constraints", "refuses"), [(code(n), classes[n], refused.get(n, _NOTHING)) for n in names]
    )

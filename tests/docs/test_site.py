"""What the site is made by: links, generated references, the look for what loads something from outside."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from circuits.exit import exit_template
from circuits.lanes.cash import build_cash_lane
from circuits.system import collapse_indices
from circuits.template import record_template
from docs._site.api import spell_schema, write_api_pages
from docs._site.circuits import count_classes
from docs._site.links import link_pages
from docs._site.offline import find_outside_requests, list_loaded, main
from docs._site.tables import make_table, write_page
from sequencer.node.api.endpoints import ENDPOINTS, PREFIX
from tests.cli.conftest import ROOT

SECURITY = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(\w+/\w+)::(\w+)`", SECURITY)) - {("FOLDER/FILE", "NAME")})


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("see docs/a-b.md.", "see [a-b](a-b.md)."),
        ("(docs/a.md, Part)", "([a](a.md), Part)"),
        ("this (docs/a.md), that (`docs/b.md`)", "this ([a](a.md)), that ([b](b.md))"),
        ("[docs/a.md](a.md), [`docs/a.md`](a.md)", "[docs/a.md](a.md), [`docs/a.md`](a.md)"),
        ("| `docs/a.md`, `docs/b.md` |", "| [a](a.md), [b](b.md) |"),
        ("[a](a.md) and [text](docs/a.md)", "[a](a.md) and [text](docs/a.md)"),
        ("x/docs/a.md, docs/a.mdx, docs/A.md", "x/docs/a.md, docs/a.mdx, docs/A.md"),
        ("    cat docs/a.md", "    cat docs/a.md"),
        ("```sh\ncat docs/a.md\n```\ndocs/a.md", "```sh\ncat docs/a.md\n```\n[a](a.md)"),
    ],
)
def test_pages_named_in_text_are_linked(text: str, linked: str) -> None:
    assert link_pages(text) == linked


def test_every_page_that_is_named_is_there() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"\]\(([a-z0-9-]+\.md)\)", link_pages(path.read_text())))
        assert named <= pages, path.name


def test_classes_of_a_template_are_its_names_without_indices() -> None:
    for template in (exit_template(), record_template("CashLane", build_cash_lane)):
        expected = Counter(map(collapse_indices, template.row_names))
        assert count_classes(template) == expected
        assert sum(expected.values()) == template.n_rows


@pytest.mark.parametrize(
    ("schema", "spelled"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 7}, "integer, from 0, to 7"),
        ({"$ref": "#/components/schemas/Fill"}, "[Fill](api-records.md#record-fill)"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "string or null, default null"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, "list of boolean, at most 2 items"),
        ({"enum": ["a", 1]}, "one of `a`, `1`"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of string"),
        ({}, "any"),
    ],
)
def test_schema_in_words(schema: dict[str, object], spelled: str) -> None:
    assert spell_schema(schema) == spelled


def test_api_reference_has_every_endpoint_and_every_record_it_links(tmp_path: Path) -> None:
    reference, records = (path.read_text() for path in write_api_pages(tmp_path))
    for endpoint in ENDPOINTS:
        assert f"### `{endpoint.name}`\n\n`{endpoint.method} {PREFIX}{endpoint.path}`. {endpoint.summary}" in reference
    linked = set(re.findall(r"api-records\.md#(record-\w+)", reference + records))
    assert len(linked) > 50
    assert linked <= set(re.findall(r"^\((record-\w+)\)=$", records, re.MULTILINE))


def test_table_escapes_bars_and_joins_lines() -> None:
    assert make_table(("a", "b"), [("x|y\nz", 12_345)]) == "| a | b |\n| --- | --- |\n| x\\|y z | 12,345 |"


def test_page_that_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    page = tmp_path / "below" / "page.md"
    write_page(page, "# A", "text")
    page.chmod(0o400)
    before = page.stat().st_mtime_ns
    write_page(page, "# A", "text")
    assert page.stat().st_mtime_ns == before


# --- nothing from outside --------------------------------------------------------------------------------------------
GOOD = '<link rel="stylesheet" href="a.css"><a href="https://example.org">out</a><img src="data:image/png;base64,AA">'


def test_site_that_loads_its_own_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.html").write_text(GOOD)
    (tmp_path / "a.css").write_text("a { background: url(data:image/svg+xml;utf8,x) } b { src: url('a.css') }")
    (tmp_path / "a.js").write_text('const namespace = "http://www.w3.org/2000/svg"; fetch("searchindex.js")')
    assert list_loaded(GOOD) == ["a.css", "data:image/png;base64,AA"]
    assert find_outside_requests(tmp_path) == []
    assert main(tmp_path) == 0
    assert "1 pages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", '<script src="https://cdn.example/x.js"></script>'),
        ("page.html", '<link rel="preload icon" href="//fonts.example/x">'),
        ("page.html", '<img src="absent.png">'),
        ("page.html", '<p style="background: url(http://a.example/b)">'),
        ("page.html", '<img src="../outside.png">'),
        ("a.css", '@import "https://fonts.example/css";'),
        ("a.css", "a { src: url(//fonts.example/f.woff2) }"),
        ("a.js", 'import("https://cdn.example/x.js")'),
    ],
)
def test_invalid_site_that_loads_something_from_outside(
    name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outside.png").write_bytes(b"png")
    site = tmp_path / "site"
    site.mkdir()
    (site / name).write_text(text)
    assert main(site) == 1
    assert name in capsys.readouterr().out


# --- the security model names tests ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("file", "name"), NAMED, ids="::".join)
def test_test_that_the_security_model_names_exists(file: str, name: str) -> None:
    folder, module = file.split("/")
    tree = ast.parse((ROOT / "tests" / folder / f"test_{module}.py").read_text())
    assert f"test_{name}" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_about_a_liar_names_a_test() -> None:
    part = SECURITY.split("## What a liar can and cannot do")[1].split("## What is kept")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ") and not line.endswith(" test |")]
    assert len(rows) > 40
    assert [row for row in rows if "::" not in row.split("|")[-2]] == []

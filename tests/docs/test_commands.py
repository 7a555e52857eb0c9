"""Every command in README.md and docs/ is run: as it is written, or by the test that a table names (`covered.py`).

A command of `zkmargin` is also given to the program's own parser, so that no option in a page can be stale.
"""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import click
import pytest

from sequencer.cli.main import cli, run_cli
from tests.cli.conftest import ROOT
from tests.docs.covered import CI, EXACT, MEASUREMENTS, PATHS, TRIED
from tests.docs.shell import PROGRAMS, Command, list_block_commands, list_inline_commands

PAGES: Final = {path.name: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
BLOCKS: Final = [command for page, text in PAGES.items() for command in list_block_commands(page, text)]
QUICK_START: Final = "quickstart.md"
SHELL: Final = frozenset({"cp", "export", "umask", "echo", "b2sum"})  # run as written by a shell
NO_COMMAND: Final = frozenset({"zkmargin COMMAND", "zkmargin ceremony v1 PURPOSE"})  # a form; what a digest begins with
INLINE: Final = [
    command
    for page, text in PAGES.items()
    for command in list_inline_commands(page, text)
    if command.words[0] in PROGRAMS and command.text not in NO_COMMAND
]
STEPS: Final = [  # run as written; its second part is a node's, as in README.md
    command
    for command in list_block_commands(QUICK_START, PAGES[QUICK_START].split("## A node of your own")[0])
    if command.words[0] == "zkmargin"
]
TESTS: Final = ROOT / "tests"
Group: Final = click.Group


# --- what is found ---------------------------------------------------------------------------------------------------
def test_pages_have_commands() -> None:
    assert len(BLOCKS) > 45
    assert len(INLINE) > 80
    assert {command.page for command in BLOCKS} >= {"README.md", "cli.md", "ceremony.md", "node-ops.md", QUICK_START}


def test_blocks_of_commands_hold_nothing_else() -> None:
    assert [str(command) for command in BLOCKS if command.words[0] not in PROGRAMS] == []


def test_commands_are_taken_apart() -> None:
    lines = (
        "A=b echo x && .venv/bin/zkmargin a --b &     # why",
        "for n in 1; do zkmargin c $n > d",
        "make e     aside",
    )
    text = "\n".join(["", *(f"    {line}" for line in lines), ""])
    found = [command.words for command in list_block_commands("p", text)]
    assert found == [("echo", "x"), ("zkmargin", "a", "--b"), ("zkmargin", "c", "$n"), ("make", "e")]
    assert list_block_commands("p", "\n    h = H(a | b)\n\n```python\nmake a\n```\n") == []
    assert [c.words for c in list_block_commands("p", "```sh\nmake a; make b\n```\n")] == [("make", "a"), ("make", "b")]
    assert [c.words for c in list_inline_commands("p", "say `make a`, not `make`")] == [("make", "a")]


# --- options and arguments -------------------------------------------------------------------------------------------
def resolve(command: Command) -> tuple[str, click.Command, list[str]]:
    """Return the path of a command of `zkmargin`, the command, and the words behind its name."""
    found: click.Command = cli
    path: list[str] = []
    words = [word.strip("[]").replace("$n", "7") for word in command.words[1:]]
    while isinstance(found, Group) and words:
        inner = found.get_command(click.Context(found), words[0])
        assert inner is not None, f"{command}: no command {words[0]}"
        found, path, words = inner, [*path, words[0]], words[1:]
    return " ".join(path), found, words


def list_of(commands: list[Command], program: str) -> list[Command]:
    return [command for command in commands if command.words[0] == program]


@pytest.mark.parametrize("command", list_of(BLOCKS, "zkmargin"), ids=str)
def test_the_parser_takes_it(command: Command) -> None:
    path, found, words = resolve(command)
    found.make_context(path, words)


def test_invalid_command_or_option_is_seen() -> None:
    with pytest.raises(AssertionError, match="no command nonsense"):
        resolve(Command("p", 1, ("zkmargin", "nonsense")))
    path, found, words = resolve(Command("p", 1, ("zkmargin", "verify", "run", "--stale")))
    with pytest.raises(click.NoSuchOption):
        found.make_context(path, words)
    assert list_unknown_options(Command("p", 1, ("zkmargin", "verify", "DIR", "--stale"))) == ["--stale"]


def list_unknown_options(command: Command) -> list[str]:
    """Return the options that a command of `zkmargin` names and has not."""
    _, found, words = resolve(command)
    known = {option for parameter in found.params for option in parameter.opts} | {"--help"}
    return [word for word in words if word.startswith("--") and word not in known]


@pytest.mark.parametrize("command", list_of(INLINE, "zkmargin"), ids=str)
def test_inline_command_is_there_with_its_options(command: Command) -> None:
    assert list_unknown_options(command) == []


@pytest.mark.parametrize("command", list_of([*BLOCKS, *INLINE], "make"), ids=str)
def test_target_of_make_is_there(command: Command) -> None:
    assert re.search(rf"^{command.words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", list_of(INLINE, "cargo"), ids=str)
def test_example_of_the_kernel_is_there(command: Command) -> None:
    package, example = (command.words[command.words.index(option) + 1] for option in ("--package", "--example"))
    folder = ROOT / "prover" / "native" / package.removeprefix("zkmargin-")
    assert f'name = "{package}"' in (folder / "Cargo.toml").read_text()
    assert (folder / "examples" / f"{example}.rs").is_file()


# --- what is run as it is written ------------------------------------------------------------------------------------
def test_quick_start_as_it_is_written(tmp_path: Path, keys_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_dir = tmp_path / "cache" / "zkmargin"
    cache_dir.mkdir(parents=True)
    (cache_dir / "keys").symlink_to(keys_dir)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_dir.parent))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    assert len(STEPS) == 8
    assert {str(step): run_cli(list(step.words[1:])) for step in STEPS} == {str(step): 0 for step in STEPS}
    assert (tmp_path / "account-2.json").exists()


@pytest.mark.parametrize("command", [command for command in BLOCKS if command.words[0] in SHELL], ids=str)
def test_shell_as_it_is_written(command: Command, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for name in (word for word in command.words if word.endswith(".ptau")):
        (tmp_path / name).write_bytes(b"powers")
    subprocess.run(["bash", "-euc", command.text], cwd=tmp_path, check=True, capture_output=True)


def list_measurements() -> dict[str, list[str]]:
    """Return the modules that pages have measure, and the options that they name."""
    found: dict[str, set[str]] = {module: set() for module in MEASUREMENTS}
    for command in list_of([*BLOCKS, *INLINE], "python"):
        if command.words[2] in MEASUREMENTS and command.text not in EXACT:
            found[command.words[2]].update(w for w in command.words if w.startswith("--"))
    return {module: sorted(options) for module, options in found.items()}


@pytest.mark.parametrize(("module", "options"), list_measurements().items(), ids=str)
def test_measurement_starts_and_knows_its_options(
    module: str, options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    for name in (module, f"{module}.__main__"):  # imported before: runpy warns of two of them
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    help_text = capsys.readouterr().out
    assert ended.value.code == 0
    assert [option for option in options if option not in help_text] == []


# --- what other tests run --------------------------------------------------------------------------------------------
def find_test(command: Command) -> str | None:
    """Return where a command is run, by the tables; None where nowhere."""
    if command.text in EXACT or command.text in TRIED:
        return (EXACT | TRIED)[command.text]
    if command.words[0] == "zkmargin":
        path, found, _ = resolve(command)
        return CI if isinstance(found, Group) else PATHS.get(path)
    if command.words[0] in SHELL:
        return CI
    return MEASUREMENTS.get(command.words[2]) if command.words[:2] == ("python", "-m") else None


@pytest.mark.parametrize("command", sorted({c.text: c for c in [*BLOCKS, *INLINE]}.values(), key=str), ids=str)
def test_command_is_run_by_some_test(command: Command) -> None:
    named = find_test(command)
    assert named is not None, f"{command}: add a row to tests/docs/covered.py"
    if named.startswith(CI):
        assert named.removeprefix(CI) in (ROOT / ".ci" / "run").read_text()
    else:
        assert named.split("::")[1] in list_tests(get_file(named))


@pytest.mark.parametrize(("module", "options"), list_measurements().items(), ids=str)
def test_small_run_gives_options_that_pages_have(module: str, options: list[str]) -> None:
    sources = read_sources(get_file(MEASUREMENTS[module]))
    assert [word for word in (module, *options) if f'"{word}"' not in sources] == []


@pytest.mark.parametrize("command", [c for c in list_of(BLOCKS, "zkmargin") if c not in STEPS], ids=str)
def test_that_test_gives_the_same_options(command: Command) -> None:
    path, _, words = resolve(command)
    sources = read_sources(get_file(str(find_test(command))))
    names = [f'"{name}"' for name in path.split()]
    options = [word for word in words if word.startswith("--") and word not in ("--json", "--help")]
    assert [name for name in [*names, *options] if name not in sources] == []


def test_tables_name_nothing_that_no_page_has() -> None:
    texts = {command.text for command in [*BLOCKS, *INLINE]}
    assert sorted({*EXACT, *TRIED} - texts) == []
    modules = {command.words[2] for command in list_of([*BLOCKS, *INLINE], "python") if command.words[1] == "-m"}
    assert sorted({*MEASUREMENTS} - modules) == ["benchmarks.mutants"]  # `make mutants`


def get_file(named: str) -> Path:
    """Return the file of FOLDER/FILE::NAME."""
    folder, _, file = named.split("::")[0].partition("/")
    return TESTS / folder / f"test_{file}.py"


@cache
def list_tests(path: Path) -> set[str]:
    """Return the names of a file's tests, without `test_`."""
    tree = ast.parse(path.read_text())
    return {node.name.removeprefix("test_") for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def read_sources(path: Path) -> str:
    """Return the text of a test's file, of its folder's fixtures, and of the modules of tests that it imports."""
    text = path.read_text()
    modules = re.findall(r"^from (tests\.\S+) import", text, re.MULTILINE)
    paths = [path.parent / "conftest.py", *(ROOT / (module.replace(".", "/") + ".py") for module in modules)]
    return text + "".join(other.read_text() for other in paths if other.exists())

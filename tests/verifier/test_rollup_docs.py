"""docs/contracts.md names the test of every threat: each of them is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.verifier.rollup_scene import WINDOW_S, Scene

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "contracts.md").read_text()
TABLE = TEXT.split("## Threats")[1].split("Stated limits:")[0]
NEW_SLOT_GAS = 17_100  # SSTORE of a zero less that of another value (EIP-2200, EIP-2929)
NAMED = sorted(set(re.findall(r"`([a-z]+)::([a-z_]+)`", TABLE)) - {("FILE", "NAME")})


@cache
def list_tests(file: str) -> set[str]:
    """Return the names of the tests of one file, without `test_`."""
    tree = ast.parse((ROOT / "tests" / "verifier" / f"test_rollup_{file}.py").read_text())
    return {node.name.removeprefix("test_") for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids="::".join)
def test_named_test_exists(file: str, name: str) -> None:
    assert name in list_tests(file)


def test_every_row_of_the_table_names_a_test() -> None:
    rows = [row.split("|")[1:-1] for row in TABLE.splitlines() if row.startswith("|")][2:]
    assert len(rows) > 25
    for row in rows:
        assert len(row) == 3, row
        assert "::" in row[2] or "snarkjs" in row[2], row
    assert (ROOT / "tests" / "third_party" / "test_contract_by_snarkjs.py").is_file()


def test_cost_of_the_first_deposit_is_that_of_the_slots_named() -> None:
    """New slots cost 17,100 more each: the window's, then `owed` and the vault's balance."""
    scene = Scene()
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    first, second = (scene.deposit(3, 5, 20_000_000).gas_used for _ in range(2))
    assert first - second == 3 * NEW_SLOT_GAS

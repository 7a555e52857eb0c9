"""Arrows run sequencer -> prover, verifier -> circuits -> rollup. Read from the imports themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "rollup": {"rollup"},
    "circuits": {"circuits", "rollup"},
    "prover": {"prover", "circuits", "rollup"},
    "verifier": {"verifier", "circuits", "rollup"},
    "sequencer": {"sequencer", "prover", "verifier", "circuits", "rollup"},
}
KERNEL_MODULE = "prover._kernel"
KERNEL_IMPORTER = ROOT / "prover" / "kernel.py"


def list_sources(package: str) -> list[Path]:
    sources = sorted((ROOT / package).rglob("*.py"))
    assert sources, f"package {package} has no sources"
    return sources


def list_imports(source: str, package: str = "") -> list[str]:
    """Return every module a source imports, with `from a import b` as both `a` and `a.b`."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module or ''}".rstrip(".") if node.level else (node.module or "")
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return names


def find_strangers(package: str, source: str) -> set[str]:
    """Return the packages of this project that a source imports and its package may not."""
    tops = {name.split(".")[0] for name in list_imports(source, package)}
    return (tops & set(MAY_IMPORT)) - MAY_IMPORT[package]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_what_lies_below_it(package: str) -> None:
    strangers = {str(path): find_strangers(package, path.read_text()) for path in list_sources(package)}
    assert {path: names for path, names in strangers.items() if names} == {}


def test_only_the_wrapper_imports_the_kernel() -> None:
    importers = [
        path
        for package in MAY_IMPORT
        for path in list_sources(package)
        if any(name.startswith(KERNEL_MODULE) for name in list_imports(path.read_text(), package))
    ]
    assert importers == [KERNEL_IMPORTER]


@pytest.mark.parametrize(
    "source",
    [
        "import circuits",
        "from circuits.batch import x",
        "def f():\n    import prover.kernel",
        "from verifier import evm",
    ],
)
def test_invalid_import_upwards_is_seen(source: str) -> None:
    assert find_strangers("rollup", source) != set()


@pytest.mark.parametrize(
    "source", ["from prover import _kernel", "import prover._kernel as k", "from . import _kernel"]
)
def test_invalid_import_of_the_kernel_is_seen(source: str) -> None:
    assert any(name.startswith(KERNEL_MODULE) for name in list_imports(source, "prover"))

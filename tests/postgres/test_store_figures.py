"""`benchmarks.store` beside a server, small: both kinds of store have their rows."""

from __future__ import annotations

from pathlib import Path

from tests.bench.test_small_runs import run


def test_figures_of_a_server(target: str, tmp_path: Path) -> None:
    small = ("--seconds", "0.05", "--records", "2000")
    lines = run("benchmarks.store", "--folder", str(tmp_path), "--postgres", target, *small).splitlines()
    kinds = [line.split(":")[0] for line in lines]
    assert kinds[:10] == ["SQLite"] * 5 + ["PostgreSQL"] * 5
    assert [int(line.split(": ")[1].removeprefix("groups of ")) for line in lines[5:9]] == [1, 10, 100, 1000]
    assert lines[9].startswith("PostgreSQL: 2,000 records, opened: CPU ")

"""For every test: the kernel hashes and signs (pure Python has tests of its own), and hypothesis minds no clock."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from prover import kernel

settings.register_profile(
    "zkmargin",
    deadline=None,  # a busy machine is no bug
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("zkmargin")

HERE: Final = Path(__file__).parent
# Files that take longest by the clock, many of them few tests that wait for processes of their own. They are begun
# first, so that no worker is left alone with one in the end; `make test` tells xdist to keep this order.
LONG: Final = (
    "node/test_whole_node_faults.py",
    "node/test_whole_node.py",
    "node/test_settling_crashes.py",
    "circuits/test_other_mutants.py",
    "circuits/test_trade_lane.py",
    "circuits/test_quote_lane.py",
    "circuits/test_rescue_lane.py",
    "circuits/test_mutants.py",
    "node/test_crash.py",
    "cli/test_compare_gas.py",
    "cli/test_settle.py",
    "cli/test_bench.py",
    "bench/test_small_runs.py",
    "top/test_crash_day.py",
    "third_party/test_publisher_node.py",
    "third_party/test_cli_node.py",
    "third_party/test_batch_by_snarkjs.py",
    "third_party/test_exit_by_snarkjs.py",
    "circuits/test_exchange_machine.py",
    "circuits/test_random_days.py",
    "circuits/test_wide_lanes.py",
    "verifier/test_rollup_gas.py",
    "verifier/test_rollup_machine.py",
    "node/test_proving_pool.py",
    "node/test_pipeline.py",
    "node/test_faults.py",
    "prover/test_ceremony.py",
    "prover/test_ceremony_tampering.py",
)
RANK: Final = {HERE / name: rank for rank, name in enumerate(LONG)}
assert all(path.exists() for path in RANK)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first; all else keeps its order."""
    items.sort(key=lambda item: RANK.get(item.path, len(RANK)))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what failed in the last lines, where a log that was cut still has them."""
    for kind in ("failed", "error"):
        for report in terminalreporter.stats.get(kind, []):
            terminalreporter.write_line(f"{kind}: {report.nodeid}")


@pytest.fixture(autouse=True)
def _kernel_backends() -> None:
    kernel.install()

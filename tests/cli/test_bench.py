"""`zkmargin bench node`: a short run has every figure. How large they are is for a machine that does nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.bench.errors import NodeEnded
from sequencer.bench.node_process import MODULE_VARIABLE, NodeFolder, running_process
from tests.cli.helpers import run_json

RATES = ("durable_acks_per_s", "durable_posts_per_s", "cpu_us_per_ack", "cpu_us_per_post")
TIMES = (
    "ack_p50_ms",
    "ack_p99_ms",
    "idle_ack_p50_ms",
    "rested_ack_p50_ms",
    "fsync_p50_ms",
    "rested_fsync_p50_ms",
    "restart_s",
)


def test_short_run(tmp_path: Path, keys_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--seconds", "1", "--runs", "1", "--traders", "30", "--accounts", "40", "--records", "3000", "--no-risk")
    found = run_json(capsys, "bench", "node", *options, "--keys", keys_dir, "--folder", tmp_path)
    assert all(found[name] > 0 for name in (*RATES, *TIMES))
    assert found["ack_p50_ms"] <= found["ack_p99_ms"]
    assert found["refused"] == {}
    assert found["rss_bytes"] > 50_000_000
    assert (found["accounts"], found["records"], found["shape"]) == (40, 3000, "tiny")
    assert list(tmp_path.iterdir()) == []


def test_node_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODULE_VARIABLE, "sequencer.no_such_module")
    with pytest.raises(NodeEnded, match="no_such_module"), running_process(NodeFolder(tmp_path, "tiny")):
        pass

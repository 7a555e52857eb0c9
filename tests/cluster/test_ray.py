"""Proofs on a Ray cluster of this machine. `make test` leaves this folder out where Ray is not installed."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.node_stores import ROOT


def test_cluster_proves_and_loses_an_actor() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.ray_check"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert re.findall(r"^(batch-\d) [\d.]+ [\d.]+$", done.stdout, re.MULTILINE) == ["batch-0", "batch-1"]

"""For every test: the kernel hashes and signs (pure Python has tests of its own), and hypothesis minds no clock."""

from __future__ import annotations

import os

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


@pytest.fixture(autouse=True)
def _kernel_backends() -> None:
    kernel.install()

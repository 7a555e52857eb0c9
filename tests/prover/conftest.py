"""For tests of the prover that hold for every path of the kernel."""

from __future__ import annotations

import pytest

from tests.prover.paths import PATHS, SWITCH


@pytest.fixture(params=PATHS)
def each_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force each path that this machine has, and return its name."""
    path: str = request.param
    monkeypatch.setenv(SWITCH, path)
    return path

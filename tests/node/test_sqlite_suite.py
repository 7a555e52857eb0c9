"""The store suite over SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store_suite import StoreSuite


class TestSqlite(StoreSuite):
    """Folders."""

    @pytest.fixture
    def target(self, tmp_path: Path) -> str:
        return str(tmp_path / "stores" / "one")

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> str:
        return str(tmp_path / "stores" / "two")

"""One server for the tests of a worker, one schema for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.clusters import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    server = Cluster()
    yield server
    server.remove()


@pytest.fixture
def target(cluster: Cluster) -> str:
    return cluster.make_store()


@pytest.fixture
def fresh(cluster: Cluster) -> str:
    return cluster.make_store()

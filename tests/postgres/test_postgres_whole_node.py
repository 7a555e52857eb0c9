"""PostgreSQL restarted under a whole node: it refuses while the store is away, and goes on when it is back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.node.whole_day import BUYER, living
from tests.node.whole_node import write_config
from tests.postgres.clusters import Cluster

UNPROVED = {"ZKMARGIN_NODE_GROUPS_MAX_AGE_S": "3600"}  # what proves is looked at elsewhere


@pytest.fixture
def own_cluster() -> Cluster:
    return Cluster()


def test_store_that_is_restarted_under_a_node(own_cluster: Cluster, tmp_path: Path) -> None:
    target = own_cluster.make_store()
    write_config(tmp_path, f'[store]\ntarget = "{target}"\n')
    try:
        with living(tmp_path, UNPROVED) as day:
            day.trade()
            for mode in ("fast", "immediate"):
                assert day.send(day.market.order(BUYER, 1, 20, slot=1)).status_code == 200
                own_cluster.stop(mode)
                answer = day.send(day.market.order(BUYER, 1, 20, slot=2))
                assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
                assert day.node.get(f"accounts/{BUYER}/orders")["orders"]  # from memory
                own_cluster.start()
                day.trade()
            root = int(day.node.get("status")["state_root"])
            assert day.node.end(signal.SIGTERM) == 0
            day.hold_log_to_what_was_acknowledged(target, root)
    finally:
        own_cluster.remove()

"""What admission keeps of open orders while batches go by is what the log says, read anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollup.errors import RollupError
from sequencer.node import admission
from sequencer.node.admission import Admission
from sequencer.node.node import Node
from sequencer.node.receipts import Receipt
from tests.node.market import Market, make_snapshot
from tests.node.test_node import fund, run, submit, wait_for


def list_open(found: Admission, account: int) -> list[tuple[object, int | None]]:
    totals = found.get_totals(account)
    return [(totals.get(slot), None if totals.get(slot) is None else totals.charges_atoms) for slot in range(8)]


def test_open_orders_after_fills_are_those_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an order that is known was read again")

    async def trade(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        answers: list[Receipt | RollupError] = []
        quoted = market.make_order(3, 1, 24.0, slot=2), None, market.make_order(3, -2, 26.0, slot=3)
        placed = (market.order(2, 10, 25.1), market.order(2, 1, 24.5, slot=1), market.order(3, -4, 24.9, slot=5))
        with monkeypatch.context() as patched:
            patched.setattr(admission, "decode_command", refuse)
            answers += await submit(node, *placed, market.quote(3, *quoted))
            await wait_for(lambda: node.list_fills(3, 10))
            answers += await submit(node, market.order(2, 2, 24.4, slot=1))
        assert all(isinstance(answer, Receipt) for answer in answers)
        again = Admission(node.live)
        for account in (2, 3):
            assert list_open(node.admission, account) == list_open(again, account)
        assert node.admission.get_totals(2).get(0) is not None
        assert node.admission.get_totals(3).get(5) is None

    run(tmp_path, make_snapshot(), trade)

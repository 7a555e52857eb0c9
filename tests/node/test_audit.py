"""The audit: each misconduct is committed for real and found, by itself; an honest node is found to be one."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.orders import IOC, POST_ONLY
from rollup.shapes import Shape
from sequencer.audit.auditing import audit
from sequencer.audit.findings import Rule, Verdict
from sequencer.audit.published import PublishedBatch
from sequencer.audit.statements import Statement
from sequencer.node.commands import Kind
from sequencer.node.links import Record
from sequencer.node.receipts import ReceiptChain
from tests.node.small_node import DOMAIN, MARK, PUBLIC_KEY, RECEIPT_KEY, SmallNode, draw_command, trade

UNSIGNED = "signature"


def strip(statement: Statement) -> Statement:
    return replace(statement, body=None)


# An honest node


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_an_honest_node_is_found_honest(seed: int) -> None:
    random = Random(seed)
    node = SmallNode(shape=random.choice([Shape("few", (1, 1, 2), 2, (2,), 3), SmallNode().shape]))
    for _ in range(4):
        node.submit(*(draw_command(node, random) for _ in range(random.randint(3, 20))))
        node.clear(random.choice([1, 1, 2]), MARK + random.randint(-3, 3))
    found = node.audit()
    assert found.findings == ()
    assert found.unusable == ()
    assert (found.batches, found.batches_placed) == (len(node.batches), len(node.batches))
    some = [strip(one) if random.random() < 0.3 else one for one in node.receipts if random.random() < 0.7]
    assert node.audit(some).misconduct == ()


def test_honest_runs_trade_and_leave_better_orders_out_where_lanes_are_few() -> None:
    """So that the test above has something to be wrong about."""
    seen = 0
    for seed in range(12):
        random, node = Random(seed), SmallNode(shape=Shape("few", (1, 1, 2), 2, (2,), 3))
        for _ in range(3):
            node.submit(*(draw_command(node, random) for _ in range(20)))
            node.clear()
        assert node.batches
        own = [one for one in node.receipts if one.receipt.kind not in (Kind.OUTCOME, Kind.PRICES)]
        found = node.audit(own)
        assert found.misconduct == ()
        seen += len(found.findings)
    assert seen > 5


# Contradictions


def fork(node: SmallNode, n_kept: int) -> list[Statement]:
    """Return the receipts of another history that has the same beginning, signed by the node."""
    chain = ReceiptChain(RECEIPT_KEY, DOMAIN, node.receipts[n_kept - 1].receipt.head)
    records = [Record(Kind.CANCEL_ALL, one.body or b"") for one in node.receipts[n_kept : n_kept + 3]]
    body = node.receipts[-1].body or b""
    return [Statement(one, None) for one in chain.extend([*records, Record(Kind.CASH, body)], node.now_s * 10**6)]


def test_two_histories_are_found_by_the_first_place_at_which_they_part() -> None:
    node = SmallNode()
    trade(node)
    node.clear()
    (finding,) = node.audit([*node.receipts, *fork(node, 4)]).findings
    assert (finding.rule, finding.verdict) == (Rule.CONTRADICTION, Verdict.MISCONDUCT)
    assert finding.what == "record 5 has two links"
    links = {one.receipt.link for one in finding.evidence}
    assert len(links) == len(finding.evidence) == 2


def test_receipts_of_other_records_contradict_one_another_by_what_they_vouch_for() -> None:
    node = SmallNode()
    trade(node)
    node.clear()
    (finding,) = node.audit([node.receipts[5], fork(node, 4)[0]]).findings  # of records 6 and 5
    assert finding.what == "record 5 has two links"


def test_a_log_that_begins_anew_is_found() -> None:
    node = SmallNode()
    head = node.receipts[-1].receipt.head._replace(sequence=0, time_us=0)
    (receipt,) = ReceiptChain(RECEIPT_KEY, DOMAIN, head).extend([Record(Kind.CASH, b"x")], 0)
    (finding,) = node.audit([Statement(receipt)]).findings
    assert finding.what == "the log does not begin with link 0"


def test_a_time_that_falls_is_found() -> None:
    node = SmallNode()
    head = node.chain.head
    (receipt,) = ReceiptChain(RECEIPT_KEY, DOMAIN, head._replace(time_us=0)).extend([Record(Kind.CASH, b"x")], 5)
    (finding,) = node.audit([*node.receipts, Statement(receipt)]).findings
    assert finding.what == f"records {head.sequence} and {head.sequence + 1}: {head.time_us} and then 5 us"


# Fills after a cancel


def test_a_fill_after_a_cancel_is_found() -> None:
    node = SmallNode()
    buy, _ = trade(node)
    node.hidden = {Kind.CANCEL}
    (cancelled,) = node.submit(node.cancel(2, 0, buy.signed.order.nonce))
    assert node.clear() is not None
    (finding,) = node.audit().findings
    assert (finding.rule, finding.verdict) == (Rule.FILL_AFTER_CANCEL, Verdict.MISCONDUCT)
    assert cancelled in finding.evidence
    assert finding.published["batch"] == 1
    assert finding.published["fill"]["nonce"] == buy.signed.order.nonce


def test_two_receipts_are_enough_to_prove_a_fill_after_a_cancel() -> None:
    node = SmallNode()
    buy, _ = trade(node)
    node.hidden = {Kind.CANCEL}
    (cancelled,) = node.submit(node.cancel(2, 0, buy.signed.order.nonce))
    node.call()
    called = node.receipts[-1]
    node.run_called()
    assert cancelled is not None
    for auction in (
        called,
        strip(called),
        node.receipts[-1],
        next(one for one in node.receipts if is_tail_of(one, called)),
    ):
        (finding,) = node.audit([cancelled, auction]).findings
        assert (finding.rule, finding.verdict) == (Rule.FILL_AFTER_CANCEL, Verdict.MISCONDUCT)
    assert node.audit([cancelled]).findings == ()
    assert node.audit([strip(cancelled), called]).findings == ()


def test_an_auction_places_all_later_batches_behind_it() -> None:
    node = SmallNode()
    buy, sell = node.order(2, 5, MARK + 2), node.order(3, -2, MARK - 2)
    node.submit(buy, sell)
    node.hidden = {Kind.CANCEL}
    (cancelled,) = node.submit(node.cancel(2, 0, buy.signed.order.nonce))
    node.call()
    first = node.receipts[-1]
    node.run_called()
    node.submit(node.order(3, -2, MARK - 2))
    node.clear()
    assert cancelled is not None
    found = node.audit([cancelled, first])
    assert [finding.published["batch"] for finding in found.misconduct] == [1, 2]


def is_tail_of(statement: Statement, called: Statement) -> bool:
    """Return whether a receipt shows the auction's record in its tail, or is the auction's own."""
    return statement.sequence + len(statement.receipt.tail) == called.sequence


def test_a_fill_after_a_cancel_of_all_is_found_by_the_order_and_the_cancel() -> None:
    node = SmallNode()
    trade(node)
    node.hidden = {Kind.CANCEL_ALL}
    node.submit(node.cancel_all(3))
    node.clear()
    (finding,) = node.audit().findings
    assert finding.rule is Rule.FILL_AFTER_CANCEL
    assert [one.receipt.kind for one in finding.evidence[:2]] == [Kind.ORDER, Kind.CANCEL_ALL]
    without = [one for one in node.receipts if one is not finding.evidence[0]]
    assert node.audit(without).misconduct == ()


def test_a_fill_of_a_replaced_order_is_found() -> None:
    node = SmallNode()
    _, sell = trade(node)
    node.hidden = {Kind.ORDER}
    node.submit(node.order(3, -5, MARK + 40))
    node.clear()
    assert [finding.rule for finding in node.audit().misconduct] == [Rule.FILL_AFTER_REPLACE]
    assert node.batches[0].filled_lots[3, 0, sell.signed.order.nonce] == 5


def test_a_fill_before_the_cancel_is_none() -> None:
    node = SmallNode()
    buy, _ = trade(node)
    node.call()
    node.hidden = {Kind.CANCEL}
    node.submit(node.cancel(2, 0, buy.signed.order.nonce))  # behind the auction's record
    node.run_called()
    assert node.audit().findings == ()


# Post-only orders that cross


def test_a_crossing_post_only_order_that_is_filled_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    node = SmallNode()
    node.submit(node.order(2, 5, MARK + 2, flags=POST_ONLY), node.order(3, -5, MARK - 2))
    monkeypatch.setattr("rollup.admission.is_passive", lambda order, mark_ticks: True)
    monkeypatch.setattr("sequencer.node.participants.POST_ONLY", 0)
    assert node.clear() is not None
    monkeypatch.undo()
    assert len(node.batches[0].fills) == 2
    (finding,) = node.audit().findings
    assert (finding.rule, finding.verdict) == (Rule.CROSSING_POST_ONLY, Verdict.MISCONDUCT)
    assert finding.published["mark_ticks"] == MARK


# Input that proves nothing


def test_receipts_of_another_key_or_another_body_are_listed_and_say_nothing() -> None:
    node, other = SmallNode(), SmallNode()
    trade(node)
    stranger = ReceiptChain(b"\x08" * 32, DOMAIN, other.chain.head)
    (receipt,) = stranger.extend([Record(Kind.CASH, b"x")], 0)
    wrong = replace(node.receipts[-1], body=b"another")
    lying = ReceiptChain(RECEIPT_KEY, DOMAIN, node.chain.head).extend([Record(Kind.ORDER, b"none")], 0)
    found = node.audit([Statement(receipt), wrong, Statement(lying[0], b"none")])
    assert found.findings == ()
    reasons = [one.reason for one in found.unusable]
    assert [word in reason for word, reason in zip((UNSIGNED, "digest", "length"), reasons, strict=True)] == [True] * 3


def test_receipts_alone_prove_a_contradiction() -> None:
    node = SmallNode()
    trade(node)
    found = audit([*node.receipts, *fork(node, 2)], None, PUBLIC_KEY, DOMAIN)
    assert [finding.rule for finding in found.findings] == [Rule.CONTRADICTION]


def test_a_finding_is_json() -> None:
    node = SmallNode()
    buy, _ = trade(node)
    node.hidden = {Kind.CANCEL}
    node.submit(node.cancel(2, 0, buy.signed.order.nonce))
    node.clear()
    (finding,) = node.audit().findings
    text = json.loads(json.dumps(finding.to_object()))
    assert text["verdict"] == "misconduct"
    assert text["evidence"][0]["receipt"]["sequence"] == finding.evidence[0].sequence
    assert bytes.fromhex(text["evidence"][0]["body"]) == finding.evidence[0].body


def test_nonces_of_fills_are_those_of_the_orders() -> None:
    """Also where a slot went on in the batch itself, by a fill that voids what is left."""
    node = SmallNode()
    buy, sell = node.order(2, 5, MARK + 2, flags=IOC), node.order(3, -3, MARK - 2)
    node.submit(buy, sell)
    node.clear()
    batch: PublishedBatch = node.batches[0]
    orders = {(one.signed.order.account, one.signed.order.nonce) for one in (buy, sell)}
    assert {(fill.account, fill.nonce) for fill in batch.fills} == orders

"""The audit of better orders left out: proved by the whole log, else with the excuses that remain."""

from __future__ import annotations

import pytest

from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY
from rollup.shapes import Shape
from rollup.txs import Cancel, CancelAll
from sequencer.audit.auditing import Audit
from sequencer.audit.findings import Rule, Verdict
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Kind, PlaceOrder, PlaceQuote, Trigger
from tests.node.small_node import MARK, SmallNode, trade


def leave_out(node: SmallNode, flags: int = 0) -> PlaceOrder:
    """Clear a market in which an eager buy is dropped; return the buy."""
    trade(node)
    eager = node.order(4, 3, MARK + 20, slot=1, flags=flags)
    node.submit(eager)
    node.sequencing.books.drop((4, 1))
    node.clear()
    return eager


def test_a_better_order_left_out_is_found() -> None:
    node = SmallNode()
    eager = leave_out(node)
    (finding,) = node.audit().findings
    assert (finding.rule, finding.verdict, finding.excuses) == (Rule.BETTER_ORDER_LEFT_OUT, Verdict.MISCONDUCT, ())
    assert f"account 4, slot 1, nonce {eager.signed.order.nonce}" in finding.what
    assert "filled before 0, in this batch 0; by the rules, over records 1 to" in finding.what
    assert finding.evidence[0].orders == (eager.signed.order,)


def test_an_order_that_a_quote_holds_is_found_too() -> None:
    node = SmallNode()
    trade(node)
    order = node.ex.make_order(4, 3, MARK + 20, slot=1, tip_e6=0, max_fee_e6=0)
    node.submit(PlaceQuote(node.ex.quote(4, None, order)))
    node.sequencing.books.drop((4, 1))
    node.clear()
    (finding,) = node.audit().findings
    assert (finding.rule, finding.verdict) == (Rule.BETTER_ORDER_LEFT_OUT, Verdict.MISCONDUCT)


def test_without_the_whole_log_excuses_remain_and_are_named() -> None:
    node = SmallNode()
    leave_out(node)
    order = next(one for one in node.receipts if any(order.account == 4 for order in one.orders))
    called = next(one for one in node.receipts if one.receipt.kind == Kind.AUCTION)
    (finding,) = node.audit([order, called]).findings
    assert finding.verdict is Verdict.UNPROVED
    assert [excuse.split(":")[0] for excuse in finding.excuses] == [
        "records_unseen",
        "auction_not_exact",
        "book_unseen",
        "lanes_competed",
    ]


@pytest.mark.parametrize(
    ("flags", "code"),
    [(REDUCE_ONLY, "reduce_only"), (IOC, "ioc"), (POST_ONLY, "rebate")],
    ids=["reduce", "ioc", "post"],
)
def test_what_a_flag_excuses_is_named(flags: int, code: str) -> None:
    node = SmallNode()
    node.submit(node.order(2, 5, MARK - 5), node.order(3, -5, MARK - 7))
    user = 4 if flags != REDUCE_ONLY else 5  # 5 is short
    node.submit(node.order(user, 3, MARK - 1 if flags == POST_ONLY else MARK + 20, slot=1, flags=flags))
    if flags == IOC:
        node.call()
        node.sequencing.live.auction = None  # it came to nothing, by the node
    node.sequencing.books.drop((user, 1))
    node.clear()
    own = [one for one in node.receipts if one.receipt.kind not in (Kind.OUTCOME, Kind.PRICES)]
    (finding,) = [one for one in node.audit(own).findings if f"account {user}" in one.what]
    assert finding.verdict is Verdict.UNPROVED
    assert code in [excuse.split(":")[0] for excuse in finding.excuses]


def test_full_lanes_are_an_excuse() -> None:
    node = SmallNode(shape=Shape("two", (1, 1), 1, (), 0))
    trade(node)
    node.submit(node.order(4, 5, MARK + 20))
    node.sequencing.books.drop((4, 0))
    node.clear()
    (finding,) = node.audit().findings
    assert finding.verdict is Verdict.UNPROVED
    assert finding.excuses == ("lanes_full: every lane wide enough for it was in use",)


def test_an_account_that_is_not_covered_is_an_excuse() -> None:
    node = SmallNode(equity_atoms=3 * 10**9)
    sells = [node.order(user, -50, MARK - 2) for user in (3, 7, 10, 11)]
    buy, big = node.order(2, 1, MARK + 2), node.order(6, 400, MARK + 20)
    node.append([encode_command(one) for one in (*sells, buy, big)])  # admitted against its own rule
    node.clear()
    own = [one for one in node.receipts if one.receipt.kind not in (Kind.OUTCOME, Kind.PRICES)]
    (finding,) = node.audit(own).findings
    assert "account_not_covered" in [excuse.split(":")[0] for excuse in finding.excuses]
    assert node.audit().findings == ()  # by the whole log the rules leave it out


def test_an_own_order_that_it_crosses_is_an_excuse() -> None:
    node = SmallNode()
    trade(node)
    node.submit(node.order(4, -1, MARK + 10, slot=2), node.order(4, 3, MARK + 20, slot=1))
    node.clear()
    own = [one for one in node.receipts if one.receipt.kind not in (Kind.OUTCOME, Kind.PRICES)]
    (finding,) = node.audit(own).findings
    assert "self_trade" in [excuse.split(":")[0] for excuse in finding.excuses]
    assert node.audit().findings == ()


def test_an_order_cancelled_replaced_or_too_late_is_no_finding() -> None:
    node = SmallNode()
    trade(node)
    late, cancelled, replaced = (node.order(user, 3, MARK + 20) for user in (4, 6, 7))
    node.submit(cancelled, replaced)
    node.submit(node.cancel(6, 0, cancelled.signed.order.nonce), node.order(7, 3, MARK - 20))
    node.call()
    node.submit(late)
    node.run_called()
    for statements in (node.receipts, [one for one in node.receipts if one.receipt.kind != Kind.OUTCOME]):
        assert node.audit(statements).findings == ()


def leave_out_and_audit(node: SmallNode, user: int) -> Audit:
    """Drop a user's order in slot 1, clear, and audit without outcomes: all that is left to say is an excuse."""
    node.sequencing.books.drop((user, 1))
    node.clear()
    return node.audit([one for one in node.receipts if one.receipt.kind not in (Kind.OUTCOME, Kind.PRICES)])


def test_a_cash_operation_of_the_account_is_an_excuse() -> None:
    node = SmallNode()
    trade(node)
    node.submit(node.order(4, 3, MARK + 20, slot=1), node.request(Cancel, 4, slot=2, nonce=9))
    (finding,) = leave_out_and_audit(node, 4).findings
    assert "account_busy" in [excuse.split(":")[0] for excuse in finding.excuses]


def test_an_order_of_an_older_epoch_is_no_finding() -> None:
    node = SmallNode()
    node.submit(node.order(4, 3, MARK - 20, slot=1), node.request(CancelAll, 4))
    node.clear()
    assert node.batches[0].after.get_account(4).epoch == 2
    trade(node)
    assert leave_out_and_audit(node, 4).findings == ()


@pytest.mark.parametrize(("is_above", "n_findings"), [(True, 0), (False, 1)])
def test_an_order_whose_trigger_is_not_hit_is_no_finding(is_above: bool, n_findings: int) -> None:
    node = SmallNode()
    trade(node)
    order = node.order(4, 3, MARK + 20, slot=1).signed
    node.submit(PlaceOrder(order, Trigger(MARK + 1, is_above)))
    assert len(leave_out_and_audit(node, 4).findings) == n_findings


def test_an_order_in_a_market_without_trades_or_at_the_price_is_no_finding() -> None:
    node = SmallNode()
    trade(node)
    node.submit(PlaceOrder(node.ex.order(4, 3, MARK + 20, slot=1, market=1, tip_e6=0, max_fee_e6=0)))
    assert leave_out_and_audit(node, 4).findings == ()
    price = node.batches[0].record.clearing_prices_ticks[0]
    node = SmallNode()
    trade(node)
    node.submit(node.order(4, 3, price, slot=1))
    assert leave_out_and_audit(node, 4).findings == ()

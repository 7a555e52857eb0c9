"""CashLanes: which operation gets a lane, what waits and what is refused; the queue is never out of order."""

from __future__ import annotations

from dataclasses import replace

from rollup.cash_lanes import CashOutcome, run_cash_lanes
from rollup.rejections import (
    AccountNotOpen,
    BelowInitial,
    FeeNotCovered,
    NotEvictable,
    SignatureInvalid,
    VaultShort,
)
from rollup.signature import sign
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.txs import (
    CancelAll,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedTrade,
    ForcedWithdraw,
    SetTier,
    SignedCashOp,
    Transfer,
    TransferIn,
    Withdraw,
)
from rollup.workspace import Workspace
from tests.rollup.cash_ops import KEY
from tests.scenarios import AVAX_PRICE, PARAMS, USD, Exchange

TRADE = SignedCashOp(ForcedTrade((2, 3), (0xA0002, 0xA0003), 0, 0, 1, AVAX_PRICE))


def fund(usd: int = 2_000) -> Exchange:
    ex = Exchange()
    assert ex.batch(cash=[ex.deposit(2, usd), ex.deposit(3, usd)]).rejected == ()
    return ex


def open_positions(ex: Exchange) -> None:
    """Let 2 buy 100 AVAX of 3."""
    assert len(ex.batch(orders=[ex.order(2, 10**8, AVAX_PRICE), ex.order(3, -(10**8), AVAX_PRICE)]).fills) == 2


def make_workspace(ex: Exchange, **changes: object) -> Workspace:
    """Return the desk of the next batch, its tick changed as named."""
    tick = replace(ex.next_tick(), **changes)
    return Workspace(ex.state, PARAMS, tick, SignatureCache())


def run(ex: Exchange, ops: list[SignedCashOp], n_lanes: int = 2, **changes: object) -> CashOutcome:
    return run_cash_lanes(make_workspace(ex, **changes), ops, n_lanes)


def list_ops(outcome: CashOutcome) -> list[object]:
    return [lane.op for lane in outcome.lanes]


def get_refusal(ex: Exchange, signed: SignedCashOp, **changes: object) -> Exception:
    """Return why the operation is refused; it takes no lane and changes nothing."""
    workspace = make_workspace(ex, **changes)
    outcome = run_cash_lanes(workspace, [signed], 2)
    assert list_ops(outcome) == [None, None]
    assert (workspace.merge_accounts(), workspace.tree, workspace.vault_e6) == (
        ex.state.accounts,
        ex.state.tree,
        ex.state.header.vault_e6,
    )
    ((_, error),) = outcome.rejected
    return error


def test_withdraw_all_cash_of_a_flat_account() -> None:
    ex = fund()
    result = ex.batch(cash=[ex.withdraw(2, 2_000)])
    assert result.rejected == ()
    assert (result.state.get_account(2).cash_atoms, result.state.header.vault_e6) == (0, 2_000 * USD)


def test_invalid_withdraw_of_more_than_there_is() -> None:
    ex = fund()
    error = get_refusal(ex, ex.withdraw(2, 2_001))
    assert isinstance(error, BelowInitial)
    assert (error.equity_atoms, error.required_atoms) == (-(10**18), 0)


def test_invalid_op_signed_by_another_key_or_for_another_deployment_or_not_at_all() -> None:
    ex = fund()
    signed = ex.withdraw(2, 1)
    elsewhere = sign(ex.key_of(2), signed.op.message(replace(PARAMS, version=2).domain))
    for signature in (sign(ex.key_of(3), signed.op.message(PARAMS.domain)), elsewhere, None):
        assert isinstance(get_refusal(ex, replace(signed, signature=signature)), SignatureInvalid)
    assert ex.batch(cash=[signed]).rejected == ()


def test_invalid_withdraw_of_what_the_vault_lacks() -> None:
    ex = fund()
    ex.state = State(replace(ex.state.header, vault_e6=USD - 1), ex.state.tree, ex.state.accounts)
    error = get_refusal(ex, ex.withdraw(2, 1))
    assert isinstance(error, VaultShort)
    assert (error.amount_e6, error.vault_e6) == (USD, USD - 1)


def test_ops_beyond_the_lanes_wait_in_order() -> None:
    ex = Exchange()
    ops = [ex.deposit(account, 1) for account in (2, 3, 4, 5)]
    result = ex.batch(cash=ops)
    assert result.waiting_cash == tuple(ops[2:])
    assert result.state.header.queue_consumed == 2
    assert ex.batch(cash=list(result.waiting_cash)).state.header.queue_consumed == 4


def test_refused_op_leaves_its_lane_to_the_next_but_a_dropped_entry_takes_one() -> None:
    ex = fund()
    bad, dropped = ex.withdraw(4, 1), SignedCashOp(ForcedCancelAll(2, 0xB))
    outcome = run(ex, [bad, dropped, ex.deposit(2, 1), ex.deposit(3, 1)])
    assert [signed for signed, _ in outcome.rejected] == [bad]
    assert [lane.is_applied for lane in outcome.lanes] == [False, True]
    assert len(outcome.waiting) == 1


def test_returned_deposit_is_consumed_and_leaves_the_vault_alone() -> None:
    ex = fund()
    workspace = make_workspace(ex)
    outcome = run_cash_lanes(workspace, [SignedCashOp(Deposit(2, 5, 0xB, KEY)), SignedCashOp(Deposit(0, 5, 0, KEY))], 2)
    assert [lane.before == lane.after for lane in outcome.lanes] == [True, True]
    assert workspace.queue_consumed - ex.state.header.queue_consumed == 2
    assert (workspace.vault_e6, workspace.tree) == (ex.state.header.vault_e6, ex.state.tree)


def test_signed_op_passes_a_queue_that_waits_and_entries_never_do() -> None:
    ex = fund()
    open_positions(ex)
    forced, later = SignedCashOp(ForcedWithdraw(2, 1, ex.owner_of(2))), ex.deposit(4, 1)
    signed = ex.request(CancelAll, 2)
    outcome = run(ex, [forced, later, signed], n_lanes=3, stale=True)
    assert list_ops(outcome) == [signed.op, None, None]
    assert outcome.waiting == (forced, later)
    assert outcome.rejected == ()
    assert list_ops(run(ex, [forced, later, signed], n_lanes=3)) == [forced.op, later.op, signed.op]


def test_forced_trade_stops_the_queue_and_is_handed_on() -> None:
    ex = fund()
    first, last, signed = ex.deposit(2, 1), ex.deposit(3, 1), ex.request(CancelAll, 2)
    outcome = run(ex, [first, TRADE, TRADE, last, TRADE, signed], n_lanes=4)
    assert list_ops(outcome) == [first.op, signed.op, None, None]
    assert outcome.waiting == (TRADE, TRADE, last, TRADE)
    assert outcome.next_forced_trades == (TRADE.op, TRADE.op)
    assert run(ex, [first, TRADE], n_lanes=0).next_forced_trades == ()


def test_entry_that_the_vault_cannot_pay_waits() -> None:
    ex = fund()
    forced = SignedCashOp(ForcedWithdraw(2, 7, ex.owner_of(2)))
    ex.state = State(replace(ex.state.header, vault_e6=6), ex.state.tree, ex.state.accounts)
    assert run(ex, [forced]).waiting == (forced,)
    ex.state = State(replace(ex.state.header, vault_e6=7), ex.state.tree, ex.state.accounts)
    assert run(ex, [forced]).waiting == ()


def test_several_ops_of_one_account_in_one_batch() -> None:
    ex = fund()
    workspace = make_workspace(ex)
    late = ex.request(Withdraw, 2, ahead=1, amount_e6=2_001 * USD)
    ops = [ex.withdraw(2, 1), late, ex.deposit(2, 2), SignedCashOp(SetTier(2, 3)), late]
    outcome = run_cash_lanes(workspace, ops, 4)
    assert [type(error) for _, error in outcome.rejected] == [BelowInitial]  # it came before the deposit
    account = workspace.get(2)
    assert (account.cash_nonce, account.tier, account.cash_atoms) == (2, 3, 0)


def test_transfer_takes_two_lanes_in_a_row() -> None:
    ex = fund()
    workspace = make_workspace(ex)
    signed = ex.request(Transfer, 2, amount_e6=500 * USD, recipient=3)
    out, into = run_cash_lanes(workspace, [signed], 2).lanes
    assert (out.op, into.op) == (signed.op, TransferIn(3, 500 * USD))
    assert (out.signature, into.signature) == (signed.signature, None)
    assert [workspace.get(account).cash_atoms // 10**18 for account in (2, 3)] == [1_500, 2_500]
    assert workspace.vault_e6 == ex.state.header.vault_e6


def test_transfer_waits_for_two_lanes_and_its_accounts_behind_it() -> None:
    ex = fund()
    signed, behind = ex.request(Transfer, 2, amount_e6=USD, recipient=3), ex.withdraw(3, 2_001)
    outcome = run(ex, [signed, behind, ex.deposit(4, 1)], n_lanes=1)
    assert outcome.waiting == (signed, behind)
    assert len(outcome.lanes) == 1
    assert list_ops(run(ex, [signed, behind], n_lanes=3))[2] == behind.op


def test_transfer_to_oneself_changes_nothing_but_the_nonce() -> None:
    ex = fund()
    workspace = make_workspace(ex)
    run_cash_lanes(workspace, [ex.request(Transfer, 2, amount_e6=5, recipient=2)], 2)
    before, after = ex.state.get_account(2), workspace.get(2)
    assert after == replace(before, cash_nonce=1, last_touched_s=ex.now_s + 1)


def test_invalid_transfer_to_an_empty_account() -> None:
    ex = fund()
    assert isinstance(get_refusal(ex, ex.request(Transfer, 2, amount_e6=5, recipient=4)), AccountNotOpen)


def test_invalid_fee_that_the_account_would_owe() -> None:
    ex = fund(1)
    signed = ex.request(CancelAll, 2)
    assert run(ex, [signed], cash_fee_e6=USD).rejected == ()
    error = get_refusal(ex, signed, cash_fee_e6=USD + 1)
    assert isinstance(error, FeeNotCovered)
    assert error.equity_atoms == -(10**12)


def test_totals_of_a_batch() -> None:
    ex = fund()
    workspace = make_workspace(ex, cash_fee_e6=3, leaf_fee_e6=50, rent_rate=10)
    ops = [ex.withdraw(2, 1), ex.deposit(4, 1), SignedCashOp(ForcedCancelAll(3, 0xB))]
    run_cash_lanes(workspace, ops, 3)
    before = ex.state.header
    assert workspace.queue_consumed == before.queue_consumed + 2
    assert workspace.vault_e6 == before.vault_e6
    assert (workspace.base_fees_e6, workspace.rent_atoms) == (53, 10)
    assert workspace.units == 6 + 2**32 + 96 * 2**64


def test_eviction_takes_a_lane_at_the_end() -> None:
    ex = fund()
    ex.batch(cash=[ex.withdraw(2, 2_000)])
    workspace = make_workspace(ex)
    outcome = run_cash_lanes(workspace, [ex.deposit(3, 1), SignedCashOp(Evict(2))], 2)
    assert list_ops(outcome)[1] == Evict(2)
    assert workspace.get(2).is_empty
    assert isinstance(get_refusal(ex, SignedCashOp(Evict(3))), NotEvictable)


def test_close_pays_the_owner() -> None:
    ex = fund()
    result = ex.batch(cash=[ex.request(CloseAccount, 2, amount_e6=2_000 * USD)])
    assert result.state.get_account(2).is_empty
    assert result.state.header.vault_e6 == 2_000 * USD
    assert result.trace.cash_lanes[0].before.owner == ex.owner_of(2)

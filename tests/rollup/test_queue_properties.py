"""Whatever an entry says and however the account stands: it is consumed, conserves cash, and fails without a trace."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.babyjubjub import is_on_curve
from rollup.txs import (
    Deposit,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    QueueEntry,
    SetTier,
    compute_bridge_words,
    compute_effect,
)
from rollup.txs.effect import compute_margin_at
from rollup.units import MARKET_COUNT
from tests.rollup.cash_ops import EMPTY, KEY, LEAF_FEE, LONG, NEW_KEY, ONE, OPEN, OWNER, SMALL_ORDER_KEY, TICK

account_ids = st.sampled_from([0, 1, 2, 3, 2**21 - 1])
owners = st.sampled_from([0, OWNER, OWNER + 1, 2**160 - 1])
keys = st.sampled_from([KEY, NEW_KEY, SMALL_ORDER_KEY, (0, 0), (0, 1), (1, 1)])
amounts = st.one_of(st.sampled_from([0, 7, LEAF_FEE - 1, LEAF_FEE, 2**64 - 1]), st.integers(0, 2**64 - 1))
entries: st.SearchStrategy[QueueEntry] = st.one_of(
    st.builds(Deposit, account_ids, amounts, owners, keys),
    st.builds(ForcedWithdraw, account_ids, amounts, owners),
    st.builds(ForcedCancelAll, account_ids, owners),
    st.builds(ForcedKeyChange, account_ids, owners, keys),
    st.builds(SetTier, account_ids, amounts),
)
cash = st.one_of(st.integers(-(2**118), 2**118), st.integers(-ONE, 10**6 * ONE))
sizes = st.lists(st.integers(-(2**30), 2**30), min_size=MARKET_COUNT, max_size=MARKET_COUNT).map(tuple)
accounts: st.SearchStrategy[Account] = st.one_of(
    st.just(EMPTY),
    st.just(replace(OPEN, epoch=2**32 - 1)),
    st.builds(lambda atoms: replace(OPEN, cash_atoms=atoms), cash),
    st.builds(lambda atoms: replace(LONG, cash_atoms=LONG.cash_atoms + atoms), cash),
    st.builds(lambda atoms, lots: replace(OPEN, cash_atoms=atoms, sizes_lots=lots), cash, sizes),
)


@given(entries, accounts)
def test_every_entry_is_consumed_and_cash_is_conserved(entry: QueueEntry, account: Account) -> None:
    effect = compute_effect(entry, account, TICK)
    effect.after.check()
    flows = effect.flows
    received = (flows.vault_e6 - flows.base_fees_e6) * ONE - flows.rent_atoms
    assert effect.after.cash_atoms - account.cash_atoms == received
    assert flows.queue_entries == 1
    assert compute_bridge_words(entry, account.owner, effect.is_applied, max(0, -flows.vault_e6))[0] >> 89 == int(
        effect.is_applied
    )


@given(entries, accounts)
def test_entry_that_is_not_applied_leaves_everything_and_one_that_is_was_allowed(
    entry: QueueEntry, account: Account
) -> None:
    effect = compute_effect(entry, account, TICK)
    if not effect.is_applied:
        assert (effect.after, effect.flows.vault_e6, effect.flows.rent_atoms) == (account, 0, 0)
        return
    assert entry.account >= 2
    if not isinstance(entry, SetTier):
        assert entry.owner == effect.after.owner != 0
    assert is_on_curve(effect.after.key)
    has_new_epoch = account.is_empty or isinstance(entry, ForcedCancelAll | ForcedKeyChange)
    assert effect.after.epoch == account.epoch + has_new_epoch


@given(st.builds(ForcedWithdraw, st.just(2), amounts, st.just(OWNER)), accounts)
def test_forced_withdrawal_takes_the_most_that_is_asked_and_free(entry: ForcedWithdraw, account: Account) -> None:
    effect = compute_effect(entry, account, TICK)
    paid_e6 = -effect.flows.vault_e6
    margin = compute_margin_at(effect.after, TICK)
    assert 0 <= paid_e6 <= entry.amount_e6
    assert paid_e6 == 0 or margin.equity >= margin.initial
    is_exhausted = margin.equity - ONE < margin.initial  # one unit more would be too much
    assert paid_e6 == entry.amount_e6 or is_exhausted or not effect.is_applied

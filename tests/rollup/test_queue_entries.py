"""Entries of the queue: applied, returned or dropped by the account as it stands, and consumed in any case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.accounts import Account
from rollup.errors import ValueOutOfRange
from rollup.rejections import PricesStale
from rollup.txs import (
    Deposit,
    Effect,
    Flows,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    QueueEntry,
    SetTier,
    compute_bridge_words,
    compute_effect,
)
from tests.rollup.cash_ops import (
    EMPTY,
    ENTRIES,
    KEY,
    LEAF_FEE,
    LONG,
    LONG_FREE_E6,
    NEW_KEY,
    NOW_S,
    ONE,
    OPEN,
    OWNER,
    RENT,
    SMALL_ORDER_KEY,
    STALE,
    TICK,
)

DEPOSIT, FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE, SET_TIER = ENTRIES
RENTED = replace(OPEN, cash_atoms=OPEN.cash_atoms - RENT, last_touched_s=NOW_S)
UNTOUCHED = Flows(queue_entries=1)
LAST_EPOCH = 2**32 - 1
OFF_CURVE = (1, 1)
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)


def consume(entry: QueueEntry, account: Account = OPEN) -> Effect:
    return compute_effect(entry, account, TICK)


def test_each_kind_does_its_effect_after_rent() -> None:
    assert consume(DEPOSIT).after == replace(RENTED, cash_atoms=RENTED.cash_atoms + 700 * ONE)
    assert consume(FORCED_WITHDRAW).after == replace(RENTED, cash_atoms=RENTED.cash_atoms - 400 * ONE)
    assert consume(FORCED_CANCEL_ALL).after == replace(RENTED, epoch=4)
    assert consume(FORCED_KEY_CHANGE).after == replace(RENTED, key=NEW_KEY, epoch=4)
    assert consume(SET_TIER).after == replace(RENTED, tier=6)


@each_entry
def test_entries_count_and_pay_no_fee(entry: QueueEntry) -> None:
    effect = consume(entry)
    vault_e6 = {DEPOSIT: 700, FORCED_WITHDRAW: -400}.get(entry, 0)
    assert effect == Effect(effect.after, Flows(queue_entries=1, vault_e6=vault_e6, rent_atoms=RENT))


def test_deposit_creates_an_empty_account_and_raises_its_epoch() -> None:
    effect = consume(DEPOSIT, EMPTY)
    cash_atoms = (700 - LEAF_FEE) * ONE
    assert effect.after == Account(KEY, OWNER, epoch=9, cash_atoms=cash_atoms, last_touched_s=NOW_S)
    units = 2 + 2**32 + 32 * 2**64
    assert effect.flows == Flows(queue_entries=1, vault_e6=700, base_fees_e6=LEAF_FEE, units=units)


def test_key_of_a_deposit_counts_only_where_it_creates() -> None:
    assert consume(replace(DEPOSIT, key=OFF_CURVE)).after == consume(DEPOSIT).after
    assert consume(replace(DEPOSIT, key=SMALL_ORDER_KEY), EMPTY).after.key == SMALL_ORDER_KEY


def test_deposit_of_exactly_the_leaf_fee_and_of_any_amount_to_an_existing_account() -> None:
    created = consume(replace(DEPOSIT, amount_e6=LEAF_FEE), EMPTY)
    assert (created.is_applied, created.after.cash_atoms) == (True, 0)
    assert consume(replace(DEPOSIT, amount_e6=0)).after == RENTED


FAILING: list[tuple[QueueEntry, Account]] = [
    (replace(DEPOSIT, owner=0xB), OPEN),
    (replace(DEPOSIT, owner=0), OPEN),
    (replace(DEPOSIT, owner=0), EMPTY),
    (replace(DEPOSIT, key=OFF_CURVE), EMPTY),
    (replace(DEPOSIT, key=(0, 0)), EMPTY),
    (replace(DEPOSIT, amount_e6=LEAF_FEE - 1), EMPTY),
    (replace(DEPOSIT, account=0), Account()),
    (replace(DEPOSIT, account=1), Account(cash_atoms=5)),
    (replace(DEPOSIT, account=1, owner=0), Account()),
    (DEPOSIT, replace(EMPTY, epoch=LAST_EPOCH)),
    (replace(FORCED_WITHDRAW, owner=0xB), OPEN),
    (replace(FORCED_WITHDRAW, owner=0), EMPTY),
    (replace(FORCED_WITHDRAW, account=1, owner=0), Account(cash_atoms=10**18)),
    (replace(FORCED_CANCEL_ALL, owner=0xB), OPEN),
    (replace(FORCED_CANCEL_ALL, owner=0), EMPTY),
    (replace(FORCED_CANCEL_ALL, account=0, owner=0), Account()),
    (FORCED_CANCEL_ALL, replace(OPEN, epoch=LAST_EPOCH)),
    (replace(FORCED_KEY_CHANGE, owner=0xB), OPEN),
    (replace(FORCED_KEY_CHANGE, key=OFF_CURVE), OPEN),
    (replace(FORCED_KEY_CHANGE, owner=0), EMPTY),
    (replace(FORCED_KEY_CHANGE, account=1, owner=0), Account()),
    (FORCED_KEY_CHANGE, replace(OPEN, epoch=LAST_EPOCH)),
    (SET_TIER, EMPTY),
    (replace(SET_TIER, tier=8), OPEN),
    (replace(SET_TIER, tier=2**64 - 1), OPEN),
    (replace(SET_TIER, account=1), Account()),
]


@pytest.mark.parametrize(("entry", "account"), FAILING)
def test_entry_that_fails_is_consumed_and_touches_nothing(entry: QueueEntry, account: Account) -> None:
    assert compute_effect(entry, account, TICK) == Effect(account, UNTOUCHED, is_applied=False)
    assert compute_effect(entry, replace(account, sizes_lots=LONG.sizes_lots), STALE).flows == UNTOUCHED


@pytest.mark.parametrize("entry", [FORCED_CANCEL_ALL, FORCED_KEY_CHANGE])
def test_epoch_rises_to_its_last(entry: QueueEntry) -> None:
    assert consume(entry, replace(OPEN, epoch=LAST_EPOCH - 1)).after.epoch == LAST_EPOCH


@pytest.mark.parametrize(("asked_e6", "paid_e6"), [(998, 998), (999, 999), (1_000, 999), (2**64 - 1, 999), (0, 0)])
def test_forced_withdrawal_pays_what_is_asked_or_what_is_free(asked_e6: int, paid_e6: int) -> None:
    effect = consume(replace(FORCED_WITHDRAW, amount_e6=asked_e6))  # 1,000 units, of which rent is 0.7
    assert (effect.is_applied, -effect.flows.vault_e6) == (True, paid_e6)
    assert effect.after.cash_atoms == OPEN.cash_atoms - RENT - paid_e6 * ONE


def test_forced_withdrawal_leaves_the_initial_requirement() -> None:
    most = consume(replace(FORCED_WITHDRAW, amount_e6=2**64 - 1), LONG)
    assert -most.flows.vault_e6 == LONG_FREE_E6 - 1  # the rent took the rest of the last unit


@pytest.mark.parametrize("account", [replace(OPEN, cash_atoms=-1), replace(LONG, cash_atoms=LONG.cash_atoms - 10**21)])
def test_forced_withdrawal_where_nothing_is_free_pays_nothing_and_is_applied(account: Account) -> None:
    effect = consume(FORCED_WITHDRAW, account)
    assert effect.is_applied
    assert effect.after == replace(account, cash_atoms=account.cash_atoms - RENT, last_touched_s=NOW_S)


def test_forced_withdrawal_with_positions_waits_for_fresh_prices() -> None:
    assert compute_effect(FORCED_WITHDRAW, OPEN, STALE) == consume(FORCED_WITHDRAW)
    with pytest.raises(PricesStale):
        compute_effect(FORCED_WITHDRAW, LONG, STALE)


@pytest.mark.parametrize("entry", [DEPOSIT, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE, SET_TIER])
def test_without_fresh_prices_no_other_entry_waits(entry: QueueEntry) -> None:
    assert compute_effect(entry, LONG, STALE) == consume(entry, LONG)


def test_deposit_up_to_the_most_cash_an_account_holds() -> None:
    most = replace(RENTED, cash_atoms=2**120 - 1 - 700 * ONE)
    assert consume(DEPOSIT, most).after.cash_atoms == 2**120 - 1
    with pytest.raises(ValueOutOfRange):
        consume(DEPOSIT, replace(most, cash_atoms=most.cash_atoms + 1))


WORDS: dict[QueueEntry, tuple[int, int, int, int, int]] = {
    DEPOSIT: (1, 700, OWNER, *KEY),
    FORCED_WITHDRAW: (4, 400, OWNER, 377, 0),
    FORCED_CANCEL_ALL: (5, 0, OWNER, 0, 0),
    FORCED_KEY_CHANGE: (6, 0, OWNER, *NEW_KEY),
    SET_TIER: (9, 6, 0, 0, 0),
}


@each_entry
def test_bridge_words_are_those_of_the_format(entry: QueueEntry) -> None:
    kind, amount, *others = WORDS[entry]
    word = 2 * 2**4 + amount * 2**25
    assert compute_bridge_words(entry, 0xC, True, 377) == (kind + word + 2**89, *others)
    failed = compute_bridge_words(entry, 0xC, False, 0)
    returned = 3 if entry == DEPOSIT else kind
    expected = [0 if value == 377 else value for value in others]
    assert failed == (returned + word, *expected)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Deposit, (2**21, 1, 1, KEY)),
        (Deposit, (-1, 1, 1, KEY)),
        (Deposit, (2, 2**64, 1, KEY)),
        (Deposit, (2, 1, 2**160, KEY)),
        (ForcedWithdraw, (2, 2**64, 1)),
        (ForcedWithdraw, (2, 1, 2**160)),
        (ForcedCancelAll, (2, 2**160)),
        (ForcedKeyChange, (2, 2**160, KEY)),
        (SetTier, (2, 2**64)),
    ],
)
def test_invalid_entry_that_the_base_layer_would_not_take(kind: type[QueueEntry], values: tuple[object, ...]) -> None:
    with pytest.raises(ValueOutOfRange):
        kind(*values)

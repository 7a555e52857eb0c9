"""Deposits and forced requests: one queue in the bytes of `verifier.queue_entries`, and what does not get in."""

from __future__ import annotations

from functools import cache

import pytest
from eth_utils.crypto import keccak

from rollup.field import R
from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, SetTier
from tests.verifier.rollup_scene import KEY, LIMITS, WINDOW_S, Scene, address_int, refuses
from verifier.base_layer import Receipt
from verifier.queue_entries import compute_head, encode_entry

USD = 10**6
DEPOSIT_E6 = 20 * USD
GAS_LIMIT = 120_000


def make_trade(scene: Scene, lots: int = 5) -> ForcedTrade:
    """A trade of user 3 (account 5) with user 4 (account 6)."""
    owners = address_int(scene.who[3]), address_int(scene.who[4])
    return ForcedTrade((5, 6), owners, 15, 1, lots, 2**48 - 1)


def force_trade(scene: Scene, trade: ForcedTrade) -> Receipt:
    terms = (trade.market, trade.side, trade.lots, trade.price_ticks)
    return scene.force(3, "forceTrade", *trade.accounts, scene.who[4], *terms)


@cache
def get_filled() -> tuple[Scene, dict[str, int]]:
    """Return a scene whose queue holds one entry of each kind, and what each cost."""
    scene = Scene()
    scene.deposit(4, 6, DEPOSIT_E6)  # the first ever finds every slot empty
    gas = {"deposit": scene.deposit(3, 2**21 - 1, DEPOSIT_E6, (R - 1, 0)).gas_used}
    gas["forced withdrawal"] = scene.force(3, "forceWithdrawal", 5, 2**64 - 1).gas_used
    gas["forced cancel all"] = scene.force(3, "forceCancelAll", 5).gas_used
    gas["forced key change"] = scene.force(3, "forceKeyChange", 5, 0, R - 1).gas_used
    trade = make_trade(scene)
    approve = scene.rollup.transact("approveTrade", keccak(encode_entry(trade)), True, sender=scene.who[4])
    gas["approve a trade"] = approve.gas_used
    gas["forced trade"] = force_trade(scene, trade).gas_used
    gas["set tier"] = scene.note(scene.rollup.transact("setTier", 7, 8, sender=scene.who[0])).gas_used
    scene.wait(WINDOW_S)
    gas["deposit, first of its window"] = scene.deposit(4, 6, DEPOSIT_E6).gas_used
    return scene, gas


def test_each_kind_of_entry_in_its_bytes_and_on_one_chain() -> None:
    scene, _ = get_filled()
    mine, other = address_int(scene.who[3]), address_int(scene.who[4])
    credited = DEPOSIT_E6 - LIMITS.deposit_fee_e6
    assert scene.queue == [
        Deposit(6, credited, other, KEY),
        Deposit(2**21 - 1, credited, mine, (R - 1, 0)),
        ForcedWithdraw(5, 2**64 - 1, mine),
        ForcedCancelAll(5, mine),
        ForcedKeyChange(5, mine, (0, R - 1)),
        make_trade(scene),
        SetTier(7, 8),
        Deposit(6, credited, other, KEY),
    ]
    for count in range(len(scene.queue) + 1):
        assert scene.rollup.call("queueHeads", count) == compute_head(scene.queue[:count])


def test_deposit_and_forced_requests_are_within_their_gas() -> None:
    assert max(get_filled()[1].values()) <= GAS_LIMIT


def test_deposit_moves_tokens_and_books_the_fee() -> None:
    scene = Scene()
    before = scene.balance_of(scene.who[3])
    scene.deposit(3, 5, DEPOSIT_E6)
    assert (before - scene.balance_of(scene.who[3]), scene.vault_e6) == (DEPOSIT_E6, DEPOSIT_E6)
    fee = LIMITS.deposit_fee_e6
    assert scene.get_owed() == {"queued": DEPOSIT_E6 - fee, "in_rollup": 0, "claimable": 0, "fees": fee}
    scene.rollup.transact("collectFees", scene.who[6], sender=scene.who[0])
    assert scene.vault_e6 == DEPOSIT_E6 - fee
    assert scene.get_owed()["fees"] == 0


def test_dust_deposit_flood_costs_its_minimum_and_leaves_forced_requests_open() -> None:
    scene = Scene()
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)  # a window begins
    with refuses(f"DepositBelowMinimum(gotE6={LIMITS.min_deposit_e6 - 1}, minimumE6={LIMITS.min_deposit_e6})"):
        scene.deposit(3, 5, LIMITS.min_deposit_e6 - 1)
    for _ in range(LIMITS.max_deposits):
        scene.deposit(3, 5, LIMITS.min_deposit_e6)
    with refuses("WindowFull("):
        scene.deposit(4, 6, DEPOSIT_E6)
    scene.force(4, "forceWithdrawal", 6, 1)  # a cap of their own
    assert scene.get_owed()["fees"] == LIMITS.max_deposits * LIMITS.deposit_fee_e6
    scene.wait(WINDOW_S)
    scene.deposit(4, 6, DEPOSIT_E6)


def test_forced_flood_costs_its_fee_and_leaves_deposits_open() -> None:
    scene = Scene()
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    for _ in range(LIMITS.max_forced):
        scene.force(3, "forceCancelAll", 5)
    with refuses("WindowFull("):
        scene.force(4, "forceCancelAll", 6)
    scene.deposit(4, 6, DEPOSIT_E6)
    collected = scene.evm.get_balance_wei(scene.rollup.address)
    assert collected == LIMITS.max_forced * LIMITS.forced_fee_wei
    scene.rollup.transact("collectWei", b"\x77" * 20, sender=scene.who[0])
    assert scene.evm.get_balance_wei(b"\x77" * 20) == collected


def test_governors_tiers_take_no_place_of_forced_requests() -> None:
    """They cost nothing: counted among forced requests they could fill every window and shut users in."""
    scene = Scene()
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    for tier in range(LIMITS.max_deposits):
        scene.note(scene.rollup.transact("setTier", 7, tier, sender=scene.who[0]))
    with refuses("WindowFull("):
        scene.rollup.transact("setTier", 7, 8, sender=scene.who[0])
    with refuses("WindowFull("):
        scene.deposit(3, 5, DEPOSIT_E6)
    for _ in range(LIMITS.max_forced):
        scene.force(3, "forceWithdrawal", 5, 1)
    with refuses("WindowFull("):
        scene.force(3, "forceWithdrawal", 5, 1)


def test_window_keeps_where_it_ended() -> None:
    scene = Scene()
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    scene.deposit(3, 5, DEPOSIT_E6)
    scene.force(3, "forceCancelAll", 5)
    assert scene.rollup.call("windows", scene.now_s // WINDOW_S) == (2, 1, 1)
    scene.wait(WINDOW_S)
    scene.force(3, "forceCancelAll", 5)
    assert scene.rollup.call("windows", scene.now_s // WINDOW_S) == (3, 0, 1)


@pytest.mark.parametrize(
    ("account", "amount_e6", "key", "reason"),
    [
        (2**21, DEPOSIT_E6, KEY, f"FieldTooLarge(value={2**21}, limit={2**21})"),
        (5, 2**64, KEY, f"FieldTooLarge(value={2**64}, limit={2**64})"),
        (5, DEPOSIT_E6, (R, 1), f"FieldTooLarge(value={R}, limit={R})"),
        (5, DEPOSIT_E6, (1, R), f"FieldTooLarge(value={R}, limit={R})"),
        (5, 10**12 + 1, KEY, "TransferFailed()"),
    ],
)
def test_invalid_deposit(account: int, amount_e6: int, key: tuple[int, int], reason: str) -> None:
    scene, _ = get_filled()
    with refuses(reason):
        scene.deposit(5, account, amount_e6, key)


def test_invalid_deposit_of_a_token_that_takes_a_fee() -> None:
    scene = Scene()
    scene.token.transact("misbehave", 1_000, False, False)
    with refuses(f"AmountNotExact(gotE6={DEPOSIT_E6 - DEPOSIT_E6 // 1_000}, expectedE6={DEPOSIT_E6})"):
        scene.deposit(3, 5, DEPOSIT_E6)


def test_deposit_of_a_token_that_returns_nothing() -> None:
    scene = Scene()
    scene.token.transact("misbehave", 0, True, False)
    scene.deposit(3, 5, DEPOSIT_E6)
    assert scene.vault_e6 == DEPOSIT_E6


def test_invalid_deposit_of_a_token_that_returns_false() -> None:
    scene = Scene()
    scene.token.transact("misbehave", 0, False, True)
    with refuses("TransferFailed()"):
        scene.deposit(3, 5, DEPOSIT_E6)


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        ("forceWithdrawal", (2**21, 1), f"FieldTooLarge(value={2**21}, limit={2**21})"),
        ("forceKeyChange", (5, R, 0), f"FieldTooLarge(value={R}, limit={R})"),
        ("forceTrade", (5, 6, b"\1" * 20, 16, 0, 1, 1), "FieldTooLarge(value=16, limit=16)"),
        ("forceTrade", (5, 6, b"\1" * 20, 0, 2, 1, 1), "FieldTooLarge(value=2, limit=2)"),
        ("forceTrade", (5, 6, bytes(20), 0, 0, 1, 1), "OwnerZero()"),
        ("forceTrade", (5, 2**21, b"\1" * 20, 0, 0, 1, 1), f"FieldTooLarge(value={2**21}, limit={2**21})"),
    ],
)
def test_invalid_forced_request(function: str, args: tuple[object, ...], reason: str) -> None:
    with refuses(reason):
        get_filled()[0].force(3, function, *args)


@pytest.mark.parametrize("fee_wei", [0, LIMITS.forced_fee_wei - 1, LIMITS.forced_fee_wei + 1])
def test_invalid_forced_request_with_another_fee(fee_wei: int) -> None:
    scene, _ = get_filled()
    with refuses(f"FeeWrong(gotWei={fee_wei}, expectedWei={LIMITS.forced_fee_wei})"):
        scene.rollup.transact("forceCancelAll", 5, sender=scene.who[3], value_wei=fee_wei)


def test_invalid_forced_trade_without_the_other_owner() -> None:
    scene = Scene()
    trade = make_trade(scene)
    with refuses("TradeNotApproved("):
        force_trade(scene, trade)
    scene.rollup.transact("approveTrade", keccak(encode_entry(trade)), True, sender=scene.who[4])
    with refuses("TradeNotApproved("):  # other terms
        force_trade(scene, make_trade(scene, lots=6))
    force_trade(scene, trade)
    with refuses("TradeNotApproved("):  # one approval, one trade
        force_trade(scene, trade)
    for is_approved in (True, False):
        scene.rollup.transact("approveTrade", keccak(encode_entry(trade)), is_approved, sender=scene.who[4])
    with refuses("TradeNotApproved("):  # taken back
        force_trade(scene, trade)


def test_invalid_tier_by_another_than_the_governor() -> None:
    scene, _ = get_filled()
    with refuses("NotAllowed("):
        scene.rollup.transact("setTier", 7, 8, sender=scene.who[3])

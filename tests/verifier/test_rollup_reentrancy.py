"""Every call that anybody may make, made from within a transfer of the token: refused, and the outer call is whole."""

from __future__ import annotations

import pytest

from tests.verifier.rollup_hooks import get_hook_error, set_hook
from tests.verifier.rollup_scene import DAY_S, KEY, LIMITS, WINDOW_S, Scene, pay, record, refuses
from tests.verifier.test_rollup_exit import EXIT_WINDOW_S, make_frozen
from verifier.payment_tree import find_path
from verifier.queue_entries import compute_head, encode_entry
from verifier.rollup_contract import encode_opening, flatten_inputs, hash_inputs, list_payments

USD = 10**6
ROLE_CALLS = {"settle", "commitGroup", "collectFees", "collectWei"}  # by sequencer or governor, who is no token


def test_every_call_from_within_a_claim_is_refused() -> None:
    """The token calls while its claim is under way: no state is half changed, and no other call gets in."""
    scene = Scene()
    scene.deposit(3, 5, 90 * USD)
    proved = scene.make_group(record(0, 1) + b"".join(pay(1 + i, 5, 7 * USD, scene.who[3]) for i in range(5)))
    scene.settle(proved)
    payments = list_payments(proved.committed)
    pending = scene.make_group(b"")
    (event,) = scene.rollup.decode_events(
        "GroupCommitted",
        scene.rollup.transact("commitGroup", 0, pending.batches, sender=scene.who[1], blobs=[pending.blob]).logs,
    )
    encoded, claimed = event["record"], (0, 4, scene.who[3], 7 * USD, find_path(payments, 4))
    proving = (encoded, hash_inputs(pending.inputs), 0, flatten_inputs(pending.inputs), pending.claims)
    calls: dict[str, tuple[object, ...]] = {
        "claim": claimed,
        "deposit": (5, 20 * USD, *KEY),
        "proveBatches": proving,
        "finishGroup": (encoded, encode_opening(pending.opening)),
        "freeze": (scene.now_s // WINDOW_S,),
        "refundDeposit": (0, bytes(96)),
        "registerExit": (5, scene.who[3], 1, bytes(256)),
        "payExit": (5,),
    }
    before = scene.balance_of(scene.who[3])
    for index, (name, args) in enumerate(calls.items()):
        set_hook(scene, name, *args)
        if index < 4:
            scene.rollup.transact("claim", 0, index, scene.who[3], 7 * USD, find_path(payments, index))
        else:
            scene.deposit(4, 6, 20 * USD)
        assert get_hook_error(scene) == "Reentered", name
    assert scene.balance_of(scene.who[3]) - before == 4 * 7 * USD
    assert scene.rollup.call("isClaimed", 0, 4) is False
    assert scene.vault_e6 == sum(scene.get_owed().values())


@pytest.mark.parametrize("name", sorted(ROLE_CALLS))
def test_call_of_a_role_from_within_a_transfer_is_refused(name: str) -> None:
    """By the lock, which comes before the role: a token that were sequencer or governor would get no further."""
    scene = Scene()
    proved = scene.make_group(b"")
    calls: dict[str, tuple[object, ...]] = {
        "settle": (0, proved.batches, proved.claims, encode_opening(proved.opening)),
        "commitGroup": (0, proved.batches),
        "collectFees": (scene.who[6],),
        "collectWei": (scene.who[6],),
    }
    set_hook(scene, name, *calls[name])
    scene.deposit(3, 5, 20 * USD)
    assert get_hook_error(scene) == "Reentered"
    assert scene.vault_e6 == sum(scene.get_owed().values()) == 20 * USD


def test_forced_request_from_within_a_deposit_stands_before_it() -> None:
    """It has no lock: it moves no token. The chain and the window count both."""
    scene = Scene(limits=LIMITS._replace(forced_fee_wei=0))
    set_hook(scene, "forceCancelAll", 5)
    scene.deposit(3, 5, 20 * USD)
    assert [type(entry).__name__ for entry in scene.queue] == ["ForcedCancelAll", "Deposit"]
    assert scene.rollup.call("queueHeads", 2) == compute_head(scene.queue)
    assert scene.rollup.call("windows", scene.now_s // WINDOW_S) == (2, 1, 1)


def test_reentrant_refund_pays_once() -> None:
    frozen = make_frozen()
    scene, deposit = frozen.scene, encode_entry(frozen.unserved[0])
    set_hook(scene, "refundDeposit", 4, deposit)
    before = scene.vault_e6
    scene.rollup.transact("refundDeposit", 4, deposit, sender=scene.who[6])
    assert get_hook_error(scene) == "Reentered"
    assert before - scene.vault_e6 == 50 * USD


def test_reentrant_exit_pays_once_and_lets_nothing_else_in() -> None:
    """A refund or claim within the first payment would find the pool half fixed; another exit, the same one unpaid."""
    frozen = make_frozen()
    scene = frozen.scene
    for account in (5, 6):
        frozen.register(account, scene.who[account - 2], 10 * USD)
    scene.wait(EXIT_WINDOW_S + 1)
    set_hook(scene, "payExit", 5)
    assert frozen.pay(5, scene.who[3]) == 10 * USD
    assert get_hook_error(scene) == "Reentered"
    set_hook(scene, "refundDeposit", 4, encode_entry(frozen.unserved[0]))
    assert frozen.pay(6, scene.who[4]) == 10 * USD
    assert get_hook_error(scene) == "Reentered"


def test_exits_to_receivers_that_refuse_hold_up_nobody() -> None:
    """An exit, a refund and the fund's share to addresses that the token does not pay: each waits, no other does."""
    frozen = make_frozen()
    scene = frozen.scene
    blocked = (scene.who[0], scene.who[3], scene.who[4])
    for account, owner in ((5, scene.who[3]), (7, scene.who[5]), (0, bytes(20))):
        frozen.register(account, owner, 10 * USD)
    for address in blocked:
        scene.token.transact("setBlocked", address, True)
    scene.wait(EXIT_WINDOW_S + 1)
    refund = (4, encode_entry(frozen.unserved[0]))
    for function, args in (("payExit", (5,)), ("payExit", (0,)), ("refundDeposit", refund)):
        with refuses("TransferFailed()"):
            scene.rollup.transact(function, *args, sender=scene.who[6])
    assert frozen.pay(7, scene.who[5]) == 10 * USD
    for address in blocked:
        scene.token.transact("setBlocked", address, False)
    assert (frozen.pay(5, scene.who[3]), frozen.pay(0, scene.who[0])) == (10 * USD, 10 * USD)
    scene.rollup.transact("refundDeposit", *refund, sender=scene.who[6])


def test_claim_while_frozen_after_exits_were_paid_is_still_covered() -> None:
    """What was proved before stands before the exits, whenever it is claimed, also where the vault is short."""
    frozen = make_frozen()
    scene = frozen.scene
    scene.token.transact("burn", scene.rollup.address, 150 * USD)
    frozen.register(5, scene.who[3], 300 * USD)
    scene.wait(EXIT_WINDOW_S + 30 * DAY_S)
    paid = frozen.pay(5, scene.who[3])
    assert paid == 150 * USD + 5 * LIMITS.deposit_fee_e6
    payment = (0, 0, scene.who[3], 40 * USD)
    scene.rollup.transact("claim", *payment, [], sender=scene.who[6])
    scene.rollup.transact("refundDeposit", 4, encode_entry(frozen.unserved[0]), sender=scene.who[6])
    assert scene.vault_e6 == 0

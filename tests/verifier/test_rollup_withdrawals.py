"""Claims: once, by a path, to the owner; nobody waits for anybody. Malicious tokens reenter and get nowhere."""

from __future__ import annotations

from functools import cache

import pytest

from tests.verifier.rollup_hooks import get_hook_error, set_hook
from tests.verifier.rollup_scene import LIMITS, Scene, address_int, pay, record, refuses
from verifier.base_layer import Receipt
from verifier.bridge import Payment
from verifier.payment_tree import find_path, hash_payment
from verifier.rollup_contract import list_payments

USD = 10**6
GAS_LIMIT = 120_000
HELD_E6 = 90 * USD - LIMITS.deposit_fee_e6


@cache
def get_settled() -> tuple[Scene, tuple[Payment, ...]]:
    """Return a scene with five payments of two batches to claim; tests share it and take one each."""
    scene = Scene()
    scene.deposit(3, 5, 90 * USD)
    first = record(0, 1) + b"".join(pay(1 + i, 5, (i + 1) * USD, scene.who[3 + i % 2]) for i in range(3))
    proved = scene.make_group(first, pay(0, 5, 9 * USD, scene.who[5]) + pay(5, 5, 11 * USD, scene.who[6]))
    scene.settle(proved)
    return scene, list_payments(proved.committed)


def claim(scene: Scene, payments: tuple[Payment, ...], which: int, **changes: object) -> Receipt:
    """Claim a payment of group 0, as a stranger."""
    args = {
        "group": 0,
        "index": which,
        "owner": payments[which].owner.to_bytes(20, "big"),
        "amount_e6": payments[which].amount_e6,
        "path": find_path(payments, which),
    } | changes
    return scene.rollup.transact("claim", *args.values(), sender=scene.who[2])


def test_claim_pays_the_owner_whoever_asks_and_only_once() -> None:
    scene, payments = get_settled()
    before, owed = scene.balance_of(scene.who[3]), scene.get_owed()["claimable"]
    receipt = claim(scene, payments, 0)
    assert scene.balance_of(scene.who[3]) - before == payments[0].amount_e6 == USD
    assert owed - scene.get_owed()["claimable"] == USD
    assert receipt.gas_used <= GAS_LIMIT
    event = {"group": 0, "index": 0, "owner": f"0x{payments[0].owner:040x}", "amountE6": USD}
    assert scene.rollup.decode_events("Claimed", receipt.logs) == [event]
    assert [scene.rollup.call("isClaimed", 0, index) for index in (0, 1)] == [True, False]
    with refuses("AlreadyClaimed(group=0, index=0)"):
        claim(scene, payments, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_e6": 2 * USD + 1},
        {"owner": b"\1" * 20},
        {"index": 2},
        {"index": 1 + 2**8},
        {"path": []},
        {"group": 1},
    ],
)
def test_invalid_claim(changes: dict[str, object]) -> None:
    scene, payments = get_settled()
    with refuses("PathWrong("):
        claim(scene, payments, 1, **changes)


def test_invalid_claim_of_an_inner_node() -> None:
    """A leaf has 96 bytes, a node 64: what is inside the tree is no payment."""
    scene, payments = get_settled()
    path = find_path(payments, 1)
    with refuses("PathWrong("):
        claim(scene, payments, 1, path=path[1:])
    with refuses("PathWrong("):
        claim(scene, payments, 1, path=[hash_payment(1, payments[1]), *path])


def test_withdrawal_to_a_receiver_that_refuses_holds_up_nobody() -> None:
    scene, payments = get_settled()
    scene.token.transact("setBlocked", scene.who[5], True)
    with refuses("TransferFailed()"):
        claim(scene, payments, 3)
    claim(scene, payments, 4)
    scene.settle(scene.make_group(b""))
    scene.token.transact("setBlocked", scene.who[5], False)
    claim(scene, payments, 3)


def test_reentrant_claim_is_refused_and_the_outer_one_pays_once() -> None:
    scene = Scene()
    scene.deposit(3, 5, 90 * USD)
    proved = scene.make_group(record(0, 1) + pay(1, 5, 7 * USD, scene.who[3]))
    scene.settle(proved)
    payments = list_payments(proved.committed)
    set_hook(scene, "claim", 0, 0, scene.who[3], 7 * USD, find_path(payments, 0))
    before = scene.balance_of(scene.who[3])
    claim(scene, payments, 0)
    assert get_hook_error(scene) == "Reentered"
    assert scene.balance_of(scene.who[3]) - before == 7 * USD


def test_reentrant_deposit_is_refused() -> None:
    """A deposit within a deposit would be counted in both balances."""
    scene = Scene()
    scene.token.transact("mint", scene.token.address, 90 * USD)
    set_hook(scene, "deposit", 5, 20 * USD, 1, 1)
    scene.deposit(3, 5, 20 * USD)
    assert get_hook_error(scene) == "Reentered"
    assert len(scene.queue) == 1
    assert scene.vault_e6 == 20 * USD == sum(scene.get_owed().values())


def test_reentrant_freeze_within_a_deposit_is_refused() -> None:
    """What came in after the freeze would never be consumed, and no deadline would be its own."""
    scene = Scene()
    scene.deposit(3, 5, 20 * USD)
    window = scene.now_s // scene.rollup.call("windowS")
    scene.wait(10 * 86_400)
    set_hook(scene, "freeze", window)
    scene.deposit(3, 5, 20 * USD)
    assert get_hook_error(scene) == "Reentered"
    assert scene.rollup.call("frozenAtS") == 0


def test_claim_while_paused() -> None:
    scene = Scene()
    scene.deposit(3, 5, 90 * USD)
    proved = scene.make_group(record(0, 0))
    scene.settle(proved)
    scene.rollup.transact("pause", sender=scene.who[2])
    payments = list_payments(proved.committed)
    assert payments == (Payment(address_int(scene.who[3]), HELD_E6),)
    claim(scene, payments, 0)
    assert scene.get_owed()["claimable"] == 0

"""Freeze and exit, end to end: who may freeze when, what goes back, who is paid what of a vault that is short."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rollup.exit import pack_claim
from tests.verifier.rollup_scene import (
    DAY_S,
    EXIT_SETUP,
    LIMITS,
    WINDOW_S,
    Scene,
    address_int,
    pay,
    prove,
    record,
    refuses,
)
from tests.verifier.rollup_steps import commit, finish, prove_run
from verifier.base_layer import Receipt
from verifier.payment_tree import find_path
from verifier.queue_entries import Entry, encode_entry
from verifier.rollup_contract import list_payments

USD = 10**6
FEE_E6 = LIMITS.deposit_fee_e6
FORCED_DEADLINE_S, EXIT_WINDOW_S = 3 * DAY_S, 7 * DAY_S
GAS_LIMIT_EXIT = 400_000


@dataclass
class Frozen:
    """A frozen rollup: 300 USD in accounts, 40 claimable, a deposit of 50 and a forced request never served."""

    scene: Scene
    root: int
    unserved: tuple[Entry, ...]
    window: int

    def register(self, account: int, owner: bytes, claim_e6: int, *, proof: bytes | None = None) -> Receipt:
        """Register an exit with a proof that holds for it, unless another is given."""
        inputs = [self.root, address_int(owner), pack_claim(account, claim_e6)]
        proof = prove(EXIT_SETUP, inputs) if proof is None else proof
        return self.scene.rollup.transact("registerExit", account, owner, claim_e6, proof, sender=self.scene.who[6])

    def pay(self, account: int, owner: bytes) -> int:
        """Pay an exit as a stranger and return what the owner got."""
        before = self.scene.balance_of(owner)
        self.scene.rollup.transact("payExit", account, sender=self.scene.who[6])
        return self.scene.balance_of(owner) - before


def make_unserved() -> tuple[Scene, int, tuple[Entry, ...]]:
    """Return a scene, the window of a deposit that nobody serves, and the entries from there on."""
    scene = Scene()
    for user in (3, 4, 5):
        scene.deposit(user, user + 2, 100 * USD + FEE_E6)
    scene.deposit(3, 2**20, 40 * USD + FEE_E6)  # comes back
    paid = record(0, 1) + record(1, 1) + record(2, 1) + record(3, 0)
    scene.settle(scene.make_group(paid))
    scene.wait(WINDOW_S)
    scene.deposit(4, 6, 50 * USD + FEE_E6)
    window = scene.now_s // WINDOW_S
    scene.force(3, "forceWithdrawal", 5, 10 * USD)
    return scene, window, tuple(scene.queue[4:])


def make_frozen() -> Frozen:
    scene, window, unserved = make_unserved()
    scene.wait(FORCED_DEADLINE_S + WINDOW_S)
    scene.rollup.transact("freeze", window, sender=scene.who[6])
    return Frozen(scene, scene.rollup.call("stateRoot"), unserved, window)


def test_freeze_at_the_deadline_and_not_before() -> None:
    scene, window, _ = make_unserved()
    due_s = (window + 1) * WINDOW_S + FORCED_DEADLINE_S
    for at_s in (due_s - 1, due_s):
        scene.evm.set_next_timestamp(at_s)
        with refuses(f"NotOverdue(window={window})"):
            scene.rollup.transact("freeze", window, sender=scene.who[6])
    scene.rollup.transact("freeze", window, sender=scene.who[6])
    assert scene.rollup.call("frozenAtS") == scene.now_s
    with refuses("IsFrozen()"):
        scene.rollup.transact("freeze", window, sender=scene.who[6])


def test_invalid_freeze_of_what_was_served_or_never_came() -> None:
    scene, window, _ = make_unserved()
    scene.settle(scene.make_group(record(0, 1) + record(1, 1) + bytes(8)))  # applied, and nothing was free
    scene.wait(FORCED_DEADLINE_S + WINDOW_S)
    for of_window in (window, window - 1, window + 1, 0):
        with refuses(f"NotOverdue(window={of_window})"):
            scene.rollup.transact("freeze", of_window, sender=scene.who[6])


def test_forced_request_alone_freezes_too_and_a_pause_does_not_help() -> None:
    scene = Scene()
    scene.force(3, "forceWithdrawal", 5, USD)
    window = scene.now_s // WINDOW_S
    scene.rollup.transact("pause", sender=scene.who[2])
    scene.wait(FORCED_DEADLINE_S + WINDOW_S)
    scene.rollup.transact("freeze", window, sender=scene.who[6])


def test_frozen_rollup_settles_nothing_and_drops_the_group_that_waited() -> None:
    scene, window, _ = make_unserved()
    scene.wait(FORCED_DEADLINE_S + WINDOW_S - 60)
    pending = scene.make_group(record(0, 1))
    encoded = commit(scene, pending)
    prove_run(scene, pending, encoded, 0, 1)
    scene.wait(120)
    root = scene.rollup.call("stateRoot")
    scene.rollup.transact("freeze", window, sender=scene.who[6])
    assert scene.rollup.call("pendingHash") == bytes(32)
    assert scene.rollup.call("progress")[5] == 0
    for attempt in (
        lambda: finish(scene, pending, encoded),
        lambda: prove_run(scene, pending, encoded, 0, 1),
        lambda: commit(scene, pending),
        lambda: scene.settle(pending),
        lambda: scene.deposit(3, 5, 20 * USD),
        lambda: scene.force(3, "forceCancelAll", 5),
        lambda: scene.rollup.transact("setTier", 5, 1, sender=scene.who[0]),
        lambda: scene.rollup.transact("collectFees", scene.who[0], sender=scene.who[0]),
    ):
        with refuses("IsFrozen()"):
            attempt()
    assert scene.rollup.call("stateRoot") == root


def test_unconsumed_deposits_go_back_once_and_nothing_else_does() -> None:
    frozen = make_frozen()
    scene, (deposit, forced) = frozen.scene, frozen.unserved
    before = scene.balance_of(scene.who[4])
    scene.rollup.transact("refundDeposit", 4, encode_entry(deposit), sender=scene.who[6])
    assert scene.balance_of(scene.who[4]) - before == 50 * USD
    assert scene.get_owed()["queued"] == 0
    with refuses("AlreadyRefunded(index=4)"):
        scene.rollup.transact("refundDeposit", 4, encode_entry(deposit), sender=scene.who[6])
    consumed, changed = encode_entry(scene.queue[0]), encode_entry(deposit)[:-1] + b"\x0d"
    for index, entry in (
        (0, consumed),
        (5, encode_entry(forced)),
        (4, changed),
        (6, changed),
        (5, encode_entry(deposit)),
    ):
        with refuses(f"NotQueuedDeposit(index={index})"):
            scene.rollup.transact("refundDeposit", index, entry, sender=scene.who[6])


def test_whole_vault_pays_everyone_in_full_and_fund_and_treasury_with_them() -> None:
    frozen = make_frozen()
    scene = frozen.scene
    governor = scene.who[0]
    claims = {5: (scene.who[3], 120 * USD), 6: (scene.who[4], 80 * USD), 7: (scene.who[5], 60 * USD)}
    gas = [frozen.register(account, owner, claim).gas_used for account, (owner, claim) in claims.items()]
    assert max(gas) <= GAS_LIMIT_EXIT
    frozen.register(0, bytes(20), 25 * USD)
    frozen.register(1, bytes(20), 15 * USD)
    scene.wait(EXIT_WINDOW_S + 1)
    assert frozen.pay(1, governor) == 15 * USD  # first come, and still last served: it is what remains
    for account, (owner, claim) in claims.items():
        assert frozen.pay(account, owner) == claim
    assert frozen.pay(0, governor) == 25 * USD
    settle_rest(frozen)
    assert scene.vault_e6 == 5 * FEE_E6


def settle_rest(frozen: Frozen) -> None:
    """Refund the deposit and claim the payment: both stand before the exits."""
    scene = frozen.scene
    scene.rollup.transact("refundDeposit", 4, encode_entry(frozen.unserved[0]), sender=scene.who[6])
    owner, amount_e6 = scene.who[3], 40 * USD
    scene.rollup.transact("claim", 0, 0, owner, amount_e6, [], sender=scene.who[6])
    assert scene.get_owed()["queued"] == scene.get_owed()["claimable"] == 0


def test_short_vault_pays_each_the_same_share_and_fund_and_treasury_nothing() -> None:
    frozen = make_frozen()
    scene = frozen.scene
    scene.token.transact("burn", scene.rollup.address, 140 * USD)  # say, seized by the token's issuer
    pool_e6 = scene.vault_e6 - 40 * USD - 50 * USD
    claims = {5: (scene.who[3], 120 * USD + 1), 6: (scene.who[4], 80 * USD), 7: (scene.who[5], 100 * USD)}
    for account, (owner, claim) in claims.items():
        frozen.register(account, owner, claim)
    frozen.register(0, bytes(20), 25 * USD)
    scene.wait(EXIT_WINDOW_S + 1)
    total_e6 = sum(claim for _, claim in claims.values())
    assert pool_e6 < total_e6
    assert frozen.pay(0, scene.who[0]) == 0
    settle_rest(frozen)  # in full, and in between: the pool stays as it was fixed
    for account, (owner, claim) in claims.items():
        assert frozen.pay(account, owner) == claim * pool_e6 // total_e6
    assert 0 <= scene.vault_e6 < len(claims)  # dust of the floors


def test_vault_that_covers_no_more_than_what_stands_before_exits_pays_them_nothing() -> None:
    frozen = make_frozen()
    scene = frozen.scene
    scene.token.transact("burn", scene.rollup.address, scene.vault_e6 - 90 * USD + 1)
    frozen.register(5, scene.who[3], 100 * USD)
    scene.wait(EXIT_WINDOW_S + 1)
    assert frozen.pay(5, scene.who[3]) == 0


def test_fund_and_treasury_share_what_remains() -> None:
    frozen = make_frozen()
    scene = frozen.scene
    scene.token.transact("burn", scene.rollup.address, 180 * USD + 5 * FEE_E6)
    frozen.register(5, scene.who[3], 100 * USD)
    frozen.register(0, bytes(20), 60 * USD)
    frozen.register(1, bytes(20), 20 * USD)
    scene.wait(EXIT_WINDOW_S + 1)
    assert [frozen.pay(a, o) for a, o in ((5, scene.who[3]), (0, scene.who[0]), (1, scene.who[0]))] == [
        100 * USD,
        15 * USD,
        5 * USD,
    ]


@pytest.mark.parametrize("account", [5, 0])
def test_invalid_exit_twice(account: int) -> None:
    frozen = make_frozen()
    scene = frozen.scene
    owner = scene.who[3] if account else bytes(20)
    with refuses(f"NothingRegistered(account={account})"):
        frozen.register(account, owner, 0)
    frozen.register(account, owner, 100 * USD)
    with refuses(f"AlreadyRegistered(account={account})"):
        frozen.register(account, owner, 100 * USD)
    until_s = scene.rollup.call("frozenAtS") + EXIT_WINDOW_S
    scene.evm.set_next_timestamp(until_s)
    with refuses(f"RegistrationOpen(untilS={until_s})"):
        frozen.pay(account, scene.who[3])
    with refuses(f"RegistrationClosed(untilS={until_s})"):
        frozen.register(6, scene.who[4], 1)
    paid_to = scene.who[3] if account else scene.who[0]
    assert frozen.pay(account, paid_to) == 100 * USD
    with refuses(f"AlreadyPaid(account={account})"):
        frozen.pay(account, paid_to)
    with refuses("NothingRegistered(account=6)"):
        frozen.pay(6, scene.who[4])


def test_invalid_exit_proofs() -> None:
    frozen = make_frozen()
    scene = frozen.scene
    owner, claim_e6 = scene.who[3], 100 * USD
    good = [frozen.root, address_int(owner), pack_claim(5, claim_e6)]
    proof = prove(EXIT_SETUP, good)
    for account, to, amount_e6 in ((6, owner, claim_e6), (5, scene.who[4], claim_e6), (5, owner, claim_e6 + 1)):
        with refuses("EquationFails()"):
            frozen.register(account, to, amount_e6, proof=proof)
    with refuses("EquationFails()"):  # of another state
        frozen.register(5, owner, claim_e6, proof=prove(EXIT_SETUP, [frozen.root + 1, *good[1:]]))
    for account, amount_e6 in ((2**21, 1), (5, 2**86)):
        with refuses("NotCanonical("):
            scene.rollup.transact("registerExit", account, owner, amount_e6, proof, sender=scene.who[6])
    frozen.register(5, owner, claim_e6, proof=proof)


def test_invalid_exit_while_the_rollup_runs() -> None:
    scene = Scene()
    for function, args in (
        ("registerExit", (5, scene.who[3], 1, bytes(256))),
        ("payExit", (5,)),
        ("refundDeposit", (0, bytes(96))),
    ):
        with refuses("NotFrozen()"):
            scene.rollup.transact(function, *args, sender=scene.who[6])


def test_claim_while_frozen_of_a_withdrawal_proved_before() -> None:
    scene = Scene()
    scene.deposit(3, 5, 100 * USD)
    proved = scene.make_group(record(0, 1) + pay(1, 5, 30 * USD, scene.who[3]))
    scene.settle(proved)
    scene.force(3, "forceCancelAll", 5)
    window = scene.now_s // WINDOW_S
    scene.wait(FORCED_DEADLINE_S + WINDOW_S)
    scene.rollup.transact("freeze", window)
    payments = list_payments(proved.committed)
    scene.rollup.transact("claim", 0, 0, scene.who[3], 30 * USD, find_path(payments, 0))
    assert scene.get_owed()["claimable"] == 0

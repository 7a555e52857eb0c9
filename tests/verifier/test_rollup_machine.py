"""Random sequences of calls against the model: same errors, same balances, and the vault is what is owed, always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rollup.exit import pack_claim
from rollup.txs import Deposit, ForcedCancelAll, ForcedWithdraw
from tests.verifier.rollup_model import EXIT_WINDOW_S, FORCED_DEADLINE_S, Model, Moves, Refused
from tests.verifier.rollup_scene import (
    EXIT_SETUP,
    KEY,
    LIMITS,
    N_LANES,
    WINDOW_S,
    ProvedGroup,
    Scene,
    address_int,
    pay,
    prove,
    record,
    refuses,
)
from tests.verifier.test_rollup_groups import commit, finish, prove_run
from verifier.bridge import Payment
from verifier.payment_tree import find_path
from verifier.queue_entries import compute_head, encode_entry
from verifier.rollup_contract import list_payments

USD = 10**6
USERS = (3, 4, 5)
SEEN: Counter[str] = Counter()  # outcomes of all runs, so that a machine that does nothing is noticed


class Machine(RuleBasedStateMachine):
    """One contract and one model."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.scene.wait(WINDOW_S - self.scene.now_s % WINDOW_S)
        who = [address_int(address) for address in self.scene.who]
        self.governor = who[0]
        self.model = Model({address: self.scene.balance_of(address.to_bytes(20, "big")) for address in who})
        self.group: tuple[ProvedGroup, bytes] | None = None

    def both(self, name: str, model: Callable[[], None], contract: Callable[[], object]) -> bool:
        """Do it in both; they agree on success or on the error."""
        self.scene.evm.set_next_timestamp(self.next_s)
        try:
            model()
        except Refused as refused:
            expected = str(refused)
        else:
            contract()
            SEEN[name] += 1
            return True
        SEEN[f"{name}: {expected}"] += 1
        with refuses(f"{expected}("):
            contract()
        return False

    @property
    def next_s(self) -> int:
        """When the next call's block comes."""
        return self.scene.now_s + 12

    def do_deposit(self, user: int, amount_e6: int) -> None:
        entry = Deposit(user + 2, amount_e6, address_int(self.scene.who[user]), KEY)
        self.both(
            "deposit",
            lambda: self.model.deposit(entry, self.next_s),
            lambda: self.scene.deposit(user, user + 2, amount_e6),
        )

    def do_force(self, user: int, asks: bool) -> None:
        owner = address_int(self.scene.who[user])
        if asks:
            entry: ForcedWithdraw | ForcedCancelAll = ForcedWithdraw(user + 2, 9 * USD, owner)
            args: tuple[object, ...] = ("forceWithdrawal", user + 2, 9 * USD)
        else:
            entry, args = ForcedCancelAll(user + 2, owner), ("forceCancelAll", user + 2)
        self.both(
            "force",
            lambda: self.model.force(entry, self.next_s),
            lambda: self.scene.force(user, str(args[0]), *args[1:]),
        )

    def draw_group(self, data: st.DataObject, n_batches: int) -> tuple[ProvedGroup, Moves]:
        """Return a group that consumes some entries and pays somebody, perhaps more than there is."""
        waiting = self.scene.queue[self.model.n_consumed :]
        n_entries = data.draw(st.integers(0, min(len(waiting), (N_LANES - 2) * n_batches)), "entries")
        outcomes = [data.draw(st.booleans(), "applied") for _ in range(n_entries)]
        applied = sum(e.amount_e6 for e, ok in zip(waiting, outcomes, strict=False) if ok and isinstance(e, Deposit))
        held = self.model.in_rollup_e6 + applied
        amount_e6 = data.draw(st.sampled_from([0, held // 3, held // 3, held, held + 1]), "paid")
        paid = applied_e6 = returned_e6 = 0
        calldatas = []
        cuts = [n_entries * i // n_batches for i in range(n_batches + 1)]
        for batch, (first, end) in enumerate(pairwise(cuts)):
            calldata = b""
            for lane, k in enumerate(range(first, end)):
                entry, ok = waiting[k], outcomes[k]
                if isinstance(entry, ForcedWithdraw) and ok:
                    calldata += record(lane, 1, (1, 8))
                    paid += 1
                else:
                    calldata += record(lane, int(ok))
                if isinstance(entry, Deposit):
                    applied_e6, returned_e6 = (
                        applied_e6 + ok * entry.amount_e6,
                        returned_e6 + (not ok) * entry.amount_e6,
                    )
            if batch == 0 and amount_e6:
                calldata += pay(N_LANES - 1, 5, amount_e6, self.scene.who[USERS[amount_e6 % 3]])
                paid += amount_e6
            calldatas.append(calldata)
        proved = self.scene.make_group(*calldatas)
        return proved, Moves(n_entries, applied_e6, returned_e6, paid, list_payments(proved.committed))

    @precondition(lambda self: any(self.model.payments.values()))
    @rule(data=st.data(), more_e6=st.sampled_from([0, 0, 0, 1]))
    def claim(self, data: st.DataObject, more_e6: int) -> None:
        groups = [group for group, payments in self.model.payments.items() if payments]
        group = data.draw(st.sampled_from(groups), "group")
        payments = self.model.payments[group]
        index = data.draw(st.integers(0, len(payments) - 1), "index")
        payment = Payment(payments[index].owner, payments[index].amount_e6 + more_e6)
        args = (group, index, payment.owner.to_bytes(20, "big"), payment.amount_e6, find_path(payments, index))
        self.both(
            "claim",
            lambda: self.model.claim(group, index, payment),
            lambda: self.scene.rollup.transact("claim", *args, sender=self.scene.who[6]),
        )

    def do_settle(self, data: st.DataObject) -> None:
        proved, moves = self.draw_group(data, 1)
        self.both("settle", lambda: self.model.settle(moves, self.next_s), lambda: self.scene.settle(proved))

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Three deposits, and a group that takes some of them in and pays somebody."""
        for user in USERS:
            self.do_deposit(user, 77 * USD + 5)
        self.do_settle(data)

    @invariant()
    def owes_what_the_model_owes(self) -> None:
        model, scene = self.model, self.scene
        assert tuple(scene.get_owed().values()) == model.owed
        assert scene.vault_e6 == model.vault_e6
        assert [scene.balance_of(a.to_bytes(20, "big")) for a in model.balances] == list(model.balances.values())

    @invariant()
    def queue_is_the_models(self) -> None:
        assert self.scene.queue == self.model.queue
        consumed, entry_count = self.scene.rollup.call("progress")[2:4]
        assert (consumed, entry_count) == (self.model.n_consumed, len(self.model.queue))
        assert self.scene.rollup.call("queueHeads", entry_count) == compute_head(self.model.queue)


class RunningMachine(Machine):
    """Everything up to a freeze."""

    @rule(user=st.sampled_from(USERS), amount_e6=st.sampled_from([LIMITS.min_deposit_e6 - 1, 10 * USD, 77 * USD + 5]))
    def deposit(self, user: int, amount_e6: int) -> None:
        self.do_deposit(user, amount_e6)

    @rule(user=st.sampled_from(USERS), asks=st.booleans())
    def force(self, user: int, asks: bool) -> None:
        self.do_force(user, asks)

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        self.do_settle(data)

    @rule(data=st.data(), n_batches=st.integers(1, 2))
    def commit(self, data: st.DataObject, n_batches: int) -> None:
        proved, moves = self.draw_group(data, n_batches)
        records: list[bytes] = []
        if self.both(
            "commit",
            lambda: self.model.commit(moves, n_batches, self.next_s),
            lambda: records.append(commit(self.scene, proved)),
        ):
            self.group = proved, records[0]

    @precondition(lambda self: self.group is not None)
    @rule(batch=st.integers(0, 1))
    def prove(self, batch: int) -> None:
        assert self.group is not None
        proved, encoded = self.group
        batch %= len(proved.proofs)
        self.both("prove", lambda: self.model.prove(batch), lambda: prove_run(self.scene, proved, encoded, batch, 1))

    @precondition(lambda self: self.group is not None)
    @rule()
    def finish(self) -> None:
        assert self.group is not None
        proved, encoded = self.group
        self.both("finish", self.model.finish, lambda: finish(self.scene, proved, encoded))

    @precondition(lambda self: self.model.fees_e6 > 0)
    @rule()
    def collect_fees(self) -> None:
        who = self.scene.who[0]
        self.both(
            "collect fees",
            lambda: self.model.collect_fees(self.governor),
            lambda: self.scene.rollup.transact("collectFees", who, sender=who),
        )

    @precondition(lambda self: self.model.is_paused or self.model.n_groups > 2)
    @rule(is_paused=st.sampled_from([False, False, True]))
    def pause(self, is_paused: bool) -> None:
        self.scene.rollup.transact("pause" if is_paused else "unpause", sender=self.scene.who[0])
        self.model.is_paused = is_paused

    @rule(seconds=st.sampled_from([WINDOW_S, LIMITS.prove_window_s + 1, FORCED_DEADLINE_S]))
    def wait(self, seconds: int) -> None:
        self.scene.wait(seconds)

    @precondition(lambda self: self.model.queue)
    @rule(data=st.data())
    def freeze(self, data: st.DataObject) -> None:
        window = data.draw(st.sampled_from(sorted(self.model.windows)), "window")
        self.both(
            "freeze",
            lambda: self.model.freeze(window, self.next_s),
            lambda: self.scene.rollup.transact("freeze", window, sender=self.scene.who[6]),
        )

    @invariant()
    def vault_is_what_is_owed(self) -> None:
        assert self.scene.vault_e6 == sum(self.model.owed)


class FrozenMachine(Machine):
    """The way out, of a vault that may be short."""

    @initialize(data=st.data(), lost_e6=st.integers(0, 300 * USD))
    def begin(self, data: st.DataObject, lost_e6: int) -> None:
        super().begin(data)
        self.scene.wait(WINDOW_S)
        self.do_deposit(3, 10 * USD)
        self.do_force(4, True)
        window = self.scene.now_s // WINDOW_S
        self.scene.wait(FORCED_DEADLINE_S + WINDOW_S)
        self.model.freeze(window, self.next_s)
        self.scene.rollup.transact("freeze", window)
        self.model.frozen_at_s = self.scene.now_s
        # what stands before the exits is left, so that no transfer fails
        lost_e6 = min(lost_e6, self.model.vault_e6 - self.model.queued_e6 - self.model.claimable_e6)
        self.model.vault_e6 -= lost_e6
        self.scene.token.transact("burn", self.scene.rollup.address, lost_e6)

    @precondition(lambda self: len(self.model.exits) > 1)
    @rule()
    def close_registration(self) -> None:
        self.scene.wait(EXIT_WINDOW_S + 1)

    @precondition(lambda self: self.model.queue)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.scene.queue) - 1), "index")
        entry = encode_entry(self.scene.queue[index])
        self.both(
            "refund",
            lambda: self.model.refund(index),
            lambda: self.scene.rollup.transact("refundDeposit", index, entry, sender=self.scene.who[6]),
        )

    @rule(account=st.sampled_from([0, 1, 5, 6, 7]), claim_e6=st.sampled_from([1, 30 * USD + 1, 200 * USD]))
    def register(self, account: int, claim_e6: int) -> None:
        owner = self.scene.who[account - 2] if account > 1 else bytes(20)
        inputs = [self.scene.rollup.call("stateRoot"), address_int(owner), pack_claim(account, claim_e6)]
        args = account, owner, claim_e6, prove(EXIT_SETUP, inputs)
        self.both(
            "register",
            lambda: self.model.register(account, address_int(owner), claim_e6, self.next_s),
            lambda: self.scene.rollup.transact("registerExit", *args, sender=self.scene.who[6]),
        )

    @rule(account=st.sampled_from([0, 1, 5, 6, 7]))
    def pay_exit(self, account: int) -> None:
        self.both(
            "pay an exit",
            lambda: self.model.pay_exit(account, self.governor, self.next_s),
            lambda: self.scene.rollup.transact("payExit", account, sender=self.scene.who[6]),
        )

    @invariant()
    def what_stands_before_exits_is_covered(self) -> None:
        assert self.model.vault_e6 >= self.model.queued_e6 + self.model.claimable_e6


@pytest.mark.parametrize(
    ("machine", "must_happen"),
    [
        (RunningMachine, {"deposit", "settle"}),
        (FrozenMachine, {"refund", "register"}),
    ],
)
def test_random_calls_leave_contract_and_model_alike(machine: type[Machine], must_happen: set[str]) -> None:
    SEEN.clear()
    run_state_machine_as_test(  # type: ignore[no-untyped-call] # hypothesis
        machine,
        settings=settings(
            max_examples=8, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
    assert must_happen <= set(SEEN)

"""Random sequences of calls against the model: same errors, same balances, and the vault is what is owed, always."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rollup.exit import pack_claim
from tests.verifier.rollup_machine import SEEN, USD, USERS, Machine
from tests.verifier.rollup_model import EXIT_WINDOW_S, FORCED_DEADLINE_S
from tests.verifier.rollup_scene import (
    EXIT_SETUP,
    LIMITS,
    WINDOW_S,
    address_int,
    prove,
)
from tests.verifier.rollup_steps import commit, finish, prove_run
from verifier.queue_entries import encode_entry


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
            max_examples=6, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
    assert must_happen <= set(SEEN)

"""One Rollup contract and its model, side by side: what both are asked to do, and what holds after every call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rollup.txs import Deposit, ForcedCancelAll, ForcedWithdraw
from tests.verifier.rollup_model import Model, Moves, Refused
from tests.verifier.rollup_scene import (
    KEY,
    N_LANES,
    WINDOW_S,
    ProvedGroup,
    Scene,
    address_int,
    pay,
    record,
    refuses,
)
from verifier.bridge import Payment
from verifier.payment_tree import find_path
from verifier.queue_entries import compute_head
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

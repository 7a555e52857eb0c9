"""Who holds the account, and whether an entry of the queue is applied: decided by constraints, not by the prover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import TIER_BITS
from circuits.bits import assert_boolean, from_bits, is_zero
from circuits.cash_kinds import Kinds
from circuits.edwards import is_on_curve
from circuits.inputs import private_flag
from circuits.linear import LC, sum_lc
from circuits.system import ConstraintSystem
from rollup.units import COUNTER_BITS

__all__ = [
    "Applied",
    "Facts",
    "Holder",
    "assert_may_act",
    "decide_deposit",
    "decide_entries",
    "find_facts",
    "hand_over",
]


@dataclass(frozen=True)
class Holder:
    """A key and an owner: those in the leaf, or those that a message or an entry of the queue names."""

    key: tuple[LC, LC]
    owner: LC

    @staticmethod
    def private(cs: ConstraintSystem, name: str) -> Holder:
        """Return a holder given as private inputs {name}/key_x, {name}/key_y, {name}/owner."""
        return Holder((cs.private(f"{name}/key_x"), cs.private(f"{name}/key_y")), cs.private(f"{name}/owner"))


@dataclass(frozen=True)
class Facts:
    """Booleans that hold of the lane as it opens, each exact."""

    is_open: LC  # a user account that somebody owns
    is_owned: LC  # an open account whose owner is the one named
    is_claimed: LC  # an empty leaf of a user account, and somebody is named
    can_raise_epoch: LC
    can_take_key: LC  # the epoch can rise and the key named is on the curve
    is_tier: LC  # the operand is a tier


def find_facts(
    cs: ConstraintSystem, id_bits: Sequence[LC], before: Holder, named: Holder, epoch: LC, operand_bits: Sequence[LC]
) -> Facts:
    """Return the facts. A leaf is empty where its owner is 0: only emptying it and genesis leave it so.

    Constraints: 19, named is_system/.., is_vacant/.., is_owner/.., key_on_curve/.., epoch_at_end/.., no_tier/..,
    is_open, is_owned, is_claimed, can_take_key.
    """
    is_user = 1 - is_zero(cs, sum_lc(list(id_bits[1:])), name="is_system")
    is_vacant = is_zero(cs, before.owner, name="is_vacant")
    is_owner = is_zero(cs, named.owner - before.owner, name="is_owner")
    is_open = cs.mul(is_user, 1 - is_vacant, name="is_open")
    can_raise_epoch = 1 - is_zero(cs, epoch - (2**COUNTER_BITS - 1), name="epoch_at_end")
    key_on_curve = is_on_curve(cs, named.key, name="key_on_curve")
    return Facts(
        is_open=is_open,
        is_owned=cs.mul(is_open, is_owner, name="is_owned"),
        # an empty leaf has owner 0: being its "owner" is to name nobody
        is_claimed=cs.mul(is_user - is_open, 1 - is_owner, name="is_claimed"),
        can_raise_epoch=can_raise_epoch,
        can_take_key=cs.mul(key_on_curve, can_raise_epoch, name="can_take_key"),
        is_tier=is_zero(cs, from_bits(operand_bits[TIER_BITS:]), name="no_tier"),
    )


def assert_may_act(cs: ConstraintSystem, kinds: Kinds, facts: Facts) -> None:
    """Constrain what is no entry of the queue to be possible: an account is open, an epoch can rise, a key is one.

    Constraints: 3, named acts/on_open_account, acts/sets_key, acts/raises_epoch.
    """
    acts = kinds.signed + kinds.transfer_in + kinds.evict
    cs.assert_product(acts, 1 - facts.is_open, 0, name="acts/on_open_account")
    cs.assert_product(kinds.key_change, 1 - facts.can_take_key, 0, name="acts/sets_key")
    cs.assert_product(kinds.cancel_all, 1 - facts.can_raise_epoch, 0, name="acts/raises_epoch")


@dataclass(frozen=True)
class Applied:
    """Entries of the queue that take effect: booleans, 1 only with their kind."""

    joins: LC  # a deposit to an account of its sender
    creates: LC  # a deposit that makes an empty leaf the sender's account
    forced_withdraw: LC
    forced_cancel_all: LC
    forced_key_change: LC
    set_tier: LC

    @property
    def deposit(self) -> LC:
        """A deposit that is not returned."""
        return self.joins + self.creates

    @property
    def any(self) -> LC:
        """Any entry that is neither returned nor dropped."""
        return self.deposit + self.forced_withdraw + self.forced_cancel_all + self.forced_key_change + self.set_tier

    def touches(self, kinds: Kinds) -> LC:
        """Return 1 where the lane changes its account: it is used, and no entry is returned or dropped."""
        return kinds.used - kinds.entry + self.any

    def pays(self, kinds: Kinds) -> LC:
        """Return 1 where collateral leaves an account that stays: its margin is at stake."""
        return kinds.withdraw + kinds.transfer_out + self.forced_withdraw


def decide_deposit(cs: ConstraintSystem, kinds: Kinds, amount: LC, leaf_fee: LC) -> tuple[LC, LC]:
    """Return (1 for a deposit of at least the leaf's fee, what must then not be negative).

    The prover says which; the gap is amount - fee or fee - amount - 1, so that only the truth can be shown.
    Constraints: 3, named deposit/covers_fee/boolean, deposit/falls_short, deposit/gap.
    """
    covers = private_flag(cs, "deposit/covers_fee")
    falls_short = kinds.deposit - covers
    assert_boolean(cs, falls_short, name="deposit/falls_short")
    return covers, cs.mul(covers - falls_short, amount - leaf_fee, name="deposit/gap") - falls_short


def decide_entries(cs: ConstraintSystem, kinds: Kinds, facts: Facts, covers_fee: LC) -> Applied:
    """Return which entry is applied: one that is valid must be, one that is not cannot. Constraints: 10, applied/.."""
    with cs.scope("applied"):
        may_create = cs.mul(facts.is_claimed, facts.can_take_key, name="creates/leaf_and_key")
        may_cancel = cs.mul(facts.is_owned, facts.can_raise_epoch, name="forced_cancel_all/owner")
        may_rekey = cs.mul(facts.is_owned, facts.can_take_key, name="forced_key_change/owner_and_key")
        may_set = cs.mul(facts.is_open, facts.is_tier, name="set_tier/account_and_tier")
        return Applied(
            joins=cs.mul(kinds.deposit, facts.is_owned, name="joins"),
            creates=cs.mul(covers_fee, may_create, name="creates"),
            forced_withdraw=cs.mul(kinds.forced_withdraw, facts.is_owned, name="forced_withdraw"),
            forced_cancel_all=cs.mul(kinds.forced_cancel_all, may_cancel, name="forced_cancel_all"),
            forced_key_change=cs.mul(kinds.forced_key_change, may_rekey, name="forced_key_change"),
            set_tier=cs.mul(kinds.set_tier, may_set, name="set_tier"),
        )


def hand_over(cs: ConstraintSystem, kinds: Kinds, applied: Applied, before: Holder, named: Holder) -> Holder:
    """Return the holder after: the one named, nobody in an emptied leaf, else as before.

    Constraints: 6, named {field}_taken and {field}_left.
    """
    takes_key = applied.creates + applied.forced_key_change + kinds.key_change

    def hand(field: str, takes: LC, old: LC, new: LC) -> LC:
        taken = cs.mul(takes, new - old, name=f"{field}_taken")
        return old + taken - cs.mul(kinds.empties, old, name=f"{field}_left")

    key_x, key_y = (
        hand(f"key_{axis}", takes_key, old, new) for axis, old, new in zip("xy", before.key, named.key, strict=True)
    )
    return Holder((key_x, key_y), hand("owner", applied.creates, before.owner, named.owner))

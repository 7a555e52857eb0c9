"""Which operation a CashLane carries: at most one flag is 1, none in an unused lane."""

from __future__ import annotations

from dataclasses import dataclass, fields

from circuits.bits import assert_boolean
from circuits.inputs import private_bits
from circuits.linear import LC, sum_lc
from circuits.system import ConstraintSystem

__all__ = ["KIND_NAMES", "Kinds", "private_kinds"]


@dataclass(frozen=True)
class Kinds:
    """One boolean a kind, named as in `rollup/txs`. An entry of the queue may still be returned or dropped."""

    deposit: LC
    withdraw: LC
    cancel: LC
    transfer_out: LC
    transfer_in: LC
    key_change: LC
    cancel_all: LC
    close: LC
    forced_withdraw: LC
    forced_cancel_all: LC
    forced_key_change: LC
    set_tier: LC
    evict: LC

    @property
    def used(self) -> LC:
        """Every kind."""
        return sum_lc([getattr(self, name) for name in KIND_NAMES])

    @property
    def signed(self) -> LC:
        """Operations of the account's own key: they pay the base fee and raise the cash nonce."""
        return self.withdraw + self.cancel + self.transfer_out + self.key_change + self.cancel_all + self.close

    @property
    def entry(self) -> LC:
        """Entries of the base layer's queue."""
        return self.deposit + self.forced + self.set_tier

    @property
    def forced(self) -> LC:
        """Entries by which an account's owner acts without its key."""
        return self.forced_withdraw + self.forced_cancel_all + self.forced_key_change

    @property
    def empties(self) -> LC:
        """Kinds that give the leaf back."""
        return self.close + self.evict


KIND_NAMES = tuple(field.name for field in fields(Kinds))


def private_kinds(cs: ConstraintSystem) -> Kinds:
    """Return the flags, which the prover chooses: the bits of `kind`, in the order of `KIND_NAMES`.

    Constraints: 14, named kind/bit[i] and kind/at_most_one.
    """
    kinds = Kinds(*private_bits(cs, "kind", len(KIND_NAMES)))
    assert_boolean(cs, kinds.used, name="kind/at_most_one")
    return kinds

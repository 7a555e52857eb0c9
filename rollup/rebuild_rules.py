"""How a rebuild says what does not fit: data come from outside, so anything may stand in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rollup.errors import BatchInvalid, TxRejected
from rollup.units import FIRST_USER_ACCOUNT

__all__ = ["BatchOutOfOrder", "RecordMisfit", "RootMismatch", "Spot"]


@dataclass(eq=False)
class RecordMisfit(BatchInvalid):
    """What a batch's data say cannot follow from the state before it."""

    code = "record_misfit"
    batch_number: int
    where: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"batch {self.batch_number}: {self.where}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class BatchOutOfOrder(BatchInvalid):
    """A batch's data have another number than the next one: one before it is missing, or they are not in order."""

    code = "batch_out_of_order"
    batch_number: int
    expected: int

    def __str__(self) -> str:
        return f"batch {self.batch_number} stands where batch {self.expected} is expected"


@dataclass(eq=False)
class RootMismatch(BatchInvalid):
    """A rebuilt state has another root than the one published."""

    code = "root_mismatch"
    batch_number: int
    state_root: int
    expected: int

    def __str__(self) -> str:
        return f"batch {self.batch_number}: rebuilt state root {self.state_root}, published {self.expected}"


@dataclass(frozen=True)
class Spot:
    """A place in a batch's data, for errors."""

    batch_number: int
    where: str

    def at(self, part: str) -> Spot:
        """Return a place within this one."""
        return Spot(self.batch_number, f"{self.where}{part}")

    def require(self, is_met: bool, got: object, expected: object) -> None:
        """Raise RecordMisfit unless what must hold here does."""
        if not is_met:
            raise RecordMisfit(self.batch_number, self.where, str(got), str(expected))

    def require_user(self, account_id: int) -> None:
        """Raise RecordMisfit for the accounts of fund and treasury, which nobody can name."""
        self.require(account_id >= FIRST_USER_ACCOUNT, f"account {account_id}", f"{FIRST_USER_ACCOUNT} or more")

    @contextmanager
    def guard(self, expected: str) -> Iterator[None]:
        """Name this place in what the model rejects: RecordMisfit for TxRejected."""
        try:
            yield
        except TxRejected as error:
            raise RecordMisfit(self.batch_number, self.where, str(error), expected) from error

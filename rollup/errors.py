"""The errors of zkmargin: dataclasses that state facts, with a stable code. Clients match on the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

__all__ = ["BatchInvalid", "ProofInvalid", "RollupError", "TxRejected", "ValueOutOfRange"]


def _rebuild(cls: Callable[..., RollupError], facts: dict[str, Any]) -> RollupError:
    return cls(**facts)


@dataclass(eq=False)
class RollupError(Exception):
    """Anything this project refuses, with its facts as fields."""

    code: ClassVar[str] = "rollup_error"  # stable: clients match on it, never on the text

    def get_facts(self) -> dict[str, Any]:
        """Return the fields by name, for JSON and for pickling."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception pickles by positional args, which an error made with keywords does not have.
        return _rebuild, (type(self), self.get_facts())

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.get_facts().items()) or self.code


@dataclass(eq=False)
class TxRejected(RollupError):
    """One order or cash operation is refused; the batch goes on without it."""

    code = "tx_rejected"


@dataclass(eq=False)
class BatchInvalid(RollupError):
    """A whole batch, its file or its parameters are refused."""

    code = "batch_invalid"


@dataclass(eq=False)
class ProofInvalid(RollupError):
    """A proof, its key or its public inputs are refused."""

    code = "proof_invalid"


@dataclass(eq=False)
class ValueOutOfRange(TxRejected):
    """A number lies outside what its field may hold."""

    code = "value_out_of_range"
    field: str
    value: int
    minimum: int
    maximum: int

    def __str__(self) -> str:
        return f"{self.field} {self.value} outside [{self.minimum}, {self.maximum}]"


def check_range(field: str, value: int, minimum: int, maximum: int) -> None:
    """Raise ValueOutOfRange unless value is an integer in [minimum, maximum]."""
    if not minimum <= value <= maximum:
        raise ValueOutOfRange(field, value, minimum, maximum)


def check_bits(field: str, value: int, n_bits: int) -> None:
    """Raise ValueOutOfRange unless 0 <= value < 2**n_bits."""
    check_range(field, value, 0, 2**n_bits - 1)

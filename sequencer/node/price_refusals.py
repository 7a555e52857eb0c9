"""Why an oracle's message is not taken, and why a node cannot serve an oracle."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError, TxRejected

__all__ = ["OracleForeign", "PricesNotFresh", "PricesNotNewer", "PricesRefused", "PricesUnsigned"]


@dataclass(eq=False)
class PricesRefused(TxRejected):
    """A message of prices is not taken."""

    code = "prices_refused"
    signer: int


@dataclass(eq=False)
class PricesUnsigned(PricesRefused):
    """The message is not signed by the signer's key for this deployment."""

    code = "prices_unsigned"

    def __str__(self) -> str:
        return f"oracle signer {self.signer}: the signature is not of its key for this deployment"


@dataclass(eq=False)
class PricesNotNewer(PricesRefused):
    """The signer has said something of this time or a later one."""

    code = "prices_not_newer"
    time_s: int
    last_s: int

    def __str__(self) -> str:
        return f"oracle signer {self.signer}: time {self.time_s} is not after {self.last_s}, its last message's"


@dataclass(eq=False)
class PricesNotFresh(PricesRefused):
    """No batch could use the message: it is of the future, or too old."""

    code = "prices_not_fresh"
    time_s: int
    now_s: int
    max_age_s: int

    def __str__(self) -> str:
        return (
            f"oracle signer {self.signer}: time {self.time_s} is not within the {self.max_age_s} s up to now,"
            f" {self.now_s} (Unix time)"
        )


@dataclass(eq=False)
class OracleForeign(RollupError):
    """The configured oracle is not the one that the deployment is bound to."""

    code = "oracle_foreign"
    signer: int
    got: str
    expected: str

    def __str__(self) -> str:
        return f"oracle signer {self.signer}: the configured key is {self.got}, the deployment's {self.expected}"

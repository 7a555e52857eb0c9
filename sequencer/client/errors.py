"""What the client refuses, and what a node answered it. A wallet's errors never hold what its files hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollup.errors import RollupError

__all__ = [
    "AnswerInvalid",
    "ClientError",
    "CommandRefused",
    "EventsLost",
    "NoFreeSlot",
    "NodeForeign",
    "NodeUnreachable",
    "SlotExhausted",
    "WalletInvalid",
]


@dataclass(eq=False)
class ClientError(RollupError):
    """A client's request did not succeed."""

    code = "client_error"


@dataclass(eq=False)
class NodeUnreachable(ClientError):
    """The node does not answer. A command that was sent may be recorded: send it again, the receipt is the same."""

    code = "api_unreachable"
    url: str
    reason: str

    def __str__(self) -> str:
        return f"{self.url}: no answer: {self.reason}"


@dataclass(eq=False)
class AnswerInvalid(ClientError):
    """The node answered what its interface does not allow."""

    code = "api_answer_invalid"
    url: str
    fact: str

    def __str__(self) -> str:
        return f"{self.url}: {self.fact}"


@dataclass(eq=False)
class CommandRefused(ClientError):
    """The node refused a request; `problem_code` says why, and `facts` are what it states."""

    code = "command_refused"
    status: int
    problem_code: str
    detail: str
    facts: dict[str, Any]
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"refused ({self.problem_code}): {self.detail}"


@dataclass(eq=False)
class NodeForeign(ClientError):
    """The node serves another deployment, or signs receipts by another key, than the one the wallet is for."""

    code = "node_foreign"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"the node's {self.field} is {self.got}, this wallet is for {self.expected}"


@dataclass(eq=False)
class EventsLost(ClientError):
    """More events came than the reader took."""

    code = "events_lost"
    limit: int

    def __str__(self) -> str:
        return f"more than {self.limit} events wait to be read"


@dataclass(eq=False)
class WalletInvalid(ClientError):
    """A wallet's folder cannot be used as it is."""

    code = "wallet_invalid"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}"


@dataclass(eq=False)
class NoFreeSlot(ClientError):
    """Every order slot of the account is taken."""

    code = "no_free_slot"
    account: int

    def __str__(self) -> str:
        return f"account {self.account}: all 512 order slots are taken; cancel orders, or name the slot to replace"


@dataclass(eq=False)
class SlotExhausted(ClientError):
    """A slot's nonce would be further above the state's than a fill can raise it."""

    code = "slot_exhausted"
    account: int
    slot: int
    nonce: int
    highest: int

    def __str__(self) -> str:
        return (
            f"account {self.account}, slot {self.slot}: nonce {self.nonce} is above {self.highest}, the highest that"
            " may fill; use another slot, or a paid cancel that raises this one"
        )

"""Who trades in a replay: accounts with keys derived from the seed, some of them market makers."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from rollup.shapes import Shape
from rollup.signature import derive_public_key
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT
from sequencer.errors import OptionInvalid
from sequencer.settlement.people import derive_address, name_owner

__all__ = ["Participant", "Seat", "derive_key", "list_seats", "make_cast"]

_LEVERAGES: Final = (9, 7, 8, 6, 9, 7, 8, 5, 3, 6, 2, 4, 5, 3, 2)  # targets of the traders, in turn
_BOLD_LEVERAGE: Final = 6  # of the market makers that a fall takes down; the others keep to 1
_ACCOUNTS_PER_BOLD: Final = 20  # one bold market maker for so many accounts
_MAX_ACCOUNTS: Final = 2**ACCOUNT_BITS - FIRST_USER_ACCOUNT


@dataclass(frozen=True)
class Participant:
    """One account of the replay and the secret that first signs for it."""

    account_id: int
    private_key: bytes
    owner: int  # address on the base layer
    leverage: int  # how much of its equity it holds at most
    is_maker: bool
    is_holder: bool  # buys and never sells: what a fall liquidates

    @property
    def public_key(self) -> tuple[int, int]:
        """The key of its first deposit."""
        return derive_public_key(self.private_key)

    @property
    def is_bold(self) -> bool:
        """Whether it makes markets with borrowed money."""
        return self.is_maker and self.leverage > 1

    @property
    def role(self) -> str:
        """What it is, for people: its kind, and its leverage where it has some."""
        kind = "market maker" if self.is_maker else "holder" if self.is_holder else "trader"
        return f"{kind} at {self.leverage}x" if self.leverage > 1 else kind


@dataclass(frozen=True)
class Seat:
    """A lane for several orders of one market maker."""

    capacity: int
    is_quote: bool  # whether one signature is over all of them


def list_seats(shape: Shape) -> tuple[Seat, ...]:
    """Return the market makers' lanes: QuoteLanes, then TradeLanes of several orders; a plain one if there are none."""
    quotes = tuple(Seat(capacity, True) for capacity in shape.quote_capacities)
    return quotes + tuple(Seat(capacity, False) for capacity in shape.trade_capacities if capacity > 1) or (
        Seat(1, False),
    )


def make_cast(shape: Shape, n_accounts: int, seed: int) -> list[Participant]:
    """Return the participants, market makers first: one for each seat, then the bold ones. The rest are traders.

    Raises OptionInvalid unless there is room for the makers and one trader.
    """
    n_seats, n_bold = len(list_seats(shape)), n_accounts // _ACCOUNTS_PER_BOLD
    if not n_seats < n_accounts <= _MAX_ACCOUNTS:
        raise OptionInvalid("--accounts", str(n_accounts), f"{n_seats + 1} to {_MAX_ACCOUNTS} for this shape")
    makers = [1] * n_seats + [_BOLD_LEVERAGE] * n_bold
    traders = [_LEVERAGES[i % len(_LEVERAGES)] for i in range(n_accounts - len(makers))]
    return [
        _make_participant(seed, i, leverage, is_maker=i < len(makers)) for i, leverage in enumerate(makers + traders)
    ]


def derive_key(seed: int, name: str) -> bytes:
    """Return the private key of that name."""
    return blake2b(f"zkmargin replay key {seed}/{name}".encode(), digest_size=32).digest()


def _make_participant(seed: int, index: int, leverage: int, *, is_maker: bool) -> Participant:
    account_id = FIRST_USER_ACCOUNT + index
    owner = derive_address(seed, name_owner(account_id))
    secrets = (account_id, derive_key(seed, str(index)), int.from_bytes(owner, "big"))
    return Participant(*secrets, leverage, is_maker, is_holder=not is_maker and index % 2 == 0)

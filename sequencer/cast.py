"""Who trades in a replay: accounts with keys derived from the seed, some of them market makers."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from rollup.shapes import Shape
from rollup.signature import derive_public_key
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT, OWNER_BITS
from sequencer.errors import OptionInvalid

__all__ = ["Participant", "make_cast"]

_LEVERAGES: Final = (9, 3, 6, 5)  # targets of the traders, in turn; makers keep to less than 1
_MAX_ACCOUNTS: Final = 2**ACCOUNT_BITS - FIRST_USER_ACCOUNT


@dataclass(frozen=True)
class Participant:
    """One account of the replay and the secret that signs for it."""

    account_id: int
    private_key: bytes
    public_key: tuple[int, int]
    owner: int  # address on the base layer
    leverage: int  # 0 for a market maker
    lane_capacity: int  # orders it may send in one batch
    is_quoting: bool  # whether it signs these together
    is_holder: bool  # buys and never sells: what a fall liquidates

    @property
    def is_maker(self) -> bool:
        """Whether it quotes on both sides, several orders a batch."""
        return self.leverage == 0

    @property
    def role(self) -> str:
        """What it is, for people: a market maker, or a trader with its leverage."""
        kind = "holder" if self.is_holder else "trader"
        return "market maker" if self.is_maker else f"{kind} at {self.leverage}x"


def make_cast(shape: Shape, n_accounts: int, seed: int) -> list[Participant]:
    """Return the participants, makers first: one for each TradeLane of several orders and each QuoteLane, at least one.

    The rest are traders. Raises OptionInvalid unless there is room for the makers and one trader.
    """
    wide = [(capacity, False) for capacity in shape.trade_capacities if capacity > 1]
    makers = wide + [(capacity, True) for capacity in shape.quote_capacities] or [(1, False)]
    if not len(makers) < n_accounts <= _MAX_ACCOUNTS:
        raise OptionInvalid("--accounts", str(n_accounts), f"{len(makers) + 1} to {_MAX_ACCOUNTS} for this shape")
    cast = [_make_participant(seed, i, 0, *maker) for i, maker in enumerate(makers)]
    traders = range(len(makers), n_accounts)
    return cast + [_make_participant(seed, i, _LEVERAGES[i % len(_LEVERAGES)], 1) for i in traders]


def _make_participant(
    seed: int, index: int, leverage: int, lane_capacity: int, is_quoting: bool = False
) -> Participant:
    private_key = blake2b(f"zkmargin replay key {seed}/{index}".encode(), digest_size=32).digest()
    owner = blake2b(f"zkmargin replay owner {seed}/{index}".encode(), digest_size=OWNER_BITS // 8).digest()
    public_key = derive_public_key(private_key)
    account_id = FIRST_USER_ACCOUNT + index
    is_holder = leverage > 0 and index % 2 == 0
    secrets = (account_id, private_key, public_key, int.from_bytes(owner, "big"))
    return Participant(*secrets, leverage, lane_capacity, is_quoting, is_holder)

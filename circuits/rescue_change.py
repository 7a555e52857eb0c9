"""What a rescue operation leaves of its account, emptied or one position moved: its leaf, and the lots by market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import AccountWires, hash_positions, rehash_touched_group, replace_account
from circuits.bits import from_bits
from circuits.linear import LC, sum_lc
from circuits.market_totals import CHANGE_SHIFT
from circuits.moves import Move
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.accounts import EMPTY_ACCOUNT
from rollup.units import MARKET_COUNT

__all__ = ["Change", "add_lots", "describe_change", "write_account"]

NO_POSITIONS_HASH = EMPTY_ACCOUNT.positions_hashes[0]


@dataclass(frozen=True)
class Change:
    """What becomes of the account: at most one of the booleans is 1, and with neither nothing changes."""

    emptied: LC
    moved: LC
    cash: LC  # after a move
    size: LC  # change of the moved market's absolute size, 0 unless moved
    sign: LC
    lots: LC

    @property
    def touched(self) -> LC:
        """Boolean: something of the account changes."""
        return self.emptied + self.moved


def describe_change(cs: ConstraintSystem, move: Move, *, emptied: LC, moved: LC, cash: LC) -> Change:
    """Return the change. `emptied` and `moved` are booleans, at most one of them 1. Constraints: 3, named moved/..."""
    return Change(
        emptied=emptied,
        moved=moved,
        cash=cash,
        size=cs.mul(moved, move.size_after - move.size_before, name="moved/size"),
        sign=cs.mul(moved, move.sign_after - move.sign_before, name="moved/sign"),
        lots=cs.mul(moved, move.signed_lots, name="moved/lots"),
    )


def write_account(
    cs: ConstraintSystem, account: AccountWires, id_bits: list[LC], change: Change, move: Move, timestamp: LC
) -> list[LC]:
    """Constrain the leaf before and after, and return the change of each absolute size but for an emptied account.

    Emptied: no positions and no cash; key, owner, epoch, nonces, tier and orders stay.
    """
    grown = [cs.mul(hot, change.size, name=f"size_change[{m}]") for m, hot in enumerate(move.hot)]
    positions = hash_positions(cs, account.sizes, name="account/positions_before")
    sizes_after = [size + more for size, more in zip(account.sizes, grown, strict=True)]
    rehashed = rehash_touched_group(cs, positions, sizes_after, move.market_bits[-1], name="account/positions_after")
    positions_after = [
        select(cs, change.emptied, NO_POSITIONS_HASH, moved, name=f"account/positions_after/emptied[{g}]")
        for g, moved in enumerate(rehashed)
    ]
    signs = from_bits(account.signs)
    sign_place = sum_lc([hot * (1 << m) for m, hot in enumerate(move.hot)])
    sign_change = cs.mul(sign_place, change.sign, name="account/sign_change")
    signs_dropped = cs.mul(change.emptied, signs, name="account/signs_dropped")
    cash_moved = cs.mul(change.moved, change.cash - account.cash, name="account/cash_moved")
    cash_dropped = cs.mul(change.emptied, account.cash, name="account/cash_dropped")
    replace_account(
        cs,
        id_bits,
        account,
        positions,
        status_after=account.status() + sign_change - signs_dropped,
        last_touched_after=select(
            cs, change.touched, timestamp, account.last_touched, name="account/last_touched_after"
        ),
        cash_after=account.cash + cash_moved - cash_dropped,
        orders_root_after=account.orders_root,
        positions_after=positions_after,
    )
    return grown


def add_lots(
    cs: ConstraintSystem,
    takeover: LC,
    change: Change,
    move: Move,
    account: AccountWires,
    signed: Sequence[LC],
    grown: Sequence[LC],
) -> None:
    """Constrain the running totals of each market: all lots, and those that the fund takes over. Constraints: 48."""
    for m in range(MARKET_COUNT):
        moved = cs.mul(move.hot[m], change.lots, name=f"totals/moved[{m}]") + grown[m] * 2**CHANGE_SHIFT
        dropped = signed[m] + account.sizes[m] * 2**CHANGE_SHIFT
        lots, lots_after = cs.port(f"lots_in[{m}]"), cs.port(f"lots_out[{m}]")
        cs.assert_product(change.emptied, dropped, lots + moved - lots_after, name=f"totals/lots[{m}]")
        taken, taken_after = cs.port(f"takeover_lots_in[{m}]"), cs.port(f"takeover_lots_out[{m}]")
        cs.assert_product(takeover, signed[m], taken_after - taken, name=f"totals/takeover_lots[{m}]")

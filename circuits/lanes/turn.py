"""One account's turn: open its leaf, charge its rent; after its fills (`places.py`) close the leaf.

TradeLane and QuoteLane are a turn each; they differ in what is signed, and only a TradeLane may liquidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import (
    AccountWires,
    account_id_bits,
    hash_positions,
    open_account,
    pack_status,
    rehash_touched_group,
    replace_account,
)
from circuits.bits import from_bits
from circuits.eddsa import EddsaWires, verify_eddsa
from circuits.inputs import private_flag
from circuits.lanes.places import Filled, fill_places
from circuits.linear import LC
from circuits.margin import Margin, assert_cash_in_range, compute_margin
from circuits.published import publish, publish_fill
from circuits.rent import compute_rent
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup.records import FILL_WORDS, TURN_WORDS
from rollup.turn_record import FLAG_LIQUIDATION


@dataclass(frozen=True)
class Turn:
    """An account as it opens: rent is charged, margins are taken after it."""

    tables: Tables
    account_id_bits: list[LC]
    account: AccountWires
    key_div_8: tuple[LC, LC]
    used: LC
    healthy: LC
    rent: LC
    before: Margin

    @property
    def account_id(self) -> LC:
        """The account's index in the tree."""
        return from_bits(self.account_id_bits)

    @property
    def cash(self) -> LC:
        """Cash after the rent."""
        return self.account.cash - self.rent

    def fill_places(self, cs: ConstraintSystem, active: Sequence[LC], liquidation: LC) -> Filled:
        """Return the account after its fills, and constrain the margin it closes with."""
        return fill_places(
            cs,
            self.tables,
            self.account,
            account_id=self.account_id,
            before=self.before,
            healthy=self.healthy,
            active=active,
            liquidation=liquidation,
        )

    def verify_signature(
        self, cs: ConstraintSystem, *, enabled: LC, message: LC, name: str = "signature"
    ) -> EddsaWires:
        """Constrain, where enabled, the message to be signed by the account's key, given as r8_x, r8_y and s."""
        return verify_eddsa(
            cs,
            enabled=enabled,
            key=self.account.key,
            key_div_8=self.key_div_8,
            r8=(cs.private("r8_x"), cs.private("r8_y")),
            s=cs.private("s"),
            message=message,
            name=name,
        )


def open_turn(cs: ConstraintSystem, used: LC) -> Turn:
    """Return the account opened, its rent charged where the lane is used; nothing trades without fresh prices."""
    tables = table_ports(cs)
    id_bits = account_id_bits(cs)
    account = open_account(cs, name="account")
    with cs.scope("account"):
        key_div_8 = cs.private("key_div_8_x"), cs.private("key_div_8_y")
    cs.assert_product(tables.stale, used, 0, name="fresh_prices_if_used")
    rent = compute_rent(cs, used, account.last_touched, tables.timestamp, tables.rent_rate)
    healthy = private_flag(cs, "margin/healthy")
    before = compute_margin(cs, account.cash - rent, account.sizes, account.signs, tables, name="margin/before")
    return Turn(tables, id_bits, account, key_div_8, used, healthy, rent, before)


def publish_turn(cs: ConstraintSystem, turn: Turn, filled: Filled, liquidation: LC) -> None:
    """Constrain what the lane publishes: its account, and two words a place. Constraints: 1 + 2 a place, data/..."""
    publish(cs, 0, TURN_WORDS[0], turn.used, {"account": turn.account_id}, {}, "account")
    for k, place in enumerate(filled.places):
        unsigned = liquidation if k == 0 else LC.constant(0)
        fill = place.fill
        publish_fill(
            cs,
            len(TURN_WORDS) + k * len(FILL_WORDS),
            executed=place.active + unsigned,
            terms={"market": fill.market, "side": fill.side, "lots": fill.fill},
            active=place.active,
            order=place.order.published,
            liquidation_flag=unsigned * FLAG_LIQUIDATION,
            name=f"order[{k}]",
        )


def close_turn(cs: ConstraintSystem, turn: Turn, filled: Filled, penalty: LC | int) -> None:
    """Constrain the leaf before and after, and the account root through the lane."""
    account = turn.account
    cash = turn.cash + filled.received - filled.paid - penalty
    assert_cash_in_range(cs, cash, name="account/cash_after")
    positions = hash_positions(cs, account.sizes, name="account/positions_before")
    if len(filled.places) == 1:
        group_bit = filled.places[0].fill.market_bits[-1]
        positions_after = rehash_touched_group(cs, positions, filled.sizes, group_bit, name="account/positions_after")
    else:
        positions_after = hash_positions(cs, filled.sizes, name="account/positions_after")
    touched = select(cs, turn.used, turn.tables.timestamp, account.last_touched, name="account/last_touched_after")
    replace_account(
        cs,
        turn.account_id_bits,
        account,
        positions,
        status_after=pack_status(filled.signs, account.tier_bits, account.cash_nonce),
        last_touched_after=touched,
        cash_after=cash,
        orders_root_after=filled.places[-1].order.orders_root,
        positions_after=positions_after,
    )

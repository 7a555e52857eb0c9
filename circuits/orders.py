"""An order in a lane: what was signed, and the slot that remembers how much was filled. Twin of rollup/orders.py."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.account import AccountWires
from circuits.bits import from_bits, is_zero
from circuits.fees import OrderCharge, charge_first_fill
from circuits.fills import Fill
from circuits.inputs import assert_equal_if, assert_nonzero_if, private_bits
from circuits.linear import LC
from circuits.merkle import private_path, update_root
from circuits.order_fields import OrderFields, private_order_fields
from circuits.order_flags import Flags, assert_post_only, compute_effective_rest, private_flags
from circuits.poseidon import poseidon
from circuits.rationing import ration
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup import tags
from rollup.orders import KIND_ORDER
from rollup.units import COUNTER_BITS, ORDERS_TREE_DEPTH, SIZE_BITS, SLOT_BITS

# word_1, lowest first: kind 4 | account 21 | market 4 | side 1 | flags 5 | slot 9 | nonce 32 | epoch 32 | expiry
MARKET_SHIFT, SIDE_SHIFT, FLAGS_SHIFT, SLOT_SHIFT, NONCE_SHIFT, EPOCH_SHIFT, EXPIRY_SHIFT = 25, 29, 30, 35, 44, 76, 108
TIP_BITS = 16  # word_3, lowest first: tip | maximum fee


@dataclass(frozen=True)
class PlacedOrder:
    """What the lane needs of an order beyond its fill. The message is still to be proved signed where it is active."""

    message: LC
    flags: Flags
    charge: OrderCharge
    rationed: LC  # what it adds to its market's rationed side: fill * 2**64 + remaining where it shares, else 0
    orders_root: LC
    published: dict[str, LC]  # what the batch's data say of it: meaningless where no order is active
    lent_bits: list[LC]  # bind nothing where no order is active


def order_message(
    cs: ConstraintSystem,
    *,
    domain: LC,
    account_id: LC,
    fill: Fill,
    flags: Flags,
    slot: LC,
    nonce: LC,
    epoch: LC,
    expiry: LC,
    size: LC,
    limit: LC,
    tip_e6: LC,
    max_fee_e6: LC,
) -> LC:
    """Return the signed message of an order. Constraints: 297, named message/...

    Assumes that every field but the top one of each word (expiry, limit, maximum fee) is in its range: then the words
    determine the fields: the signer's words are below 2**150, and the top fields are small integers, negative or not.
    """
    word_1 = (
        account_id * 2**4
        + fill.market * 2**MARKET_SHIFT
        + fill.side * 2**SIDE_SHIFT
        + flags.word() * 2**FLAGS_SHIFT
        + slot * 2**SLOT_SHIFT
        + nonce * 2**NONCE_SHIFT
        + epoch * 2**EPOCH_SHIFT
        + expiry * 2**EXPIRY_SHIFT
        + KIND_ORDER
    )
    return poseidon(
        cs, [domain, word_1, size + limit * 2**SIZE_BITS, tip_e6 + max_fee_e6 * 2**TIP_BITS], name="message"
    )


def apply_order(
    cs: ConstraintSystem,
    tables: Tables,
    account: AccountWires,
    *,
    active: LC,
    fill: Fill,
    position: LC,
    account_id: LC,
    orders_root: LC,
) -> PlacedOrder:
    """Constrain a fill to an unexpired order within its size, limit, flags and share, and move its slot.

    Every number is made of its own bits or a sum of such, so it is in range by construction. Where not active the slot
    stays as it was, and the lent bits bind nothing. The caller proves the message signed, and that a reduce-only fill
    shrinks its position.
    """
    fields, flags = private_order_fields(cs), private_flags(cs)
    size, rest, limit_gap = fields["size"], fields["rest"], fields["limit_gap"]
    slot = _find_slot(cs, fields, active)
    assert_equal_if(cs, active, size, slot.filled_before + fill.fill + rest, name="size/is_filled_and_rest")
    rest_now = compute_effective_rest(cs, flags.reduce_only, fill, rest, fields["reduce_gap"])
    rationed = ration(cs, active=active, fill=fill, rest=rest_now, position=position, fields=fields)
    assert_post_only(cs, flags.post_only, fill, limit_gap, fields["post_gap"])
    charge = charge_first_fill(
        cs,
        active=active,
        filled_before=slot.filled_before,
        order_fee_e6=tables.order_fee_e6,
        tip_e6=fields["tip_e6"],
    )
    # a buy's limit is p* + gap, a sell's p* - gap, gap >= 0
    signed_gap = limit_gap - 2 * cs.mul(fill.side, limit_gap, name="limit_gap/signed")
    message = order_message(
        cs,
        domain=tables.domain,
        account_id=account_id,
        fill=fill,
        flags=flags,
        slot=from_bits(slot.index_bits),
        nonce=fields["nonce"],
        epoch=account.epoch,
        expiry=tables.timestamp + fields["expiry_gap"],  # not before now, hence unexpired
        size=size,
        limit=fill.clearing_price + signed_gap,
        tip_e6=fields["tip_e6"],
        max_fee_e6=charge.base_fee_e6 + fields["fee_slack_e6"],  # no less than what is charged
    )
    after = _move_slot(cs, slot, flags, active=active, filled=slot.filled_before + fill.fill, orders_root=orders_root)
    published = {
        "slot": from_bits(slot.index_bits),
        "nonce_step": fields["nonce_step"],
        "tip_e6": fields["tip_e6"],
        "flags": flags.word(),
    }
    return PlacedOrder(message, flags, charge, rationed, after, published, fields.lent_bits)


@dataclass(frozen=True)
class _Slot:
    index_bits: list[LC]
    nonce: LC  # the order's
    value_before: LC
    filled_before: LC  # of this order


def _find_slot(cs: ConstraintSystem, fields: OrderFields, active: LC) -> _Slot:
    """Return the order's slot: it holds (nonce - step, filled); an older nonce there counts as nothing filled."""
    step, filled = fields["nonce_step"], fields["filled"]
    before = cs.private("slot_before")
    words = filled + (fields["nonce"] - step) * 2**SIZE_BITS
    assert_equal_if(cs, active, before, words, name="slot_before/is_nonce_and_filled")
    same_nonce = is_zero(cs, step, name="same_nonce")
    filled_before = cs.mul(same_nonce, filled, name="filled_before")
    return _Slot(private_bits(cs, "slot", SLOT_BITS), fields["nonce"], before, filled_before)


def _move_slot(cs: ConstraintSystem, slot: _Slot, flags: Flags, *, active: LC, filled: LC, orders_root: LC) -> LC:
    """Return the orders root with (nonce, filled) in the slot, (nonce + 1, 0) for IOC; unchanged where not active."""
    assert_nonzero_if(cs, flags.immediate, slot.nonce - (2**COUNTER_BITS - 1), name="immediate/nonce_after_fits")
    kept = slot.nonce * 2**SIZE_BITS + filled
    word = select(cs, flags.immediate, (slot.nonce + 1) * 2**SIZE_BITS, kept, name="immediate/slot_word")
    after = select(cs, active, word, slot.value_before, name="slot_after")
    path = private_path(cs, ORDERS_TREE_DEPTH, name="slot_path")
    before_root, after_root = update_root(
        cs, slot.value_before, after, slot.index_bits, path, tags.ORDERS_NODE, name="orders_tree"
    )
    cs.assert_equal(before_root, orders_root, name="orders_tree/root_in")
    return after_root

"""An order in a lane: what was signed, and the slot that remembers how much of it was filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import from_bits, is_zero
from circuits.eddsa import verify_eddsa
from circuits.inputs import assert_equal_if, private_bits
from circuits.linear import LC, Wire
from circuits.merkle import private_path, update_root
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.orders import KIND_ORDER
from rollup.units import COUNTER_BITS, ORDERS_TREE_DEPTH, PRICE_BITS, SIZE_BITS, SLOT_BITS, TIMESTAMP_BITS

NONCE_STEP_BITS = 8  # an order's nonce is at most 255 above its slot's

# word_1, lowest first: kind 4 | account 21 | market 4 | side 1 | flags 5 | slot 9 | nonce 32 | epoch 32 | expiry
MARKET_SHIFT, SIDE_SHIFT, SLOT_SHIFT, NONCE_SHIFT, EPOCH_SHIFT, EXPIRY_SHIFT = 25, 29, 35, 44, 76, 108


@dataclass(frozen=True)
class SignedOrder:
    """What the lane needs of an order beyond its fill: idle bits of an unsigned slot, and the orders root after it."""

    idle_bits: list[LC]
    orders_root: LC


def order_message(
    cs: ConstraintSystem,
    *,
    domain: Wire,
    account_id: Wire,
    market: Wire,
    side: Wire,
    slot: Wire,
    nonce: Wire,
    epoch: Wire,
    expiry: Wire,
    size: Wire,
    limit: Wire,
    word_3: Wire,
) -> Wire:
    """Return the signed message of an order. Constraints: 297, named message/...

    Assumes every field but the top one of each word (expiry, limit) is in its range: then the words determine the
    fields, since the signer's words are below 2**150 and expiry, limit are small integers, negative or not.
    Flags are 0.
    """
    word_1 = (
        account_id * 2**4
        + market * 2**MARKET_SHIFT
        + side * 2**SIDE_SHIFT
        + slot * 2**SLOT_SHIFT
        + nonce * 2**NONCE_SHIFT
        + epoch * 2**EPOCH_SHIFT
        + expiry * 2**EXPIRY_SHIFT
        + KIND_ORDER
    )
    return poseidon(cs, [domain, word_1, size + limit * 2**SIZE_BITS, word_3], name="message")


def apply_signed_order(
    cs: ConstraintSystem,
    *,
    active: Wire,
    fill: Wire,
    side: Wire,
    market: Wire,
    clearing_price: Wire,
    account_id: Wire,
    key: tuple[Wire, Wire],
    key_div_8: tuple[Wire, Wire],
    epoch: Wire,
    orders_root: Wire,
    domain: Wire,
    timestamp: Wire,
) -> SignedOrder:
    """Constrain a fill to a signed, unexpired order within its size and limit, and move its slot; nothing if inactive.

    Every number is either made of its own bits or a sum of such, so it is in range by construction. In an inactive slot
    the bits of S, size, rest, gap, expiry, step and filled bind nothing and are handed back as `idle_bits`.
    """
    slot_bits = private_bits(cs, "slot", SLOT_BITS)
    nonce_bits = private_bits(cs, "nonce", COUNTER_BITS)
    step_bits = private_bits(cs, "nonce_step", NONCE_STEP_BITS)
    filled_bits = private_bits(cs, "filled", SIZE_BITS)
    size_bits = private_bits(cs, "size", SIZE_BITS)
    rest_bits = private_bits(cs, "rest", SIZE_BITS)
    gap_bits = private_bits(cs, "limit_gap", PRICE_BITS)
    wait_bits = private_bits(cs, "expiry_gap", TIMESTAMP_BITS)
    nonce, step, size, rest, gap = map(from_bits, (nonce_bits, step_bits, size_bits, rest_bits, gap_bits))

    # the slot before: nonce - step, filled; an older nonce there counts as nothing filled
    slot_before = cs.private("slot_before")
    slot_words = from_bits(filled_bits) + (nonce - step) * 2**SIZE_BITS
    assert_equal_if(cs, active, slot_before, slot_words, name="slot_before/is_nonce_and_filled")
    same_nonce = is_zero(cs, step, name="same_nonce")
    filled_before = cs.mul(same_nonce, from_bits(filled_bits), name="filled_before")
    assert_equal_if(cs, active, size, filled_before + fill + rest, name="size/is_filled_and_rest")

    # a buy's limit is p* + gap, a sell's p* - gap, gap >= 0; where gap > 0 the order is strictly better: no rest
    signed_gap = gap - 2 * cs.mul(side, gap, name="limit_gap/signed")
    better = cs.mul(active, gap, name="limit_gap/if_active")
    cs.assert_product(better, rest, 0, name="better_order_is_full")

    message = order_message(
        cs,
        domain=domain,
        account_id=account_id,
        market=market,
        side=side,
        slot=from_bits(slot_bits),
        nonce=nonce,
        epoch=epoch,
        expiry=timestamp + from_bits(wait_bits),  # not before now, hence unexpired
        size=size,
        limit=clearing_price + signed_gap,
        word_3=cs.private("word_3"),
    )
    signature = verify_eddsa(
        cs,
        enabled=active,
        key=key,
        key_div_8=key_div_8,
        r8=(cs.private("r8_x"), cs.private("r8_y")),
        s=cs.private("s"),
        message=message,
        name="signature",
    )
    slot_word = nonce * 2**SIZE_BITS + filled_before + fill
    slot_after = select(cs, active, slot_word, slot_before, name="slot_after")
    path = private_path(cs, ORDERS_TREE_DEPTH, name="slot_path")
    before, after = update_root(cs, slot_before, slot_after, slot_bits, path, tags.ORDERS_NODE, name="orders_tree")
    cs.assert_equal(before, orders_root, name="orders_tree/root_in")
    idle: Sequence[LC] = [
        *signature.s_bits[:250],  # any 250 bits are below the subgroup order
        *size_bits,
        *rest_bits,
        *gap_bits,
        *wait_bits,
        *nonce_bits,
        *step_bits,
        *filled_bits,
    ]
    return SignedOrder(list(idle), after)

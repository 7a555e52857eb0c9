"""CashLane: one cash operation on one account, or nothing. Twin of rollup/cash_lanes.py and rollup/txs."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.account import TIER_BITS, account_id_bits, replace_leaf
from circuits.bits import assert_in_range, from_bits
from circuits.cash_bridge import carry_transfer, run_totals, write_bridge
from circuits.cash_data import publish_operation
from circuits.cash_flows import CashFlows, move_cash
from circuits.cash_holder import Applied, Holder, assert_may_act, decide_deposit, decide_entries, find_facts
from circuits.cash_kinds import Kinds, private_kinds
from circuits.cash_leaf import CashLeaf, hash_leaf_after, hash_leaf_before, open_cash_leaf
from circuits.cash_message import assert_signed, hash_message
from circuits.cash_payout import (
    ForcedPayout,
    assert_dust,
    assert_positions_allow,
    choose_forced_payout,
    gap_of_payment,
)
from circuits.cash_slot import CancelledSlot, cancel_or_open_positions
from circuits.inputs import assert_nonzero_if, private_bits
from circuits.linear import LC
from circuits.margin import compute_free_collateral
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, EQUITY_BITS


def build_cash_lane(cs: ConstraintSystem) -> None:
    """Record one CashLane.

    Ports: table/..; root_in, root_out; bridge[0..3]; data[0..12]; queue, vault, base_fees_e6, rent, usage and transfer,
    each _in and _out.
    """
    tables = table_ports(cs)
    kinds, id_bits = private_kinds(cs), account_id_bits(cs)
    leaf, named = open_cash_leaf(cs), Holder.private(cs, "named")
    # what a kind takes of these is pinned by what is signed, bridge words or the transfer's chain; the rest is free
    operand_bits = private_bits(cs, "operand", AMOUNT_E6_BITS)  # an amount in 1e-6 USD, an order's nonce, or a tier
    second_bits = private_bits(cs, "second_operand", AMOUNT_E6_BITS)  # an amount paid by force, or a recipient
    operand, recipient = from_bits(operand_bits), from_bits(second_bits[:ACCOUNT_BITS])
    assert_nonzero_if(cs, kinds.withdraw + kinds.transfer_out, operand, name="amount/positive")

    facts = find_facts(cs, id_bits, leaf.holder, named, leaf.epoch, operand_bits)
    assert_may_act(cs, kinds, facts)
    covers_fee, fee_gap = decide_deposit(cs, kinds, operand, tables.leaf_fee_e6)
    applied = decide_entries(cs, kinds, facts, covers_fee)
    payout = choose_forced_payout(cs, applied, operand, second_bits)
    flows = move_cash(cs, kinds, applied, tables, leaf, amount_e6=operand, paid_e6=payout.paid_e6)
    slot = _slot_or_positions(cs, kinds, applied, leaf, operand_bits)
    gaps = fee_gap + _payment(cs, kinds, applied, tables, leaf, payout, flows, operand)
    gaps += cs.mul(kinds.cancel, slot.surplus, name="cancel/slot_rises")
    gaps += cs.mul(kinds.evict, leaf.cash, name="evict/cash")
    # one range check for all: each kind's rule says what must not be negative, |free collateral| being the largest
    assert_in_range(cs, gaps, EQUITY_BITS, name="not_negative")

    cash_nonce = leaf.nonce_after - kinds.signed
    signed = hash_message(
        cs,
        kinds,
        tables,
        id_bits=id_bits,
        cash_nonce=cash_nonce,
        epoch=leaf.epoch,
        slot=slot.index,
        operand=operand,
        recipient=recipient,
        named=named,
    )
    assert_signed(cs, kinds.signed, leaf.holder, signed.message)
    leaf_before = hash_leaf_before(cs, leaf, cash_nonce)
    leaf_after = hash_leaf_after(
        cs,
        leaf,
        kinds,
        applied,
        named=named,
        new_tier=from_bits(operand_bits[:TIER_BITS]),
        timestamp=tables.timestamp,
        cash_after=flows.cash_after,
        cancelled_orders_root=slot.orders_root_after,
    )
    replace_leaf(cs, id_bits, leaf_before, leaf_after, root_in=cs.port("root_in"), root_out=cs.port("root_out"))
    account, paid_e6 = from_bits(id_bits), payout.paid_e6
    write_bridge(cs, kinds, applied, account=account, operand=operand, before=leaf.holder, named=named, paid_e6=paid_e6)
    carry_transfer(cs, kinds, account, recipient, operand)
    run_totals(cs, kinds, applied, flows)
    publish_operation(cs, kinds, applied, account=account, operand_bits=operand_bits, signed=signed)


def _slot_or_positions(
    cs: ConstraintSystem, kinds: Kinds, applied: Applied, leaf: CashLeaf, operand_bits: Sequence[LC]
) -> CancelledSlot:
    return cancel_or_open_positions(
        cs,
        cancels=kinds.cancel,
        opens=applied.pays(kinds) + kinds.empties,
        operand_bits=operand_bits,
        orders_root=leaf.orders_root,
        sizes=leaf.sizes,
        positions=leaf.positions,
    )


def _payment(
    cs: ConstraintSystem,
    kinds: Kinds,
    applied: Applied,
    tables: Tables,
    leaf: CashLeaf,
    payout: ForcedPayout,
    flows: CashFlows,
    operand: LC,
) -> LC:
    """Constrain what a payment or a close leaves behind; return what must not be negative."""
    assert_positions_allow(cs, kinds, applied, leaf.sizes, tables.stale)
    free = compute_free_collateral(cs, flows.settled, leaf.sizes, leaf.signs, tables, name="margin")
    assert_dust(cs, payout, free, flows.left_at_close)
    return gap_of_payment(cs, kinds, payout, free, operand)

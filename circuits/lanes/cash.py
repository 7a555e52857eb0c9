"""CashLane: one deposit, withdrawal or cancel on one account, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import (
    GROUP,
    TIER_BITS,
    account_id_bits,
    assert_user_account,
    hash_leaf,
    pack_status,
    replace_leaf,
)
from circuits.bits import assert_boolean, assert_in_range, from_bits
from circuits.eddsa import verify_eddsa
from circuits.inputs import assert_equal_if, assert_nonzero_if, private_bits, private_flag
from circuits.linear import LC
from circuits.margin import assert_cash_in_range, compute_free_collateral
from circuits.merkle import private_path, update_level, update_root
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup import tags
from rollup.txs.cancel import KIND_CANCEL
from rollup.txs.deposit import BRIDGE_DEPOSIT
from rollup.txs.withdraw import BRIDGE_WITHDRAWAL, KIND_WITHDRAW
from rollup.units import (
    AMOUNT_E6_BITS,
    ATOMS_PER_E6,
    COUNTER_BITS,
    EQUITY_BITS,
    MARKET_COUNT,
    ORDERS_TREE_DEPTH,
    SIZE_BITS,
    SLOT_BITS,
)

N_BRIDGE_WORDS = 4


@dataclass(frozen=True)
class _Kinds:
    """Which operation this lane carries: at most one flag is 1."""

    deposit: LC
    withdraw: LC
    cancel: LC
    creates: LC  # a deposit to an empty account: 0 or 1, see `_holder`

    @property
    def used(self) -> LC:
        return self.deposit + self.withdraw + self.cancel

    @property
    def signed(self) -> LC:
        return self.withdraw + self.cancel


@dataclass(frozen=True)
class _Holder:
    """Key and owner before and after, epoch before."""

    key: tuple[LC, LC]
    owner: LC
    key_after: tuple[LC, LC]
    owner_after: LC


def build_cash_lane(cs: ConstraintSystem) -> None:
    """Record one CashLane.

    Ports: table/..; root_in, root_out; queue_in, queue_out; vault_in, vault_out; bridge[0..3].
    """
    tables = table_ports(cs)
    id_bits = account_id_bits(cs)
    kinds = _kinds(cs)
    assert_user_account(cs, id_bits, kinds.used, name="user_account")
    holder = _holder(cs, kinds)
    operand_bits = private_bits(cs, "operand", AMOUNT_E6_BITS)  # an amount in 1e-6 USD, or a cancelled order's nonce
    operand = from_bits(operand_bits)
    flow_e6 = cs.mul(kinds.deposit - kinds.withdraw, operand, name="flow")

    with cs.scope("account"):
        signs = [private_flag(cs, f"sign[{m}]") for m in range(MARKET_COUNT)]
        tier_bits = private_bits(cs, "tier", TIER_BITS)
        # the nonce after is ranged; one that did not fit before would make the packed status negative
        nonce_after = from_bits(private_bits(cs, "cash_nonce_after", COUNTER_BITS))
        epoch, last_touched, cash = cs.private("epoch"), cs.private("last_touched"), cs.private("cash")
        orders_root = cs.private("orders_root")
        sizes = [cs.private(f"size[{m}]") for m in range(MARKET_COUNT)]
        positions = [cs.private("positions[0]"), cs.private("positions[1]")]
    nonce = nonce_after - kinds.signed
    cash_after = cash + flow_e6 * ATOMS_PER_E6
    assert_cash_in_range(cs, cash_after, name="account/cash_after")  # |flow| < 2**104 atoms

    slot = _cancel_or_open_positions(cs, kinds, operand_bits, orders_root, sizes, positions)
    free = compute_free_collateral(cs, cash_after, sizes, signs, tables, name="margin")
    # a withdrawal leaves the initial requirement covered; a cancel raises its slot; neither binds the other kinds
    covered = cs.mul(kinds.withdraw, free, name="withdraw/free_collateral")
    raised = cs.mul(kinds.cancel, slot.value_after - slot.value_before - 1, name="cancel/slot_rises")
    assert_in_range(cs, covered + raised, EQUITY_BITS, name="not_negative")

    _signature(cs, kinds, holder, tables, id_bits, operand, nonce, epoch, slot.index)
    leaf = hash_leaf(
        cs,
        key=holder.key,
        owner=holder.owner,
        status=pack_status(signs, tier_bits, nonce),
        epoch=epoch,
        last_touched=last_touched,
        cash=cash,
        orders_root=orders_root,
        positions=positions,
        name="account/leaf_before",
    )
    leaf_after = hash_leaf(
        cs,
        key=holder.key_after,
        owner=holder.owner_after,
        status=pack_status(signs, tier_bits, nonce_after),
        epoch=epoch + kinds.creates,
        last_touched=select(cs, kinds.used, tables.timestamp, last_touched, name="account/last_touched_after"),
        cash=cash_after,
        orders_root=slot.orders_root_after,
        positions=positions,
        name="account/leaf_after",
    )
    replace_leaf(cs, id_bits, leaf, leaf_after, root_in=cs.port("root_in"), root_out=cs.port("root_out"))
    _outputs(cs, kinds, holder, id_bits, operand, flow_e6)


def _kinds(cs: ConstraintSystem) -> _Kinds:
    deposit, withdraw, cancel = (private_flag(cs, f"kind/{kind}") for kind in ("deposit", "withdraw", "cancel"))
    kinds = _Kinds(deposit, withdraw, cancel, creates=cs.private("kind/creates"))
    assert_boolean(cs, kinds.used, name="kind/at_most_one")
    cs.assert_product(kinds.creates, 1 - kinds.deposit, 0, name="kind/only_a_deposit_creates")
    return kinds


def _holder(cs: ConstraintSystem, kinds: _Kinds) -> _Holder:
    """Constrain who holds the account: a deposit either names its key and owner, or creates an empty one.

    `creates` needs no check of its own: only a deposit's differs from 0, then the owner before is 0; were it not 1, the
    owner named would have to equal that 0, and every deposit has an owner.
    """
    fields = ("key_x", "key_y", "owner")
    before = [cs.private(f"account/{field}") for field in fields]
    named = [cs.private(f"deposit/{field}") for field in fields]
    after = []
    for field, old, new in zip(fields, before, named, strict=True):
        cs.assert_product(kinds.creates, old, 0, name=f"deposit/creates_from_empty/{field}")
        assert_equal_if(cs, kinds.deposit - kinds.creates, new, old, name=f"deposit/names_the_account/{field}")
        after.append(old + cs.mul(kinds.creates, new, name=f"deposit/created/{field}"))
    assert_nonzero_if(cs, kinds.deposit, after[2], name="deposit/names_an_owner")
    return _Holder((before[0], before[1]), before[2], (after[0], after[1]), after[2])


@dataclass(frozen=True)
class _Slot:
    index: LC
    value_before: LC
    value_after: LC
    orders_root_after: LC


def _cancel_or_open_positions(
    cs: ConstraintSystem,
    kinds: _Kinds,
    operand_bits: Sequence[LC],
    orders_root: LC,
    sizes: Sequence[LC],
    positions: Sequence[LC],
) -> _Slot:
    """Constrain the cancelled slot, or the opening of the position hashes, with the same two permutations.

    Only a cancel needs the orders tree and only a withdrawal needs the sizes: the lowest level of the tree and the two
    position groups are all hashes of eight, so a lane pays for two of them, not four. Other kinds need neither.
    """
    slot_bits = private_bits(cs, "cancel/slot", SLOT_BITS)
    before = cs.private("cancel/slot_before")
    nonce = from_bits(operand_bits[:COUNTER_BITS])
    # what was signed is the whole operand, and the slot's nonce after it must be one that an order can hold
    assert_equal_if(cs, kinds.cancel, from_bits(operand_bits[COUNTER_BITS:]), 0, name="cancel/nonce_fits")
    assert_nonzero_if(cs, kinds.cancel, nonce - (2**COUNTER_BITS - 1), name="cancel/nonce_after_fits")
    after = select(cs, kinds.cancel, (nonce + 1) * 2**SIZE_BITS, before, name="cancel/slot_after")
    path = private_path(cs, ORDERS_TREE_DEPTH, name="cancel/slot_path")
    with cs.scope("cancel_or_positions"):
        level = update_level(cs, before, after, slot_bits[:3], path[0], name="children")
        tag = kinds.cancel * (tags.ORDERS_NODE - tags.POSITIONS) + tags.POSITIONS
        hashes = []
        for side, children, group in (("before", level.before, sizes[:GROUP]), ("after", level.after, sizes[GROUP:])):
            chosen = [
                select(cs, kinds.cancel, c, s, name=f"{side}/pick[{i}]")
                for i, (c, s) in enumerate(zip(children, group, strict=True))
            ]
            hashes.append(poseidon(cs, chosen, tag, name=f"{side}/hash"))
        for g, (opened, stored) in enumerate(zip(hashes, positions, strict=True)):
            assert_equal_if(cs, kinds.withdraw, opened, stored, name=f"positions[{g}]")
    root, root_after = update_root(
        cs, hashes[0], hashes[1], slot_bits[3:], path[1:], tags.ORDERS_NODE, name="cancel/orders_tree"
    )
    assert_equal_if(cs, kinds.cancel, root, orders_root, name="cancel/orders_tree/root_in")
    kept = select(cs, kinds.cancel, root_after, orders_root, name="cancel/orders_root_after")
    return _Slot(from_bits(slot_bits), before, after, kept)


def _signature(
    cs: ConstraintSystem,
    kinds: _Kinds,
    holder: _Holder,
    tables: Tables,
    id_bits: Sequence[LC],
    operand: LC,
    nonce: LC,
    epoch: LC,
    slot: LC,
) -> None:
    """Constrain a withdrawal or cancel to be signed: kind 4 | account 21 | cash_nonce 32 | epoch 32 | slot; operand."""
    cancelled = cs.mul(kinds.cancel, slot, name="message/slot")
    word_1 = (
        kinds.withdraw * KIND_WITHDRAW
        + kinds.cancel * KIND_CANCEL
        + from_bits(id_bits) * 2**4
        + nonce * 2**25
        + epoch * 2**57
        + cancelled * 2**89
    )
    message = poseidon(cs, [tables.domain, word_1, operand, 0], name="message")
    verify_eddsa(
        cs,
        enabled=kinds.signed,
        key=holder.key,
        key_div_8=(cs.private("account/key_div_8_x"), cs.private("account/key_div_8_y")),
        r8=(cs.private("r8_x"), cs.private("r8_y")),
        s=cs.private("s"),
        message=message,
        name="signature",
    )


def _outputs(
    cs: ConstraintSystem, kinds: _Kinds, holder: _Holder, id_bits: Sequence[LC], operand: LC, flow_e6: LC
) -> None:
    """Constrain what the base layer sees of this lane, and the running totals."""
    bridge = [cs.port(f"bridge[{i}]") for i in range(N_BRIDGE_WORDS)]
    crosses = kinds.deposit + kinds.withdraw
    assert_nonzero_if(cs, crosses, operand, name="amount/positive")
    kind = kinds.deposit * BRIDGE_DEPOSIT + kinds.withdraw * BRIDGE_WITHDRAWAL
    account_and_amount = from_bits(id_bits) * 2**4 + operand * 2**25
    cs.assert_product(crosses, account_and_amount, bridge[0] - kind, name="bridge/kind_account_amount")
    cs.assert_product(crosses, holder.owner_after, bridge[1], name="bridge/owner")
    for i in range(2):
        cs.assert_product(kinds.deposit, holder.key_after[i], bridge[2 + i], name=f"bridge/key[{i}]")
    cs.assert_equal(cs.port("queue_in") + kinds.deposit, cs.port("queue_out"), name="totals/queue")
    cs.assert_equal(cs.port("vault_in") + flow_e6, cs.port("vault_out"), name="totals/vault")

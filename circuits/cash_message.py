"""What the account's key signs of a cash operation: one message and one signature, whatever the kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import from_bits
from circuits.cash_holder import Holder
from circuits.cash_kinds import Kinds
from circuits.eddsa import verify_eddsa
from circuits.inputs import assert_equal_if, private_bits
from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.txs.cancel import KIND_CANCEL
from rollup.txs.cancel_all import KIND_CANCEL_ALL
from rollup.txs.close_account import KIND_CLOSE
from rollup.txs.key_change import KIND_KEY_CHANGE
from rollup.txs.transfer import KIND_TRANSFER
from rollup.txs.withdraw import KIND_WITHDRAW
from rollup.units import MAX_FEE_E6_BITS

__all__ = ["Signed", "assert_signed", "hash_message"]


@dataclass(frozen=True)
class Signed:
    """The message, and what it names beside account and operand: each 0 in a lane of another kind."""

    message: LC
    slot: LC  # of a cancel
    recipient: LC  # of a transfer
    key: tuple[LC, LC]  # of a key change


def hash_message(
    cs: ConstraintSystem,
    kinds: Kinds,
    tables: Tables,
    *,
    id_bits: Sequence[LC],
    cash_nonce: LC,
    epoch: LC,
    slot: LC,
    operand: LC,
    recipient: LC,
    named: Holder,
) -> Signed:
    """Return H4(domain, words): kind 4 | account 21 | cash_nonce 32 | epoch 32 | slot 9 | max_fee_e6 48, two operands.

    The greatest fee is this batch's fee and a slack of its own 48 bits: it stands on top, where a carry does no harm.
    Constraints: 48 + 5 and a hash of four, named message/.. and fee_slack/bit[i].
    """
    kind = (
        kinds.withdraw * KIND_WITHDRAW
        + kinds.cancel * KIND_CANCEL
        + kinds.transfer_out * KIND_TRANSFER
        + kinds.key_change * KIND_KEY_CHANGE
        + kinds.cancel_all * KIND_CANCEL_ALL
        + kinds.close * KIND_CLOSE
    )
    max_fee_e6 = tables.cash_fee_e6 + from_bits(private_bits(cs, "fee_slack", MAX_FEE_E6_BITS))
    slot_named = cs.mul(kinds.cancel, slot, name="message/slot")
    low = kind + from_bits(id_bits) * 2**4 + cash_nonce * 2**25 + epoch * 2**57
    word_1 = low + slot_named * 2**89 + max_fee_e6 * 2**98
    # a key is signed where others have their operand: beside it the operand must be nothing
    assert_equal_if(cs, kinds.key_change + kinds.cancel_all, operand, 0, name="message/no_operand")
    key_x = cs.mul(kinds.key_change, named.key[0], name="message/key_x")
    sent_to = cs.mul(kinds.transfer_out, recipient, name="message/recipient")
    key_y = cs.mul(kinds.key_change, named.key[1], name="message/key_y")
    message = poseidon(cs, [tables.domain, word_1, operand + key_x, sent_to + key_y], name="message")
    return Signed(message, slot_named, sent_to, (key_x, key_y))


def assert_signed(cs: ConstraintSystem, signed: LC, holder: Holder, message: LC) -> None:
    """Constrain the message to be signed by the account's key where `signed` is 1. Constraints: 2,759, signature/..."""
    verify_eddsa(
        cs,
        enabled=signed,
        key=holder.key,
        key_div_8=(cs.private("account/key_div_8_x"), cs.private("account/key_div_8_y")),
        r8=(cs.private("r8_x"), cs.private("r8_y")),
        s=cs.private("s"),
        message=message,
        name="signature",
    )

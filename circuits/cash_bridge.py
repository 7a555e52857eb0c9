"""What a CashLane tells the rest of the batch: bridge words, the transfer under way, and the running totals."""

from __future__ import annotations

from circuits.cash_flows import CashFlows
from circuits.cash_holder import Applied, Holder
from circuits.cash_kinds import Kinds
from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.txs.deposit import BRIDGE_DEPOSIT, BRIDGE_RETURNED
from rollup.txs.effect import CASH_UNITS, CREATION_UNITS
from rollup.txs.forced_cancel_all import BRIDGE_FORCED_CANCEL_ALL
from rollup.txs.forced_key_change import BRIDGE_FORCED_KEY_CHANGE
from rollup.txs.forced_withdraw import BRIDGE_FORCED_WITHDRAWAL
from rollup.txs.set_tier import BRIDGE_SET_TIER
from rollup.txs.withdraw import BRIDGE_WITHDRAWAL
from rollup.units import AMOUNT_E6_BITS

__all__ = ["CHAINS", "N_BRIDGE_WORDS", "carry_transfer", "run_totals", "write_bridge"]

N_BRIDGE_WORDS = 4
CHAINS = ("queue", "vault", "base_fees_e6", "rent", "usage", "transfer")  # beside the account root


def write_bridge(
    cs: ConstraintSystem,
    kinds: Kinds,
    applied: Applied,
    *,
    account: LC,
    operand: LC,
    before: Holder,
    named: Holder,
    paid_e6: LC,
) -> None:
    """Constrain the four words: kind 4 | account 21 | amount 64 | outcome 1; owner; key, or the amount paid.

    All are 0 where nothing crosses. An entry's words say what the entry says, whatever becomes of it.
    Constraints: 5, named bridge/...
    """
    words = [cs.port(f"bridge[{i}]") for i in range(N_BRIDGE_WORDS)]
    pays = kinds.withdraw + kinds.close
    kind = (
        kinds.deposit * BRIDGE_RETURNED
        + applied.deposit * (BRIDGE_DEPOSIT - BRIDGE_RETURNED)
        + pays * BRIDGE_WITHDRAWAL
        + kinds.forced_withdraw * BRIDGE_FORCED_WITHDRAWAL
        + kinds.forced_cancel_all * BRIDGE_FORCED_CANCEL_ALL
        + kinds.forced_key_change * BRIDGE_FORCED_KEY_CHANGE
        + kinds.set_tier * BRIDGE_SET_TIER
    )
    outcome = pays + applied.any
    account_and_amount = account * 2**4 + operand * 2**25
    rest = words[0] - kind - outcome * 2**89
    cs.assert_product(kinds.entry + pays, account_and_amount, rest, name="bridge/kind_account_amount_outcome")
    sender = cs.mul(kinds.deposit + kinds.forced, named.owner, name="bridge/sender")
    cs.assert_product(pays, before.owner, words[1] - sender, name="bridge/owner")
    names_key = kinds.deposit + kinds.forced_key_change
    cs.assert_product(names_key, named.key[0], words[2] - paid_e6, name="bridge/key_x_or_paid")
    cs.assert_product(names_key, named.key[1], words[3], name="bridge/key_y")


def carry_transfer(cs: ConstraintSystem, kinds: Kinds, account: LC, recipient: LC, amount_e6: LC) -> None:
    """Constrain this lane to take the transfer that the lane before sent, and to pass on the one that it sends.

    Both ports are account * 2**64 + amount, 0 for none: no account is 0.
    Constraints: 2, named transfer/in and transfer/out.
    """
    for name, flag, other in (("in", kinds.transfer_in, account), ("out", kinds.transfer_out, recipient)):
        port = cs.port(f"transfer_{name}")
        cs.assert_product(flag, other * (1 << AMOUNT_E6_BITS) + amount_e6, port, name=f"transfer/{name}")


def run_totals(cs: ConstraintSystem, kinds: Kinds, applied: Applied, flows: CashFlows) -> None:
    """Constrain the running totals: in 1e-6 USD but for the rent, in atoms; units are packed, 32 bits apart.

    Constraints: 5, named totals/...
    """
    adds = {
        "queue": kinds.entry,
        "vault": flows.vault_e6,
        "base_fees_e6": flows.base_fees_e6,
        "rent": flows.rent_atoms,
        "usage": kinds.used * CASH_UNITS + applied.creates * (CREATION_UNITS - CASH_UNITS),
    }
    for name, added in adds.items():
        cs.assert_equal(cs.port(f"{name}_in") + added, cs.port(f"{name}_out"), name=f"totals/{name}")

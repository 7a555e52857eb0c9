"""What `zkmargin settle --freeze` shows: who left with how much."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from rich.table import Table

from rollup.units import FUND_ACCOUNT, TREASURY_ACCOUNT
from sequencer.cli.output import make_table

if TYPE_CHECKING:
    from sequencer.settlement.leaving import Departure

__all__ = ["make_exit_table", "spell_departure", "summarise_departure"]

_E6_PER_USD = 10**6
_NAMES: Final = {FUND_ACCOUNT: "insurance fund", TREASURY_ACCOUNT: "treasury"}


def make_exit_table(departure: Departure) -> Table:
    """Return one row an account that had something to claim."""
    columns = ("account", "claim USD", "paid USD", "share", "gas to register", "gas to pay")
    rows = [
        (
            f"{exit_.account} {_NAMES.get(exit_.account, '')}".strip(),
            *(_spell_usd(exit_.claim_e6), _spell_usd(exit_.paid_e6), f"{exit_.paid_e6 / exit_.claim_e6:.2%}"),
            *(exit_.register_gas, exit_.pay_gas),
        )
        for exit_ in departure.exits
    ]
    return make_table("Frozen: exits by proof, paid from what the vault has", columns, rows)


def spell_departure(departure: Departure) -> str:
    """Return in words how short the vault was."""
    if departure.reason:
        return f"exits do not add up: {departure.reason}"
    claimed, pool = _spell_usd(departure.users_claim_e6), _spell_usd(departure.pool_e6)
    vault = f"users claim {claimed} USD of a pool of {pool} USD and are paid {departure.share:.2%}"
    left = _spell_usd(departure.vault_e6)
    return f"frozen: {vault}; {_spell_usd(departure.refunded_e6)} USD of late deposits went back; {left} USD are left"


def summarise_departure(departure: Departure) -> dict[str, object]:
    """Return what --json prints of it; what may exceed 2**53 as decimal strings."""
    exits = [
        asdict(exit_) | {"claim_e6": str(exit_.claim_e6), "paid_e6": str(exit_.paid_e6)} for exit_ in departure.exits
    ]
    why = {"reason": departure.reason} if departure.reason else {}
    return {
        "paid_out": not departure.reason,
        **why,
        "freeze_gas": departure.freeze_gas,
        "refunded_e6": str(departure.refunded_e6),
        "refund_gas": departure.refund_gas,
        "pool_e6": str(departure.pool_e6),
        "users_claim_e6": str(departure.users_claim_e6),
        "share": departure.share,
        "vault_e6": str(departure.vault_e6),
        "exits": exits,
    }


def _spell_usd(amount_e6: int) -> str:
    return f"{amount_e6 / _E6_PER_USD:,.2f}"

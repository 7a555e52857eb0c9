"""What the demo shows of a replay besides its batches: liquidations, the bridge, the accounts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sequencer.cli.output import make_table

if TYPE_CHECKING:
    from rich.table import Table

    from sequencer.replay import Replay

__all__ = ["make_account_table", "make_cash_table", "make_liquidation_table"]

_ATOMS_PER_USD = 10**18
_LOTS_PER_COIN = 10**6
_TICKS_PER_USD = 10**6
_E6_PER_USD = 10**6


def make_liquidation_table(replay: Replay) -> Table:
    """Return one row a liquidation fill: what the proof shows of it."""
    columns = ("account", "batch", "AVAX", "price USD", "equity USD", "maintenance USD", "penalty USD")
    rows = [
        (
            report.account,
            number,
            f"{report.delta_lots / _LOTS_PER_COIN:+,.3f}",
            f"{report.price_ticks / _TICKS_PER_USD:,.3f}",
            _spell_usd(report.equity_before_atoms),
            _spell_usd(report.maintenance_before_atoms),
            _spell_usd(report.penalty_atoms),
        )
        for number, reports in enumerate(replay.liquidations, start=1)
        for report in reports
    ]
    return make_table("Liquidations: equity was below maintenance", columns, rows)


def make_cash_table(replay: Replay) -> Table:
    """Return one row a batch: what crossed between the base layer and the rollup."""
    rows = []
    for number, flow in enumerate(replay.flows, start=1):
        amounts = (flow.deposited_e6, flow.withdrawn_e6, flow.vault_e6)
        rows.append((f"batch {number}", *(f"{amount / _E6_PER_USD:,.2f}" for amount in amounts)))
    return make_table("Bridge, USD", ("", "deposited", "withdrawn", "vault after"), rows)


def make_account_table(replay: Replay) -> Table:
    """Return one row an account as the last batch left it, and the sum of all cash, which is the vault's."""
    liquidated = Counter(report.account for reports in replay.liquidations for report in reports)
    roles = {0: "insurance fund", 1: "treasury"} | {member.account_id: member.role for member in replay.cast}
    rows: list[tuple[Any, ...]] = []
    for account_id, account in sorted(replay.state.accounts.items()):
        equity_atoms = replay.state.get_margin(account_id, replay.params).equity
        notes = [f"liquidated {liquidated[account_id]}x"] if liquidated[account_id] else []
        notes += ["below zero: to be taken over"] if equity_atoms < 0 else []
        position = f"{account.sizes_lots[0] / _LOTS_PER_COIN:+,.3f}"
        cash = _spell_usd(account.cash_atoms)
        rows.append((f"{account_id} {roles[account_id]}", position, cash, _spell_usd(equity_atoms), ", ".join(notes)))
    total_atoms = sum(account.cash_atoms for account in replay.state.accounts.values())
    rows.append(("all", "", _spell_usd(total_atoms), "", f"vault {replay.state.header.vault_e6 / _E6_PER_USD:,.2f}"))
    return make_table("Accounts after the last batch", ("account", "AVAX", "cash USD", "equity USD", ""), rows)


def _spell_usd(amount_atoms: int) -> str:
    return f"{amount_atoms / _ATOMS_PER_USD:,.2f}"

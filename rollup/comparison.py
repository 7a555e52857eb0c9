"""Rollup against direct settlement: the same trades into the reference ledger, and whether both end up alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.direct import DirectLedger, DirectTrade
from rollup.errors import BatchInvalid
from rollup.trace import BatchTrace
from rollup.txs import Deposit, Withdraw

__all__ = ["DirectDiffers", "check_same_as_direct", "collect_accounts", "list_trades", "settle_directly"]


@dataclass(eq=False)
class DirectDiffers(BatchInvalid):
    """An account's balance or position in the rollup is not that of direct settlement."""

    code = "direct_differs"
    account_id: int
    what: str
    rollup: int
    direct: int

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.what} is {self.rollup} in the rollup, {self.direct} settled directly"


def settle_directly(ledger: DirectLedger, trace: BatchTrace) -> None:
    """Book a batch's deposits, withdrawals and trades in the reference ledger. Raises DirectMarginBroken."""
    for lane in trace.cash_lanes:
        if isinstance(lane.op, Deposit):
            ledger.deposit(lane.op.account, lane.op.amount_e6)
        elif isinstance(lane.op, Withdraw):
            ledger.withdraw(lane.op.account, lane.op.amount_e6)
    header = trace.header_after
    ledger.settle_batch(list_trades(trace), header.marks_ticks, header.funding_index)


def list_trades(trace: BatchTrace) -> list[DirectTrade]:
    """Return the batch's fills as plain records, in lane order."""
    prices, trades = trace.clearing_prices_ticks, []
    for lane in trace.trade_lanes:
        for fill in lane.fills:
            order, market = fill.order, fill.order.market
            trades.append(DirectTrade(order.account, market, order.direction * fill.fill_lots, prices[market]))
        if lane.liquidation is not None:
            market = lane.liquidation.market
            delta_lots = lane.after.sizes_lots[market] - lane.before.sizes_lots[market]
            trades.append(DirectTrade(lane.account_id, market, delta_lots, prices[market], is_liquidation=True))
    return trades


def collect_accounts(traces: Iterable[BatchTrace]) -> dict[int, Account]:
    """Return the accounts after the last of consecutive batches from genesis, those that were ever touched."""
    accounts: dict[int, Account] = {}
    for trace in traces:
        for lane in (*trace.cash_lanes, *trace.trade_lanes):
            accounts[lane.account_id] = lane.after
        accounts |= {0: trace.fund_lane.fund_after, 1: trace.fund_lane.treasury_after}
    return accounts


def check_same_as_direct(accounts: Mapping[int, Account], ledger: DirectLedger, funding_index: tuple[int, ...]) -> int:
    """Return how many accounts were compared, all equal in every balance and position. Raises DirectDiffers.

    The rollup's cash is relative to the funding index: what has been paid so far is cash - sum s_m * F_m.
    """
    balances, positions = ledger.get_balances(funding_index), ledger.get_positions()
    ids = sorted({*accounts, *balances, *positions})
    for account_id in ids:
        account = accounts.get(account_id, Account())
        accrued = sum(size * index for size, index in zip(account.sizes_lots, funding_index, strict=True))
        cash_atoms, direct_atoms = account.cash_atoms - accrued, balances.get(account_id, 0)
        if cash_atoms != direct_atoms:
            raise DirectDiffers(account_id, "cash in atoms", cash_atoms, direct_atoms)
        for market, size_lots in enumerate(account.sizes_lots):
            direct_lots = positions.get(account_id, {}).get(market, 0)
            if size_lots != direct_lots:
                raise DirectDiffers(account_id, f"position in market {market} in lots", size_lots, direct_lots)
    return len(ids)

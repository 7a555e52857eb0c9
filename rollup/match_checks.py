"""What must hold of the fills that a round proposes, account by account and together: what breaks it, by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rollup.accounts import Account
from rollup.errors import TxRejected
from rollup.fees import compute_fee_rate_ppm, compute_trading_fee
from rollup.margin import is_provable_close, is_valid_close
from rollup.orders import compute_effective_remaining
from rollup.rejections import CloseNotProvable, MarginInsufficient
from rollup.rent import charge_rent
from rollup.turns import OrderFill, apply_fills
from rollup.workspace import Workspace

__all__ = ["Turns", "find_misfits", "find_unmargined", "find_unpaid_rebates"]

Turns = Sequence[Sequence[OrderFill]]  # of one account, in lane order; fills in order of their places


def find_misfits(workspace: Workspace, account_id: int, turns: Turns, sizes_lots: Mapping[int, int]) -> dict[int, int]:
    """Return reduce-only orders that entered with other lots than may trade of them where they stand: lots by rank.

    What fills of the account before them leave of the position is what they may reduce.
    """
    positions = list(workspace.get(account_id).sizes_lots)
    misfits: dict[int, int] = {}
    for fill in (fill for fills in turns for fill in fills):
        open_order, order = fill.open_order, fill.open_order.order
        lots = compute_effective_remaining(order, open_order.filled_lots, positions[order.market])
        if order.is_reduce_only and lots != sizes_lots[open_order.rank]:
            misfits[open_order.rank] = lots
        positions[order.market] += order.direction * min(fill.fill_lots, lots)
    return misfits


def find_unmargined(
    workspace: Workspace, account_id: int, turns: Turns, prices_ticks: Sequence[int]
) -> tuple[int, TxRejected] | None:
    """Return the order to refuse where a turn of the account would not close by the rules, or None."""
    account = workspace.get(account_id)
    for fills in turns:
        try:
            opened, _ = charge_rent(account, workspace.tick)
            closed, _ = apply_fills(workspace, opened, fills, prices_ticks)
            _check_close(workspace, account_id, opened, closed)
        except TxRejected as error:
            return _pick_culprit(account, fills), error
        account = closed
    return None


def find_unpaid_rebates(workspace: Workspace, fills: Sequence[OrderFill], prices_ticks: Sequence[int]) -> list[int]:
    """Return the newest rebate earners without whom the batch's trading fees together are not negative, or none."""
    fees = {fill.open_order.rank: _compute_fee(workspace, fill, prices_ticks) for fill in fills}
    total, ranks = sum(fees.values()), []
    for rank in sorted((rank for rank, fee in fees.items() if fee < 0), reverse=True):
        if total >= 0:
            break
        ranks.append(rank)
        total -= fees[rank]
    return ranks


def _compute_fee(workspace: Workspace, fill: OrderFill, prices_ticks: Sequence[int]) -> int:
    order, params = fill.open_order.order, workspace.params
    tier = workspace.get(order.account).tier
    rate_ppm = compute_fee_rate_ppm(order, tier, params.taker_fee_ppm, params.maker_fee_ppm)
    return compute_trading_fee(fill.fill_lots, prices_ticks[order.market], rate_ppm)


def _check_close(workspace: Workspace, account_id: int, before: Account, after: Account) -> None:
    opened, closed = workspace.compute_margin(before), workspace.compute_margin(after)
    if not is_valid_close(opened, closed, before.sizes_lots, after.sizes_lots):
        raise MarginInsufficient(account_id, closed.equity, closed.initial)
    if not is_provable_close(opened, closed):
        raise CloseNotProvable(account_id, closed.equity, opened.maintenance)


def _pick_culprit(before: Account, fills: Sequence[OrderFill]) -> int:
    """Return the rank of the newest fill that does not close a position, else of the newest."""
    opening = [f for f in fills if before.sizes_lots[f.open_order.order.market] * f.open_order.order.direction >= 0]
    return max(fill.open_order.rank for fill in opening or fills)

"""The close of a batch: what its trading leaves in the state for the prices of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rollup.activity import Activity
from rollup.funding import compute_sample, compute_sample_weight, step_premium
from rollup.params import Params
from rollup.resources import PROVING, Units, compute_targets, compute_utilisation, step_base_fee, step_congestion
from rollup.state import Resources, State, StateHeader
from rollup.tick import Tick
from rollup.workspace import Workspace

__all__ = ["close_header", "close_state"]


def close_header(tick: Tick, params: Params, prices_ticks: Sequence[int], activity: Activity) -> StateHeader:
    """Return the tick's header with premiums, open interest, base fees and congestion after the batch."""
    header, elapsed_s = tick.header, tick.elapsed_s
    changes = zip(header.open_interest_lots, activity.open_interest_change_lots, strict=True)
    return replace(
        header,
        premiums=_step_premiums(header, params, prices_ticks, activity.volume_lots, elapsed_s),
        open_interest_lots=tuple(lots + change for lots, change in changes),
        resources=_step_resources(header.resources, params, activity.used, elapsed_s),
    )


def close_state(workspace: Workspace, prices_ticks: Sequence[int], activity: Activity, spent: int) -> State:
    """Return the state after the batch; `spent` is the notional of the fund's fill. Raises ValueOutOfRange."""
    closed = close_header(workspace.tick, workspace.params, prices_ticks, activity)
    header = replace(
        closed,
        accounts_root=workspace.tree.root,
        resources=replace(closed.resources, fund_budget=closed.resources.fund_budget - spent),
        queue_consumed=workspace.queue_consumed,
        vault_e6=workspace.vault_e6,
    )
    header.check()
    return State(header, workspace.tree, workspace.merge_accounts())


def _step_premiums(
    header: StateHeader, params: Params, prices_ticks: Sequence[int], volume_lots: Sequence[int], elapsed_s: int
) -> tuple[int, ...]:
    premiums = []
    for market, premium in enumerate(header.premiums):
        sample = compute_sample(prices_ticks[market], header.marks_ticks[market])
        weight_ppm = compute_sample_weight(volume_lots[market], params.markets[market].impact_lots)
        premiums.append(step_premium(premium, sample, weight_ppm, elapsed_s, params.funding_window_s))
    return tuple(premiums)


def _step_resources(resources: Resources, params: Params, used: Units, elapsed_s: int) -> Resources:
    targets = compute_targets(params.target_per_s, elapsed_s)
    proving, state, bandwidth = map(step_base_fee, resources.base_fees, used, targets, params.min_base_fee)
    utilisation_ppm = compute_utilisation(used[PROVING], targets[PROVING])
    window_s = params.congestion_window_s
    return replace(
        resources,
        base_fees=(proving, state, bandwidth),
        congestion_ppm=step_congestion(resources.congestion_ppm, utilisation_ppm, elapsed_s, window_s),
    )

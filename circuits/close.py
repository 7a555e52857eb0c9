"""The close: once a batch, after the lanes. Closes each total by its kind; steps premiums, open interest and base fees;
commits the new state.
"""

from __future__ import annotations

from typing import Final

from circuits.bits import assert_in_range, from_bits, to_bits
from circuits.carry import assert_nothing_carried
from circuits.division import compute_share
from circuits.extremes import minimum
from circuits.funding import step_premium
from circuits.header import hash_all_markets, hash_markets, hash_state
from circuits.linear import LC
from circuits.market_totals import RATION_SHIFT, VOLUME_BITS, split_lots
from circuits.outset import Outset, outset_ports
from circuits.poseidon import poseidon
from circuits.resources import step_base_fee, step_congestion
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup import tags
from rollup.resources import PROVING
from rollup.units import COUNTER_BITS, MARKET_COUNT, PPM, RESOURCE_COUNT, SIZE_BITS, VAULT_E6_BITS, WINDOW_BITS

# running totals of this batch alone
FROM_ZERO: Final = (
    "fees",
    "tips_e6",
    "base_fees_e6",
    "rent",
    "penalties",
    "usage",
    "position",
    "transfer",
    "takeover_cash",
)
FEES_BITS = 126  # a fill's fee is below 2**116 atoms, and there are fewer than 2**10


def build_close(cs: ConstraintSystem) -> None:
    """Record the close of a batch.

    Ports: table/.., outset/..; lots_start[m], lots_end[m], ration_start[m], ration_end[m], takeover_lots_start[m];
    {name}_start of `FROM_ZERO`; carry_start/.., carry_end/.., transfer_end, fees_end, usage_end, budget_end;
    accounts_root, oracle_hash, queue, vault, clock, new_state_root.
    """
    tables, outset = table_ports(cs), outset_ports(cs)
    for name in FROM_ZERO:
        cs.assert_zero(cs.port(f"{name}_start"), name=f"totals/{name}_start")
    cs.assert_zero(cs.port("transfer_end"), name="totals/transfer_end")  # no transfer without its incoming leg
    for m in range(MARKET_COUNT):
        cs.assert_zero(cs.port(f"takeover_lots_start[{m}]"), name=f"totals/takeover_lots_start[{m}]")
    for end in ("start", "end"):
        assert_nothing_carried(cs, end)
    assert_in_range(cs, cs.port("fees_end"), FEES_BITS, name="totals/fees_end")  # rebates never exceed fees
    vault = cs.port("vault")
    assert_in_range(cs, vault, VAULT_E6_BITS, name="totals/vault")  # withdrawals never exceed what was deposited
    markets = _close_markets(cs, tables, outset)
    resources = _close_resources(cs, outset)
    records = [cs.port("accounts_root"), markets, resources, cs.port("oracle_hash")]
    state_root = hash_state(cs, [*records, cs.port("queue"), vault, cs.port("clock")], name="new_state_root")
    cs.assert_equal(state_root, cs.port("new_state_root"), name="new_state_root/is_public")


def _close_markets(cs: ConstraintSystem, tables: Tables, outset: Outset) -> LC:
    """Return the markets' hash after the batch, its totals closed."""
    seconds = minimum(cs, outset.elapsed, outset.funding_window, WINDOW_BITS, name="premium_seconds")
    premiums, open_interest = [], []
    for m in range(MARKET_COUNT):
        lots, shared = (
            {end: cs.port(f"{chain}_{end}[{m}]") for end in ("start", "end")} for chain in ("lots", "ration")
        )
        with cs.scope(f"market[{m}]"):
            cs.assert_zero(lots["start"], name="lots_start")
            cs.assert_zero(shared["start"], name="ration_start")
            told = tables.marginal_lots[m] * 2**RATION_SHIFT + tables.marginal_remaining[m]
            cs.assert_equal(shared["end"], told, name="ration_end")
            # what was bought was sold; the cash of it nets out too: same price, same funding index
            volume, interest = split_lots(cs, lots["end"], outset.open_interest[m], name="lots_end")
            weight = compute_share(
                cs, volume, outset.impact_lots[m], part_bits=VOLUME_BITS, whole_bits=SIZE_BITS, name="weight"
            )
            windows = {"seconds": seconds, "whole": outset.funding_window * PPM}
            premiums.append(step_premium(cs, outset.premium[m], outset.sample[m], weight, **windows, name="premium"))
            open_interest.append(interest)
    with cs.scope("after"):
        hashes = [hash_markets(cs, "premiums", premiums), hash_markets(cs, "open_interest", open_interest)]
        return hash_all_markets(cs, [outset.marks_hash, outset.funding_hash, *hashes])


def _close_resources(cs: ConstraintSystem, outset: Outset) -> LC:
    """Return the resources' hash after the batch, its units taken apart."""
    bits = to_bits(cs, cs.port("usage_end"), COUNTER_BITS * RESOURCE_COUNT, name="totals/usage_end")
    used = [from_bits(bits[r * COUNTER_BITS : (r + 1) * COUNTER_BITS]) for r in range(RESOURCE_COUNT)]
    base_fees = []
    for r in range(RESOURCE_COUNT):
        with cs.scope(f"resource[{r}]"):
            base_fees.append(step_base_fee(cs, outset.base_fee[r], used[r], outset.target[r], outset.min_base_fee[r]))
    window = outset.congestion_window
    congestion = step_congestion(
        cs,
        outset.congestion,
        used[PROVING],
        outset.target[PROVING],
        seconds=minimum(cs, outset.elapsed, window, WINDOW_BITS, name="congestion_seconds"),
        window=window,
        name="congestion",
    )
    factors = [outset.maintenance_factor, outset.pending_factor, outset.pending_since]
    record = [*base_fees, congestion, *factors, cs.port("budget_end")]
    return poseidon(cs, record, tags.RESOURCES, name="after/resources")

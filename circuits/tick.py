"""The tick: once a batch, before the lanes. Opens the old state and the parameters; sets prices, fractions and fees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.band import open_auction
from circuits.bits import assert_in_range, assert_nonzero, from_bits
from circuits.extremes import minimum
from circuits.fractions import (
    MaintenanceFactor,
    compute_factor,
    raise_fraction,
    scale_initial,
    step_maintenance_factor,
)
from circuits.funding import compute_sample, step_funding_index
from circuits.header import Before, hash_markets, open_before
from circuits.inputs import private_bits
from circuits.linear import LC
from circuits.oracle import Signer, compute_mark, is_stale, open_message
from circuits.outset import Outset, outset_ports
from circuits.params import OpenParams, open_params
from circuits.poseidon import poseidon
from circuits.resources import compute_fee_e6, compute_rent_rate, refill_fund_budget
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup import tags
from rollup.resources import CASH_OPERATION, LEAF, ORDER_FILL, STATE
from rollup.units import (
    COUNTER_BITS,
    MARKET_COUNT,
    MAX_ELAPSED_S,
    ORACLE_COUNT,
    PRICE_BITS,
    RESOURCE_COUNT,
    TIER_COUNT,
    TIMESTAMP_BITS,
)


@dataclass(frozen=True)
class Clock:
    """The time of the batch before, as its clock, and how long ago that was."""

    before: LC
    elapsed: LC  # seconds, at most 65535: what one batch is charged for


def build_tick(cs: ConstraintSystem) -> None:
    """Record the tick.

    Ports: table/.., outset/..; old_state_root, params_hash (public), clock; accounts_root, queue, vault (of the old
    state); oracle_hash and signer_time[i] (after), fund_budget (refilled), fund_band_ppm.
    """
    tables, outset = table_ports(cs), outset_ports(cs)
    params = open_params(cs)
    clock = _advance_clock(cs, tables.timestamp, cs.port("clock"))
    before = open_before(cs, clock.before)
    signers = _hear_oracle(cs, params, before, tables)
    factors = _step_factors(cs, before, tables.timestamp, outset)
    marks, funding = [], []
    for m in range(MARKET_COUNT):
        with cs.scope(f"market[{m}]"):
            mark, index = _set_prices(cs, m, params.markets[m], before, tables, signers, clock.elapsed)
            _set_weights(cs, m, params.markets[m], before, tables, mark, factors)
            open_auction(
                cs,
                mark,
                tables.clearing_price[m],
                params.markets[m]["band_ppm"],
                word=tables.auction_word[m],
                lots=tables.marginal_lots[m],
                remaining=tables.marginal_remaining[m],
            )
            sample = compute_sample(cs, tables.clearing_price[m], mark, name="sample")
            cs.assert_equal(sample, outset.sample[m], name="sample/is_port")
        marks.append(mark)
        funding.append(index)
    _set_fees(cs, params, before, tables, clock.elapsed)
    _hand_over(cs, params, before, outset, clock.elapsed)
    for record, values in (("marks", marks), ("funding", funding)):
        handed = getattr(outset, f"{record}_hash")
        cs.assert_equal(hash_markets(cs, record, values), handed, name=f"{record}/is_port")


def _advance_clock(cs: ConstraintSystem, timestamp: LC, clock: LC) -> Clock:
    """Return the clock. Time rises strictly, the batch number by one, and both clocks open in one way only."""
    new = from_bits(private_bits(cs, "clock/timestamp", TIMESTAMP_BITS))
    old = from_bits(private_bits(cs, "clock/timestamp_before", TIMESTAMP_BITS))
    number = from_bits(private_bits(cs, "clock/batch_number", COUNTER_BITS))
    # a number of zero would make the old one -1, and the old clock that of an earlier second
    assert_nonzero(cs, number, name="clock/batch_number/positive")
    cs.assert_equal(new, timestamp, name="clock/timestamp/is_port")
    assert_in_range(cs, new - old - 1, TIMESTAMP_BITS, name="clock/rises")
    cs.assert_equal(new * (1 << COUNTER_BITS) + number, clock, name="clock/is_port")
    elapsed = minimum(cs, new - old, MAX_ELAPSED_S, TIMESTAMP_BITS, name="clock/elapsed")
    return Clock(old * (1 << COUNTER_BITS) + number - 1, elapsed)


def _hear_oracle(cs: ConstraintSystem, params: OpenParams, before: Before, tables: Tables) -> list[Signer]:
    """Return the signers. Their times after go into the state, and whether the batch is stale into the tables."""
    signers = []
    for i in range(ORACLE_COUNT):
        with cs.scope(f"oracle[{i}]"):
            signer = open_message(
                cs,
                params.oracle_keys[i],
                before.signer_times[i],
                domain=params.domain,
                timestamp=tables.timestamp,
                max_age=params["oracle_max_age_s"],
            )
        signers.append(signer)
    cs.assert_equal(is_stale(cs, signers, name="stale"), tables.stale, name="stale/is_port")
    times = poseidon(cs, [signer.time_after for signer in signers], tags.ORACLE, name="oracle_after")
    cs.assert_equal(times, cs.port("oracle_hash"), name="oracle_after/is_port")
    for i, signer in enumerate(signers):
        cs.assert_equal(signer.time_after, cs.port(f"signer_time[{i}]"), name=f"oracle[{i}]/time_after/is_port")
    return signers


def _step_factors(cs: ConstraintSystem, before: Before, timestamp: LC, outset: Outset) -> tuple[LC, LC]:
    """Return the factors of initial and of maintenance fractions."""
    with cs.scope("factor"):
        found = compute_factor(cs, before.congestion, name="found")
        waiting = MaintenanceFactor(before.maintenance_factor, before.pending_factor, before.pending_since)
        after = step_maintenance_factor(cs, waiting, found, timestamp)
        for value, name in (
            (after.factor, "maintenance_factor"),
            (after.pending, "pending_factor"),
            (after.since, "pending_since"),
        ):
            cs.assert_equal(value, getattr(outset, name), name=f"{name}/is_port")
    return found, after.factor


def _set_prices(
    cs: ConstraintSystem,
    m: int,
    rules: dict[str, LC],
    before: Before,
    tables: Tables,
    signers: Sequence[Signer],
    elapsed: LC,
) -> tuple[LC, LC]:
    """Return a market's mark and funding index, which the tables are to hold."""
    mark = compute_mark(
        cs,
        signers,
        m,
        mark_before=before.marks[m],
        max_move_ppm=rules["max_move_ppm"],
        elapsed=elapsed,
        open_interest=before.open_interest[m],
    )
    assert_in_range(cs, mark, PRICE_BITS, name="mark")
    cs.assert_equal(mark, tables.mark[m], name="mark/is_port")
    index = step_funding_index(cs, before.funding[m], before.premiums[m], rules["funding_clamp_ppm"], mark, elapsed)
    cs.assert_equal(index, tables.funding[m], name="index/is_port")
    return mark, index


def _set_weights(
    cs: ConstraintSystem,
    m: int,
    rules: dict[str, LC],
    before: Before,
    tables: Tables,
    mark: LC,
    factors: tuple[LC, LC],
) -> None:
    """Constrain the weights in the tables: prices times the fractions in effect."""
    bounds = (rules["oi_low_usd"], rules["oi_high_usd"])
    scaled = scale_initial(cs, rules["initial_ppm"], before.open_interest[m], mark, *bounds, name="scaled")
    initial = raise_fraction(cs, scaled, factors[0], name="initial")
    maintenance = raise_fraction(cs, rules["maintenance_ppm"], factors[1], name="maintenance")
    cs.assert_product(mark, initial, tables.initial_weight[m], name="initial_weight")
    weight = cs.mul(mark, maintenance, name="maintenance_weight")
    cs.assert_equal(weight, tables.maintenance_weight[m], name="maintenance_weight/is_port")
    # positive: neither a mark nor a maintenance fraction may vanish, else a position would need no margin
    assert_nonzero(cs, weight, name="maintenance_weight/positive")
    penalty = rules["liquidation_fee_ppm"]
    cs.assert_product(tables.clearing_price[m], penalty, tables.penalty_weight[m], name="penalty_weight")


def _set_fees(cs: ConstraintSystem, params: OpenParams, before: Before, tables: Tables, elapsed: LC) -> None:
    """Constrain what the tables say of fees and rent, and the fund's budget: all from the state before."""
    for t, fee in enumerate(params.each("taker_fee_ppm", TIER_COUNT)):
        cs.assert_equal(fee, tables.taker_fee_ppm[t], name=f"taker_fee_ppm[{t}]/is_port")
    for t, fee in enumerate(params.maker_fees_ppm):
        cs.assert_equal(fee, tables.maker_fee_ppm[t], name=f"maker_fee_ppm[{t}]/is_port")
    cs.assert_equal(params.domain, tables.domain, name="domain/is_port")
    for name, units in (("order_fee_e6", ORDER_FILL), ("cash_fee_e6", CASH_OPERATION), ("leaf_fee_e6", LEAF)):
        fee = compute_fee_e6(cs, before.base_fees, units, name=name)
        cs.assert_equal(fee, getattr(tables, name), name=f"{name}/is_port")
    rent = compute_rent_rate(cs, before.base_fees[STATE], params["rent_period_s"], name="rent_rate")
    cs.assert_equal(rent, tables.rent_rate, name="rent_rate/is_port")
    budget = refill_fund_budget(cs, before.fund_budget, params["fund_rate_usd"], elapsed, name="fund_budget")
    cs.assert_equal(budget, cs.port("fund_budget"), name="fund_budget/is_port")
    cs.assert_equal(params["fund_band_ppm"], cs.port("fund_band_ppm"), name="fund_band_ppm/is_port")


def _hand_over(cs: ConstraintSystem, params: OpenParams, before: Before, outset: Outset, elapsed: LC) -> None:
    """Constrain what the close starts from, but for what this batch's hashes and factors are."""
    with cs.scope("outset"):
        for m in range(MARKET_COUNT):
            cs.assert_equal(before.premiums[m], outset.premium[m], name=f"premium[{m}]")
            cs.assert_equal(before.open_interest[m], outset.open_interest[m], name=f"open_interest[{m}]")
            cs.assert_equal(params.markets[m]["impact_lots"], outset.impact_lots[m], name=f"impact_lots[{m}]")
        for r in range(RESOURCE_COUNT):
            cs.assert_equal(before.base_fees[r], outset.base_fee[r], name=f"base_fee[{r}]")
            cs.assert_product(params[f"target_per_s[{r}]"], elapsed, outset.target[r], name=f"target[{r}]")
            cs.assert_equal(params[f"min_base_fee[{r}]"], outset.min_base_fee[r], name=f"min_base_fee[{r}]")
        cs.assert_equal(elapsed, outset.elapsed, name="elapsed")
        cs.assert_equal(params["funding_window_s"], outset.funding_window, name="funding_window")
        cs.assert_equal(params["congestion_window_s"], outset.congestion_window, name="congestion_window")
        cs.assert_equal(before.congestion, outset.congestion, name="congestion")

"""The tick: once a batch, before the lanes. Opens the old state and the parameters, sets the prices and the tables."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bits import assert_in_range, assert_nonzero, from_bits
from circuits.inputs import private_bits
from circuits.linear import LC, sum_lc
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup import tags
from rollup.units import COUNTER_BITS, MARKET_COUNT, PPM, PPM_BITS, PRICE_BITS, TIER_COUNT, TIMESTAMP_BITS

# band_ppm * mark < 2**68 and |p* - mark| * 10**6 < 2**68: their difference is below 2**69 in magnitude
BAND_BITS = 69


def build_tick(cs: ConstraintSystem) -> None:
    """Record the tick.

    Ports: table/..; old_state_root, params_hash, clock (public); accounts_root, queue, vault (of the old state);
    markets_hash (after), resources_hash, oracle_hash.
    """
    tables = table_ports(cs)
    _open_params(cs, tables)
    _set_prices(cs, tables)
    old_clock = _advance_clock(cs, tables.timestamp, cs.port("clock"))
    marks_before = [cs.private(f"mark_before[{m}]") for m in range(MARKET_COUNT)]
    premiums = [cs.private(f"premium_before[{m}]") for m in range(MARKET_COUNT)]
    open_interest = [cs.private(f"open_interest_before[{m}]") for m in range(MARKET_COUNT)]
    rest = (tables.funding, premiums, open_interest)
    markets_before = _hash_markets(cs, marks_before, *rest, name="markets_before")
    markets = _hash_markets(cs, tables.mark, *rest, name="markets_after")
    cs.assert_equal(markets, cs.port("markets_hash"), name="markets_after/is_port")
    records = [cs.port("accounts_root"), markets_before, cs.port("resources_hash"), cs.port("oracle_hash")]
    fields = [*records, cs.port("queue"), cs.port("vault"), old_clock]
    old_root = poseidon(cs, fields, tags.STATE, name="old_state_root")
    cs.assert_equal(old_root, cs.port("old_state_root"), name="old_state_root/is_public")


def _open_params(cs: ConstraintSystem, tables: Tables) -> None:
    """Constrain the weights and fees in the tables to the parameters behind the public `params_hash`.

    Every packed field is made of its own 20 bits, so the packed words open in one way only.
    """
    chain = [cs.private(f"params/{field}") for field in ("chain_id", "contract", "version")]
    domain = poseidon(cs, chain, tags.DOMAIN, name="params/domain")
    cs.assert_equal(domain, tables.domain, name="params/domain/is_port")
    packed = []
    for m in range(MARKET_COUNT):
        with cs.scope(f"market[{m}]"):
            initial, maintenance, penalty, band = (
                from_bits(private_bits(cs, f"{part}_ppm", PPM_BITS))
                for part in ("initial", "maintenance", "liquidation_fee", "band")
            )
            move, clamp = cs.private("max_move_ppm"), cs.private("funding_clamp_ppm")
            risk = initial + maintenance * 2**20 + penalty * 2**40 + band * 2**60 + move * 2**80 + clamp * 2**100
            packed.append(risk)
            mark, price = tables.mark[m], tables.clearing_price[m]
            cs.assert_product(mark, initial, tables.initial_weight[m], name="initial_weight")
            cs.assert_product(mark, maintenance, tables.maintenance_weight[m], name="maintenance_weight")
            cs.assert_product(price, penalty, tables.penalty_weight[m], name="penalty_weight")
            # positive: neither a mark nor a maintenance fraction may vanish, else a position would need no margin
            assert_nonzero(cs, tables.maintenance_weight[m], name="maintenance_weight/positive")
            _assert_in_band(cs, mark, price, band)
    words = []
    for name, offset in (("taker_fee_ppm", 0), ("maker_fee_ppm", PPM)):
        n_bits = PPM_BITS + (offset > 0)
        fees = [from_bits(private_bits(cs, f"params/{name}[{t}]", n_bits)) for t in range(TIER_COUNT)]
        for t, fee in enumerate(fees):
            cs.assert_equal(fee - offset, getattr(tables, name)[t], name=f"params/{name}[{t}]/is_port")
        words.append(sum_lc([fee * (1 << (n_bits * t)) for t, fee in enumerate(fees)]))
    risk_hash = poseidon(cs, packed, tags.MARKET_PARAMS, name="params/risk")
    others = [cs.private(f"params/{name}") for name in ("sizes_hash", "fees[0]", "fees[1]", "times", "keys_hash")]
    params_hash = poseidon(cs, [domain, *words, risk_hash, *others], tags.PARAMS, name="params/hash")
    cs.assert_equal(params_hash, cs.port("params_hash"), name="params/hash/is_public")


def _assert_in_band(cs: ConstraintSystem, mark: LC, price: LC, band_ppm: LC) -> None:
    """Constrain |p* - mark| * 10**6 <= band_ppm * mark. Constraints: 141, named band/..."""
    width = cs.mul(band_ppm, mark, name="band/width")
    away = (price - mark) * PPM
    assert_in_range(cs, width - away, BAND_BITS, name="band/above")
    assert_in_range(cs, width + away, BAND_BITS, name="band/below")


def _set_prices(cs: ConstraintSystem, tables: Tables) -> None:
    """Constrain marks and clearing prices to 48 bits. The marks are as given: the oracle comes with the full tick."""
    for m in range(MARKET_COUNT):
        assert_in_range(cs, tables.mark[m], PRICE_BITS, name=f"market[{m}]/mark")
        assert_in_range(cs, tables.clearing_price[m], PRICE_BITS, name=f"market[{m}]/clearing_price")
        assert_nonzero(cs, tables.clearing_price[m], name=f"market[{m}]/clearing_price/positive")


def _advance_clock(cs: ConstraintSystem, timestamp: LC, clock: LC) -> LC:
    """Return the old clock. Time rises strictly, the batch number by one, and both clocks open in one way only."""
    new = from_bits(private_bits(cs, "clock/timestamp", TIMESTAMP_BITS))
    old = from_bits(private_bits(cs, "clock/timestamp_before", TIMESTAMP_BITS))
    number = from_bits(private_bits(cs, "clock/batch_number", COUNTER_BITS))
    # a number of zero would make the old one -1, and the old clock that of an earlier second
    assert_nonzero(cs, number, name="clock/batch_number/positive")
    cs.assert_equal(new, timestamp, name="clock/timestamp/is_port")
    assert_in_range(cs, new - old - 1, TIMESTAMP_BITS, name="clock/rises")
    cs.assert_equal(new * (1 << COUNTER_BITS) + number, clock, name="clock/is_public")
    return old * (1 << COUNTER_BITS) + number - 1


def _hash_markets(
    cs: ConstraintSystem,
    marks: Sequence[LC],
    funding: Sequence[LC],
    premiums: Sequence[LC],
    open_interest: Sequence[LC],
    *,
    name: str,
) -> LC:
    """Return the hash of the market records. Constraints: 4 * 609 + 240."""
    columns = (("marks", marks), ("funding", funding), ("premiums", premiums), ("open_interest", open_interest))
    hashes = [poseidon(cs, values, tags.Tag[part.upper()], name=f"{name}/{part}") for part, values in columns]
    return poseidon(cs, hashes, tags.MARKETS, name=name)

"""Accounts, parameters, header: what their hashes cover, and their ranges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup import tags
from rollup.accounts import EMPTY_ACCOUNT, EMPTY_ORDERS, Account, build_account_tree, new_account_tree
from rollup.errors import ValueOutOfRange
from rollup.params import UNUSED_MARKET, MarketParams, Params, ParamsInvalid
from rollup.poseidon import poseidon
from rollup.shapes import BLOCK, SHAPES, SMALL, TINY, ShapeUnknown, get_shape
from rollup.state import Resources, make_genesis, pad_markets
from rollup.units import MARKET_COUNT
from tests.scenarios import PARAMS

sizes = st.tuples(*[st.integers(1 - 2**48, 2**48 - 1)] * MARKET_COUNT)
ACCOUNT = Account((1, 2), 3, 4, 5, 6, -7, tuple(range(-8, 8)), EMPTY_ORDERS, 9)


@given(sizes, st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_status_word_gives_signs_tier_and_nonce_back(sizes: tuple[int, ...], tier: int, cash_nonce: int) -> None:
    word = Account(sizes_lots=sizes, tier=tier, cash_nonce=cash_nonce).status_word
    assert [word >> market & 1 for market in range(MARKET_COUNT)] == [int(size < 0) for size in sizes]
    assert (word >> 16 & 7, word >> 19) == (tier, cash_nonce)


def test_leaf_hash_is_that_of_the_ten_fields_in_order() -> None:
    groups = [poseidon([abs(size) for size in part], tags.POSITIONS) for part in (range(-8, 0), range(8))]
    minus_seven = 21888242871839275222246405745257275088548364400416034343698204186575808495617 - 7
    fields = [1, 2, 3, ACCOUNT.status_word, 4, 9, minus_seven, EMPTY_ORDERS.root, *groups]
    assert ACCOUNT.leaf_hash() == poseidon(fields, tags.ACCOUNT)


@pytest.mark.parametrize(
    "change",
    [
        {"key": (1, 3)},
        {"owner": 1},
        {"epoch": 1},
        {"cash_nonce": 1},
        {"tier": 1},
        {"cash_atoms": 1},
        {"sizes_lots": (1, *[0] * 15)},
        {"sizes_lots": (-1, *[0] * 15)},
        {"orders": EMPTY_ORDERS.set(3, 1)},
        {"last_touched_s": 1},
    ],
)
def test_leaf_hash_depends_on_every_field(change: dict[str, object]) -> None:
    assert EMPTY_ACCOUNT.with_changes(**change).leaf_hash() != EMPTY_ACCOUNT.leaf_hash()


ACCOUNT_BOUNDS = {
    "owner": 2**160,
    "epoch": 2**32,
    "cash_nonce": 2**32,
    "tier": 8,
    "cash_atoms": 2**120,
    "last_touched_s": 2**40,
}


@pytest.mark.parametrize("field", ACCOUNT_BOUNDS)
def test_account_field_at_its_highest(field: str) -> None:
    assert getattr(EMPTY_ACCOUNT.with_changes(**{field: ACCOUNT_BOUNDS[field] - 1}), field) == ACCOUNT_BOUNDS[field] - 1


@pytest.mark.parametrize("field", ACCOUNT_BOUNDS)
def test_invalid_account_field_one_beyond(field: str) -> None:
    with pytest.raises(ValueOutOfRange):
        EMPTY_ACCOUNT.with_changes(**{field: ACCOUNT_BOUNDS[field]})


@pytest.mark.parametrize("sizes_lots", [(2**48, *[0] * 15), (-(2**48), *[0] * 15), (0,) * 15])
def test_invalid_account_sizes(sizes_lots: tuple[int, ...]) -> None:
    with pytest.raises(ValueOutOfRange):
        EMPTY_ACCOUNT.with_changes(sizes_lots=sizes_lots)


def test_params_are_padded_to_sixteen_markets() -> None:
    assert len(PARAMS.markets) == MARKET_COUNT
    assert PARAMS.markets[2:] == (UNUSED_MARKET,) * 14
    assert PARAMS.is_market_open(1)
    assert not any(PARAMS.is_market_open(market) for market in (-1, 2, 16))


def test_params_hash_opens_as_documented() -> None:
    market = PARAMS.markets[0]
    risk = 50_000 + 30_000 * 2**20 + 10_000 * 2**40 + 50_000 * 2**60 + 10**6 * 2**80
    assert market.risk_word == risk
    assert market.size_word == 1 + (2**48 - 2) * 2**48 + (2**48 - 1) * 2**96
    domain = poseidon([PARAMS.chain_id, PARAMS.contract, PARAMS.version], tags.DOMAIN)
    taker = sum(fee * 2 ** (20 * tier) for tier, fee in enumerate(PARAMS.taker_fee_ppm))
    maker = sum((fee + 10**6) * 2 ** (21 * tier) for tier, fee in enumerate(PARAMS.maker_fee_ppm))
    risks = poseidon([market.risk_word for market in PARAMS.markets], tags.MARKET_PARAMS)
    sizes = poseidon([market.size_word for market in PARAMS.markets], tags.MARKET_SIZES)
    targets = sum(target * 2 ** (32 * i) for i, target in enumerate(PARAMS.target_per_s))
    fund = PARAMS.fund_band_ppm * 2**96 + PARAMS.fund_rate_usd * 2**116
    minima = sum(fee * 2 ** (64 * i) for i, fee in enumerate(PARAMS.min_base_fee))
    windows = PARAMS.funding_window_s * 2**32 + PARAMS.congestion_window_s * 2**48
    times = PARAMS.oracle_max_age_s + windows + PARAMS.rent_period_s * 2**64
    keys = poseidon([axis for key in PARAMS.oracle_keys for axis in key], tags.ORACLE_KEYS)
    record = [domain, taker, maker, risks, sizes, targets + fund, minima, times, keys]
    assert PARAMS.params_hash == poseidon(record, tags.PARAMS)


@pytest.mark.parametrize(
    ("field", "by"),
    [
        *[(f"{part}_ppm", -1) for part in ("initial", "maintenance", "liquidation_fee", "band", "max_move")],
        *[("funding_clamp_ppm", 1), ("impact_lots", 1), ("oi_low_usd", -1), ("oi_high_usd", -1)],
    ],
)
def test_params_hash_depends_on_every_number_of_a_market(field: str, by: int) -> None:
    market = replace(PARAMS.markets[0], oi_low_usd=5, oi_high_usd=9)
    params = replace(PARAMS, markets=(market,))
    other = replace(PARAMS, markets=(replace(market, **{field: getattr(market, field) + by}),))
    assert other.params_hash != params.params_hash


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1},
        {"contract": 1},
        {"version": 2},
        {"taker_fee_ppm": (*PARAMS.taker_fee_ppm[:7], 0)},
        {"maker_fee_ppm": (*[0] * 7, -1)},
        {"target_per_s": (10**6, 10**6, 1)},
        {"min_base_fee": (0, 0, 1)},
        {"fund_band_ppm": 1},
        {"fund_rate_usd": 1},
        {"oracle_keys": PARAMS.oracle_keys[::-1]},
        {"oracle_max_age_s": 61},
        {"funding_window_s": 1},
        {"congestion_window_s": 1},
        {"rent_period_s": 1},
    ],
)
def test_params_hash_depends_on_every_field(change: dict[str, object]) -> None:
    assert replace(PARAMS, **change).params_hash != PARAMS.params_hash


@pytest.mark.parametrize(
    "change",
    [
        {"initial_ppm": 10**6 + 1},
        {"initial_ppm": 29_999},  # below maintenance
        {"maintenance_ppm": 0},
        {"liquidation_fee_ppm": -1},
        {"band_ppm": 10**6 + 1},
        {"size_decimals": 7},  # 7 + 6 is not 12
        {"max_move_ppm": 10**6 + 1},
        {"funding_clamp_ppm": -1},
        {"impact_lots": 0},
        {"impact_lots": 2**48},
        {"oi_low_usd": 2**48 - 1},  # nothing is above it
        {"oi_low_usd": 5, "oi_high_usd": 5},
        {"oi_high_usd": 2**48},
    ],
)
def test_invalid_market_params(change: dict[str, int]) -> None:
    with pytest.raises(ParamsInvalid):
        replace(PARAMS.markets[0], **change)


@pytest.mark.parametrize(
    "change",
    [
        {"contract": 2**160},
        {"chain_id": -1},
        {"taker_fee_ppm": (1,) * 7},
        {"taker_fee_ppm": (10**6 + 1,) * 8},
        {"maker_fee_ppm": (-(10**6) - 1,) * 8},
        {"target_per_s": (0, 1, 1)},  # nothing could be in proportion to it
        {"target_per_s": (1, 1)},
        {"min_base_fee": (0, 0, 2**64)},
        {"fund_band_ppm": 10**6 + 1},
        {"fund_rate_usd": 2**48},
        {"oracle_keys": PARAMS.oracle_keys[:2]},
        {"oracle_keys": ((1, 1), *PARAMS.oracle_keys[1:])},  # not on the curve
        {"oracle_keys": (PARAMS.oracle_keys[0], *PARAMS.oracle_keys[:2])},  # one signer in two places
        {"oracle_keys": (PARAMS.oracle_keys[0],) * 3},
        {"oracle_keys": ((0, 1), PARAMS.oracle_keys[1], PARAMS.oracle_keys[1])},
        {"oracle_max_age_s": 2**32},
        {"funding_window_s": 0},
        {"funding_window_s": 2**16},
        {"congestion_window_s": 0},
        {"rent_period_s": 0},
    ],
)
def test_invalid_params(change: dict[str, object]) -> None:
    with pytest.raises(ParamsInvalid):
        replace(PARAMS, **change)


@pytest.mark.parametrize("absent", range(4))
def test_params_without_signers_for_some_places(absent: int) -> None:
    keys = (*((0, 1),) * absent, *PARAMS.oracle_keys[absent:])[:3]
    assert replace(PARAMS, oracle_keys=keys).oracle_keys == keys


def test_invalid_params_say_how_many_oracle_keys_differ() -> None:
    with pytest.raises(ParamsInvalid) as raised:
        replace(PARAMS, oracle_keys=(PARAMS.oracle_keys[2],) * 3)
    assert str(raised.value) == "number of distinct oracle_keys is 1, expected 3 to 3"


def test_invalid_params_with_seventeen_markets() -> None:
    market = MarketParams("X", 6, 6, 1, 1, 0, 0)
    assert len(Params(1, 2, 3, (0,) * 8, (market,) * 16).markets) == 16
    with pytest.raises(ParamsInvalid):
        Params(1, 2, 3, (0,) * 8, (market,) * 17)


def test_state_root_opens_as_documented() -> None:
    header = make_genesis((25, 4000), 1_000).header
    zeros = [poseidon([0] * 16, tag) for tag in (tags.FUNDING, tags.PREMIUMS, tags.OPEN_INTEREST)]
    markets = poseidon([poseidon(header.marks_ticks, tags.MARKS), *zeros], tags.MARKETS)
    resources = poseidon([0, 0, 0, 0, 10**6, 10**6, 0, 0], tags.RESOURCES)
    records = [header.accounts_root, markets, resources, poseidon([0] * 3, tags.ORACLE)]
    assert header.state_root == poseidon([*records, 0, 0, 1_000 * 2**32], tags.STATE)


@pytest.mark.parametrize(
    "change",
    [
        {"accounts_root": 1},
        {"marks_ticks": (26, *[1] * 15)},
        {"funding_index": (-1, *[0] * 15)},
        {"premiums": (0, -1, *[0] * 14)},
        {"open_interest_lots": (0, 1, *[0] * 14)},
        {"resources": Resources(congestion_ppm=1)},
        {"signer_times_s": (0, 0, 1)},
        {"queue_consumed": 1},
        {"vault_e6": 1},
        {"timestamp_s": 1_001},
        {"batch_number": 1},
    ],
)
def test_state_root_depends_on_every_field(change: dict[str, object]) -> None:
    header = make_genesis((25,), 1_000).header
    changed = replace(header, **change)
    changed.check()
    assert changed.state_root != header.state_root


@pytest.mark.parametrize(
    "change",
    [
        {"marks_ticks": (0, *[1] * 15)},
        {"marks_ticks": (2**48, *[1] * 15)},
        {"marks_ticks": (1,) * 15},
        {"funding_index": (2**72, *[0] * 15)},
        {"funding_index": (-(2**72), *[0] * 15)},
        {"premiums": (10**12 + 1, *[0] * 15)},
        {"premiums": (-(10**12) - 1, *[0] * 15)},
        {"open_interest_lots": (2**60, *[0] * 15)},
        {"open_interest_lots": (-1, *[0] * 15)},
        {"signer_times_s": (0, 0, 2**40)},
        {"signer_times_s": (0, 0)},
        {"resources": Resources((2**64, 0, 0))},
        {"resources": Resources(congestion_ppm=10**6 + 1)},
        {"resources": Resources(maintenance_factor_ppm=10**6 - 1)},
        {"resources": Resources(pending_factor_ppm=2 * 10**6 + 1)},
        {"resources": Resources(pending_since_s=2**40)},
        {"resources": Resources(fund_budget=2**88)},
        {"queue_consumed": 2**32},
        {"vault_e6": -1},
        {"timestamp_s": 2**40},
        {"batch_number": 2**32},
    ],
)
def test_invalid_header_field_out_of_range(change: dict[str, object]) -> None:
    with pytest.raises(ValueOutOfRange):
        replace(make_genesis((25,), 1_000).header, **change).check()


def test_invalid_pad_of_seventeen_markets() -> None:
    assert pad_markets((1,) * 16, 0) == (1,) * 16
    with pytest.raises(ValueOutOfRange):
        pad_markets((1,) * 17, 0)


def test_shapes_hold_the_orders_they_are_named_for() -> None:
    assert [shape.max_orders for shape in (TINY, SMALL, BLOCK)] == [6, 18, 86]
    assert all(get_shape(name).name == name for name in SHAPES)


def test_invalid_shape_name() -> None:
    with pytest.raises(ShapeUnknown) as raised:
        get_shape("huge")
    assert raised.value.known == ("tiny", "small", "block")


def test_leaves_hashed_together_are_those_hashed_alone() -> None:
    changes = [{}, {"sizes_lots": (0,) * 9 + (-5,) + (0,) * 6}, {"cash_atoms": -7, "sizes_lots": (3,) + (0,) * 15}]
    accounts = {
        index + 2: Account(key=(1, 2), owner=3, orders=EMPTY_ORDERS.set(index, 9), **change)  # type: ignore[arg-type]
        for index, change in enumerate(changes)
    }
    alone = {index: replace(account).leaf_hash() for index, account in accounts.items()}
    tree = build_account_tree(accounts)
    assert {index: account.leaf_hash() for index, account in accounts.items()} == alone
    assert dict(tree.items()) == alone
    one_by_one = new_account_tree()
    for index, leaf in alone.items():
        one_by_one = one_by_one.set(index, leaf)
    assert tree.root == one_by_one.root

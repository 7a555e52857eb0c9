"""From a tape to slices, ticks and lots; and the cast of a replay."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.oracle import pick_usable
from rollup.shapes import BLOCK, SMALL, TINY, Shape
from rollup.signature_cache import SignatureCache
from sequencer.cast import make_cast
from sequencer.errors import OptionInvalid
from sequencer.market import compute_price_ticks, compute_size_lots, cut_slices, make_params
from sequencer.oracle_feed import make_signers, sign_prices
from sequencer.settlement.people import Deployment
from sequencer.tape import PRICE_E9, Trade


def make_trades(n: int, step_ms: int = 700) -> list[Trade]:
    return [Trade(1_760_130_000_000 + i * step_ms, i % 2 == 0, 25 * PRICE_E9 + i, 1 + i % 5) for i in range(n)]


@given(n_trades=st.integers(1, 300), n_batches=st.integers(1, 300), step_ms=st.integers(0, 2000))
def test_slices_hold_every_trade_once_and_time_rises(n_trades: int, n_batches: int, step_ms: int) -> None:
    trades = make_trades(n_trades, step_ms)
    slices = cut_slices(trades, min(n_batches, n_trades))
    assert [trade for part in slices for trade in part.trades] == trades
    assert all(part.trades for part in slices)
    times = [part.timestamp_s for part in slices]
    assert all(earlier < later for earlier, later in pairwise(times))


@pytest.mark.parametrize("n_batches", [0, 11])
def test_invalid_number_of_batches(n_batches: int) -> None:
    with pytest.raises(OptionInvalid):
        cut_slices(make_trades(10), n_batches)


def test_price_in_ticks_is_floored() -> None:
    assert [compute_price_ticks(price_e9) for price_e9 in (1_000, 1_999, 24_980_000_000)] == [1, 1, 24_980_000]


@pytest.mark.parametrize("price_e9", [999, 2**48 * 1_000])
def test_invalid_price_beyond_what_ticks_hold(price_e9: int) -> None:
    with pytest.raises(OptionInvalid):
        compute_price_ticks(price_e9)


@given(contracts=st.integers(1, 10**6), price_ticks=st.integers(1, 2**40))
def test_lots_are_worth_their_contracts_to_less_than_one_lot(contracts: int, price_ticks: int) -> None:
    lots, face_value = compute_size_lots(contracts, price_ticks), contracts * 10 * 10**12
    assert lots == 1 or lots * price_ticks <= face_value < (lots + 1) * price_ticks


def test_params_fit_together() -> None:
    keys = tuple(signer.public_key for signer in make_signers(seed=1))
    params = make_params(keys, Deployment(1, 2))
    market = params.markets[0]
    assert market.size_decimals + market.price_decimals == 12
    assert market.maintenance_ppm < market.initial_ppm
    assert params.oracle_keys == keys
    assert (params.chain_id, params.contract) == (1, 2)


def test_oracle_signs_what_a_batch_can_use() -> None:
    signers = make_signers(seed=7)
    params = make_params(tuple(signer.public_key for signer in signers), Deployment(1, 2))
    messages = sign_prices(signers, (25, 4_000), 1_000, params.domain)
    assert pick_usable(messages, params, (0, 0, 0), 1_000, SignatureCache()) == messages
    assert {message.prices_ticks for message in messages} == {(25, 4_000, *[1] * 14)}
    assert make_signers(seed=7) == signers
    assert make_signers(seed=8)[0].private_key != signers[0].private_key


@pytest.mark.parametrize(("shape", "n_makers"), [(TINY, 2), (SMALL, 3), (BLOCK, 4)])
def test_cast_has_a_maker_for_each_wide_lane(shape: Shape, n_makers: int) -> None:
    cast = make_cast(shape, n_makers + 3, seed=1)
    assert [participant.is_maker for participant in cast] == [True] * n_makers + [False] * 3
    assert len({participant.public_key for participant in cast}) == len(cast)


def test_cast_depends_on_nothing_but_the_seed() -> None:
    assert make_cast(TINY, 3, seed=7) == make_cast(TINY, 3, seed=7)
    assert make_cast(TINY, 3, seed=7)[0].private_key != make_cast(TINY, 3, seed=8)[0].private_key


@pytest.mark.parametrize("n_accounts", [0, 1, 2**21])
def test_invalid_number_of_accounts(n_accounts: int) -> None:
    with pytest.raises(OptionInvalid):
        make_cast(TINY, n_accounts, seed=1)

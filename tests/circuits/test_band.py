"""What orders read of the auction agrees with `rollup.auction`: the band, its edges, the packed word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.band import open_auction
from circuits.determinism import analyse
from circuits.system import ConstraintSystem, Lie
from rollup.auction import Edges, compute_band, compute_edges, pack_auction_word
from rollup.rationing import Rationing
from rollup.units import PPM
from tests.circuits.forging import tell

marks = st.sampled_from([1, 19, 20, 2**48 - 1]) | st.integers(1, 2**48 - 1) | st.integers(1, 1_000)
bands = st.sampled_from([0, 1, 50_000, PPM]) | st.integers(0, PPM)
sides = st.builds(
    Rationing,
    side=st.integers(0, 1),
    marginal_lots=st.integers(0, 2**48 - 1),
    marginal_remaining=st.integers(0, 2**48 - 1),
    cutoff=st.integers(0, 2**16 - 1),
)


def run_auction(
    mark: int, price: int, band_ppm: int, rationing: Rationing, edges: Edges, lies: dict[str, Lie] | None = None
) -> ConstraintSystem:
    """Return the system in which a market's auction was opened with these edges in its word."""
    cs = ConstraintSystem({"cutoff": rationing.cutoff, "rationed_side": rationing.side}, lies=lies)
    wires = map(cs.witness, (mark, price, band_ppm))
    lots, remaining = cs.witness(rationing.marginal_lots), cs.witness(rationing.marginal_remaining)
    open_auction(cs, *wires, word=cs.witness(pack_auction_word(rationing, edges)), lots=lots, remaining=remaining)
    return cs


@settings(max_examples=200)
@given(mark=marks, band_ppm=bands, rationing=sides, data=st.data())
def test_prices_in_the_band_and_their_edges_agree_with_the_model(
    mark: int, band_ppm: int, rationing: Rationing, data: st.DataObject
) -> None:
    lowest, highest = compute_band(mark, band_ppm)
    price = data.draw(st.integers(lowest, highest) | st.sampled_from([lowest, highest, mark]))
    edges = compute_edges(price, mark, band_ppm)
    cs = run_auction(mark, price, band_ppm, rationing, edges)
    assert cs.first_unsatisfied() is None
    assert analyse(cs).free == ()
    for other in (Edges(not edges.at_high, edges.at_low), Edges(edges.at_high, not edges.at_low)):
        assert run_auction(mark, price, band_ppm, rationing, other).unsatisfied() == ["auction_word"]


@given(mark=marks, band_ppm=bands, beyond=st.integers(1, 3), side=st.sampled_from([1, -1]))
def test_invalid_price_outside_the_band(mark: int, band_ppm: int, beyond: int, side: int) -> None:
    lowest, highest = compute_band(mark, band_ppm)
    price = highest + beyond if side > 0 else lowest - beyond
    edges = Edges(side > 0, side < 0)
    if 0 <= price < 2**48:
        assert run_auction(mark, price, band_ppm, Rationing(), edges).unsatisfied()


@pytest.mark.parametrize(
    ("price", "told", "broken"),
    [
        (1_049, 1, "band/above/less_than_a_tick/zeros"),  # a tick of room: not the edge
        (1_050, 0, "band/above/sum"),  # the edge
        (1_050, 2, "band/above/is_edge"),
    ],
)
def test_invalid_edge_from_a_lie(price: int, told: int, broken: str) -> None:
    edges = Edges(bool(told), False)
    cs = run_auction(1_000, price, 50_000, Rationing(), edges, {"band/above/edge": tell(told)})
    assert cs.unsatisfied()[0].startswith(broken)


def test_count() -> None:
    assert run_auction(1_000, 1_000, 0, Rationing(), Edges(True, True)).n_constraints == 317

"""What is left out of a batch changes nothing of it where `covers` says so; and it is most of the book."""

from __future__ import annotations

from random import Random

import pytest

from rollup.audit import check_batch
from rollup.shapes import Shape
from sequencer.node.risk_tick import MARGINS, WHOLE_BOOK
from tests.node.wide_books import Pair, WideBook


def run(
    seed: int, margins: tuple[int, ...] = (*MARGINS, WHOLE_BOOK), shape: Shape | None = None
) -> tuple[WideBook, Pair]:
    random = Random(seed)
    book = WideBook(random, random.choice([3, 20, 60]), **({"shape": shape} if shape else {}))
    book.send(random.choice([20, 60, 120]))
    return book, book.build(book.draw_cash(), random.choice([0, 0, 1, -40, 35]), margins)


def is_same(pair: Pair) -> bool:
    whole, chosen = pair.whole, pair.chosen.result
    return (whole.trace, whole.changed, whole.fills, whole.rescue) == (
        chosen.trace,
        chosen.changed,
        chosen.fills,
        chosen.rescue,
    )


@pytest.mark.parametrize("first", range(0, 120, 12))
def test_what_is_left_out_changes_nothing(first: int) -> None:
    for seed in range(first, first + 12):
        _, pair = run(seed)
        check_batch(pair.chosen.result.trace)
        assert pair.chosen.is_whole or pair.chosen.selection.is_cut, seed
        assert is_same(pair) or not pair.chosen.is_whole, seed


def test_most_of_a_wide_book_is_left_out_and_seldom_is_a_batch_built_twice() -> None:
    n_resting = n_offered = n_builds = n_batches = 0
    for seed in range(30):
        wide = WideBook(Random(seed), 60)
        wide.send(150)
        chosen = wide.build([], 0).chosen
        if not chosen.selection.is_cut:
            n_resting, n_offered = n_resting + len(wide.orders), n_offered + chosen.selection.n_orders
            n_builds, n_batches = n_builds + chosen.n_builds, n_batches + 1
    assert n_batches > 10
    assert n_offered < n_resting
    assert n_builds < 3 * n_batches


def test_without_a_margin_some_batches_are_other_ones_and_covers_knows() -> None:
    pairs = [run(seed, (0,))[1] for seed in range(40)]
    others = [pair for pair in pairs if not is_same(pair)]
    assert others
    assert not any(pair.chosen.is_whole for pair in others)
    assert any(pair.chosen.is_whole and not pair.chosen.selection.is_all for pair in pairs)


@pytest.mark.parametrize("seed", range(12))
def test_where_lanes_are_few_the_oldest_of_both_sides_are_offered(seed: int) -> None:
    shape = Shape("narrow", (1, 1, 1, 2), 2, (2,), 3)
    wide, pair = run(seed, shape=shape)
    selection, result = pair.chosen.selection, pair.chosen.result
    check_batch(result.trace)
    if selection.is_cut:
        assert not pair.chosen.is_whole
        assert selection.n_orders <= shape.max_orders * 3 // 2 + len(selection.eager) * 20
        assert len(result.fills) + len(result.liquidations) > 0
    assert len(wide.orders) > selection.n_orders or selection.is_all


def test_cut_happens_in_the_narrow_shape() -> None:
    shape = Shape("narrow", (1, 1, 1, 2), 2, (2,), 3)
    assert sum(run(seed, shape=shape)[1].chosen.selection.is_cut for seed in range(12)) >= 5

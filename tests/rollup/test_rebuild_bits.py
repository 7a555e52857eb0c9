"""One bit of what was published turned: refused, or another root, but for what no state depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rollup.orders import REDUCE_ONLY
from rollup.queue_events import QueueEntryMissing
from rollup.rebuild import apply_record, apply_segment
from rollup.rebuild_rules import BatchOutOfOrder, RecordMisfit
from rollup.records import CASH_WORDS, FILL_WORDS, FUND_WORDS, HEADER_WORDS, RESCUE_WORDS, TURN_WORDS
from rollup.segment import ELEMENT_BITS
from rollup.shapes import Shape
from rollup.state import State
from tests.published import Seen
from tests.rollup.rebuild_scenes import get_day
from tests.rollup.record_strategies import records

N_FLIPS = 40  # a batch


def list_fields(shape: Shape) -> Iterator[tuple[str, int]]:
    """Yield name and width of every field of a segment, in order."""
    lanes = [("header", HEADER_WORDS)]
    lanes += [(f"cash[{i}]", CASH_WORDS) for i in range(shape.cash_lanes)]
    lanes += [(f"rescue[{i}]", RESCUE_WORDS) for i in range(shape.rescue_lanes)]
    for i, capacity in enumerate(shape.order_capacities):
        lanes.append((f"turn[{i}]", TURN_WORDS))
        lanes += [(f"turn[{i}].fills[{place}]", FILL_WORDS) for place in range(capacity)]
    for lane, words in [*lanes, ("fund", FUND_WORDS)]:
        for word in words:
            yield from ((f"{lane}.{name}", n_bits) for name, n_bits in word.fields)


def list_bits(shape: Shape) -> list[tuple[str, int]]:
    """Return the field, and the place in it, of every bit of a segment."""
    return [(name, bit) for name, n_bits in list_fields(shape) for bit in range(n_bits)]


def flip(elements: Sequence[int], bit: int) -> list[int]:
    turned = list(elements)
    turned[bit // ELEMENT_BITS] ^= 1 << bit % ELEMENT_BITS
    return turned


def is_idle(scene: Seen, field: str, bit: int) -> bool:
    """Whether the state after the batch does not depend on the bit: only the blob's commitment covers it."""
    record, (lane, _, name) = scene.record, field.rpartition(".")
    fills = {f"turn[{i}].fills[{k}]": f for i, turn in enumerate(record.turns) for k, f in enumerate(turn.fills)}
    traded = {fill.market for fill in fills.values() if fill.lots}
    if name.startswith("clearing_price_ticks"):
        return int(name.split("[")[1][:-1]) not in traded  # no premium, no fill at it
    if name == "stale":
        return True  # what may not happen without prices is not in the data
    if name == "tip_e6":
        return is_later_fill(scene, lane)
    return name == "flags" and 1 << bit == REDUCE_ONLY and fills[lane].lots > 0 and not fills[lane].is_liquidation


def is_later_fill(scene: Seen, lane: str) -> bool:
    """Whether the order of a place was filled before: its tip is paid."""
    turn, place = (int(part.split("]")[0]) for part in lane.split("[")[1:])
    for fill in scene.result.trace.order_lanes[turn].fills:
        if fill.place == place:
            return fill.slot_before >> 48 == fill.order.nonce and fill.slot_before % 2**48 > 0
    return False


def try_rebuild(scene: Seen, elements: Sequence[int]) -> State | None:
    """Return the state, None where the data are refused by name."""
    try:
        published = replace(scene.published, elements=elements, state_root=None)
        return apply_segment(scene.before, scene.params, published, scene.events)
    except (RecordMisfit, BatchOutOfOrder, QueueEntryMissing):
        return None


def test_any_bit_turned_is_refused_or_leads_to_another_root() -> None:
    random, outcomes = Random(1), []
    for scene in get_day()[2:]:
        elements, bits = scene.published.elements, list_bits(scene.shape)
        for position in random.sample(range(len(elements) * ELEMENT_BITS), N_FLIPS):
            state = try_rebuild(scene, flip(elements, position))
            is_same = state is not None and state.state_root == scene.result.state.state_root
            field, bit = bits[position] if position < len(bits) else ("padding", 0)
            assert is_same == (field != "padding" and is_idle(scene, field, bit)), f"{field}, bit {bit}"
            outcomes.append("refused" if state is None else "same" if is_same else "other")
    assert min(map(outcomes.count, ("refused", "same", "other"))) > N_FLIPS // 2


def test_every_bit_of_a_used_lane_counts() -> None:
    scene = next(batch for batch in get_day()[2:] if any(turn.account for turn in batch.record.turns))
    used = [f"turn[{i}]" for i, turn in enumerate(scene.record.turns) if turn.account]
    used += [f"cash[{i}]" for i, lane in enumerate(scene.record.cash) if lane.kind]
    n_turned = 0
    for position, (field, bit) in enumerate(list_bits(scene.shape)):
        if field.split(".")[0] in used and not is_idle(scene, field, bit):
            state = try_rebuild(scene, flip(scene.published.elements, position))
            assert state is None or state.state_root != scene.result.state.state_root, f"{field}, bit {bit}"
            n_turned += 1
    assert n_turned > 200


@given(st.data())
def test_any_record_is_rebuilt_or_refused_by_name(data: st.DataObject) -> None:
    """Nothing that 31-byte elements can say ends in another error: an honest batch with lanes of any other in it."""
    scene = data.draw(st.sampled_from(get_day()))
    honest, other = scene.record, data.draw(records(scene.shape))
    names = ["cash", "rescue", "turns", "fund_fill", "clearing_prices_ticks", "signer_times_s", "is_stale"]
    changes = {name: getattr(other, name) for name in data.draw(st.sets(st.sampled_from(names), min_size=1))}
    for name in ("cash", "rescue", "turns"):
        if name in changes and data.draw(st.booleans()):
            lanes, keep = getattr(honest, name), data.draw(st.integers(0, len(changes[name])))
            changes[name] = (*lanes[:keep], *changes[name][keep:])
    with suppress(RecordMisfit, QueueEntryMissing):
        apply_record(scene.before, scene.params, replace(honest, **changes), scene.events)


@given(st.data())
def test_any_header_is_rebuilt_or_refused_by_name(data: st.DataObject) -> None:
    scene = data.draw(st.sampled_from(get_day()))
    other = data.draw(records(scene.shape))
    names = ["timestamp_s", "batch_number", "signer_times_s", "marks_ticks", "clearing_prices_ticks"]
    changes = {name: getattr(other, name) for name in data.draw(st.sets(st.sampled_from(names)))}
    with suppress(RecordMisfit, BatchOutOfOrder):
        apply_record(scene.before, scene.params, replace(scene.record, **changes), scene.events)


@given(st.lists(st.integers(0, 2**ELEMENT_BITS - 1), min_size=1, max_size=3), st.integers(0, 11))
def test_no_bytes_end_in_another_error(noise: list[int], position: int) -> None:
    scene = get_day()[position]
    elements = scene.published.elements
    try_rebuild(scene, [*elements[: -len(noise)], *noise])
    try_rebuild(scene, [*noise, *elements[len(noise) :]])

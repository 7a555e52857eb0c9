"""The Data template: agrees with the model whatever the words are, and refuses each forgery by the rule it breaks."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.data import commit_data, evaluate_bridge
from circuits.data_packing import element_of, pack_elements
from circuits.determinism import find_freedom
from circuits.published import publish_coordinate
from circuits.system import ConstraintSystem
from rollup.field import R
from rollup.public_inputs import POINT_BITS, compute_bridge_value, compute_data_commitment
from rollup.records import KEY_PART_BITS, KEY_PARTS
from rollup.segment import join_words
from tests.circuits.data_cases import BRIDGE_PORTS, WIDTHS, make_data_inputs, tell_words
from tests.circuits.data_forgeries import DATA, OUTPUTS, forge_data, get_honest_data
from tests.circuits.frame_cases import load_frame
from tests.circuits.refusals import assert_refusals_are_pinned

elements = st.integers(0, R - 1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(), z=st.integers(0, 2**POINT_BITS - 1), entries=st.integers(0, 5))
def test_public_outputs_agree_with_the_model(seed: int, z: int, entries: int) -> None:
    """Whatever was published and whatever crossed, the five public outputs are the model's."""
    rng = random.Random(seed)
    words = [rng.getrandbits(width) for width in WIDTHS]
    values = tell_words(get_honest_data()["liquidation"], words) | {"z": z}
    values |= {port: rng.randrange(R) for port in BRIDGE_PORTS}
    expected = make_data_inputs(values | {"queue_end": values["queue_start"] + entries})
    followed = load_frame(DATA).follow(expected | dict.fromkeys(OUTPUTS, 0), {}, OUTPUTS)
    assert {name: followed[name] for name in OUTPUTS} == {name: expected[name] for name in OUTPUTS}
    assert load_frame(DATA).find_broken(followed) == []


@pytest.mark.parametrize("n_words", [0, 1, 4, 15, 16, 17, 31, 32, 33, 50])
def test_data_of_any_length_are_committed_as_by_the_model(n_words: int) -> None:
    words = [R - 1 - i for i in range(n_words)]
    cs = ConstraintSystem()
    commitment = commit_data(cs, [cs.witness(word) for word in words])
    assert cs.value(commitment) == compute_data_commitment(words, []) == compute_data_commitment([], words)
    assert cs.first_unsatisfied() is None


@given(words=st.lists(elements, max_size=6), z=elements)
def test_bridge_value_agrees_with_the_model_and_with_the_sum(words: list[int], z: int) -> None:
    cs = ConstraintSystem()
    value = cs.value(evaluate_bridge(cs, [cs.witness(word) for word in words], cs.witness(z)))
    assert value == compute_bridge_value(words, z) == sum(w * pow(z, i + 1, R) for i, w in enumerate(words)) % R
    assert cs.first_unsatisfied() is None


@given(st.lists(st.integers(1, 53), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_words_are_packed_as_by_the_model(widths: list[int], rng: random.Random) -> None:
    words = [rng.getrandbits(width) for width in widths]
    cs = ConstraintSystem()
    packed = pack_elements(cs, [cs.witness(word) for word in words], widths)
    assert [cs.value(element_of(pieces)) for pieces in packed] == join_words(words, widths)
    assert cs.first_unsatisfied() is None


@given(st.sampled_from([0, 1, R - 1, 2**254 - R - 1, 2**254 - R]) | elements)
def test_coordinate_is_spelled_in_five_words(coordinate: int) -> None:
    parts = {f"data[{3 + i}]": coordinate >> i * KEY_PART_BITS & 2**KEY_PART_BITS - 1 for i in range(KEY_PARTS)}
    cs = ConstraintSystem(parts)
    publish_coordinate(cs, "x", cs.witness(coordinate))
    assert cs.first_unsatisfied() is None


def test_coordinate_spelled_with_r_on_top_reads_the_same() -> None:
    spelled = 5 + R
    parts = {f"data[{3 + i}]": spelled >> i * KEY_PART_BITS & 2**KEY_PART_BITS - 1 for i in range(KEY_PARTS)}
    n_bits = KEY_PARTS * KEY_PART_BITS
    lies = {"data/key_x/spelled": lambda _: [spelled >> i & 1 for i in range(n_bits)]}
    cs = ConstraintSystem(parts, lies=lies)
    publish_coordinate(cs, "x", cs.witness(5))
    assert cs.first_unsatisfied() is None
    assert sum(part << i * KEY_PART_BITS for i, part in enumerate(parts.values())) % R == 5


def test_invalid_coordinate_of_another_key() -> None:
    cs = ConstraintSystem({"data[3]": 6} | {f"data[{3 + i}]": 0 for i in range(1, KEY_PARTS)})
    publish_coordinate(cs, "x", cs.witness(5))
    assert cs.unsatisfied() == ["data/key_x/part[0]"]


def test_honest_data_are_accepted() -> None:
    lane, honest = load_frame(DATA), get_honest_data()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_data_are_refused_by_the_rule_they_break() -> None:
    lane, forgeries = load_frame(DATA), forge_data()
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())
    assert_refusals_are_pinned(lane.template.name, forgeries)


def test_no_computed_wire_is_free() -> None:
    lane = load_frame(DATA)
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_data().values()])
    assert freedom.free == freedom.harmless == ()

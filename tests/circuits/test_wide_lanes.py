"""Lanes of many orders: a full quote satisfies the circuit, and no slot of it is checked less than the first."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.full_block import make_full_block
from circuits.witness import WitnessInputs, compute_witness_inputs
from prover.circuit import KernelBatch, load_batch
from rollup.shapes import BLOCK, Shape

WIDE = Shape("wide", (1,) * 16 + (16,), 5, (16,))
MAKERS = {
    "trade[16]": "order[{}]/signature",
    "quote[0]": "signature",
}  # the lanes of sixteen, and where they are signed


@pytest.fixture(scope="module")
def batch() -> KernelBatch:
    return load_batch(WIDE)


@pytest.fixture(scope="module")
def inputs(batch: KernelBatch) -> WitnessInputs:
    return compute_witness_inputs(batch.batch, make_full_block(WIDE))


def change_maker(inputs: WitnessInputs, batch: KernelBatch, maker: str, **changes: int) -> WitnessInputs:
    position = [instance.name for instance in batch.batch.instances].index(maker)
    assert changes.keys() <= inputs.privates[position].keys()
    privates = list(inputs.privates)
    privates[position] = privates[position] | changes
    return replace(inputs, privates=tuple(privates))


def test_full_lanes_of_sixteen(batch: KernelBatch, inputs: WitnessInputs) -> None:
    assert batch.name_unsatisfied(batch.compute_witness(inputs)) == []


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("place", [0, 1, 8, 15])
@pytest.mark.parametrize(
    ("name", "value", "refused_by"),
    [
        ("active", 0, "order[{}]/fill/none_if_idle"),  # filled, yet unsigned
        ("side", 0, "{signature}/r8/x"),  # a sale booked as a purchase
        ("rest", 1, "order[{}]/size/is_filled_and_rest"),  # a strictly better order left one lot short
        ("flags", 1, "{signature}/r8/x"),  # immediate, though signed to stay
        ("tip_e6", 1, "{signature}/r8/x"),  # another tip than was signed
        ("fee_slack_e6", 1, "{signature}/r8/x"),  # another maximum fee than was signed
    ],
)
def test_invalid_order_in_any_place(
    batch: KernelBatch, inputs: WitnessInputs, maker: str, place: int, name: str, value: int, refused_by: str
) -> None:
    forged = change_maker(inputs, batch, maker, **{f"order[{place}]/{name}": value})
    broken = batch.name_unsatisfied(batch.compute_witness(forged), limit=100_000)
    rule = refused_by.format(place, signature=MAKERS[maker].format(place))
    assert f"{maker}: {rule}" in broken


@pytest.mark.parametrize("place", [0, 1, 8, 15])
def test_invalid_signature_of_one_order_in_any_place(batch: KernelBatch, inputs: WitnessInputs, place: int) -> None:
    forged = change_maker(inputs, batch, "trade[16]", **{f"order[{place}]/s": 1})
    broken = batch.name_unsatisfied(batch.compute_witness(forged), limit=100_000)
    assert f"trade[16]: order[{place}]/signature/r8/x" in broken


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("place", [0, 1, 8, 15])
@pytest.mark.parametrize("product", ["fee", "cash_change", "value_change", "initial_change", "maintenance_change"])
def test_invalid_product_in_any_place(
    batch: KernelBatch, inputs: WitnessInputs, maker: str, place: int, product: str
) -> None:
    witness = batch.compute_witness(inputs, [(maker, f"order[{place}]/{product}", 12345)])
    assert f"{maker}: order[{place}]/{product}" in batch.name_unsatisfied(witness, limit=100_000)


@pytest.mark.parametrize("shape", [WIDE, BLOCK], ids=lambda shape: shape.name)
def test_every_lane_reads_the_tables_of_the_one_tick(shape: Shape) -> None:
    instances = load_batch(shape).batch.instances
    tables = {port: wire for port, wire in instances[0].wiring.items() if port.startswith("table/")}
    for instance in instances[1:-3]:  # between tick and fund lane
        assert {port: wire for port, wire in instance.wiring.items() if port.startswith("table/")} == tables
    assert len(set(tables.values())) == len(tables)


def test_every_lane_starts_where_the_one_before_ended() -> None:
    instances = load_batch(BLOCK).batch.instances
    *lanes, close, _ = instances[1:]
    assert instances[0].wiring["accounts_root"] == lanes[0].wiring["root_in"]
    for lane, following in pairwise(lanes):
        assert following.wiring["root_in"] == lane.wiring["root_out"]
    assert close.wiring["accounts_root"] == lanes[-1].wiring["root_out"]


def test_what_every_lane_publishes_is_what_the_batch_does() -> None:
    *lanes, _, data = load_batch(BLOCK).batch.instances[1:]
    published = {wire for lane in lanes for port, wire in lane.wiring.items() if port.startswith(("data[", "bridge["))}
    read = {wire for port, wire in data.wiring.items() if port.startswith("lane[")}
    assert published == read
    assert data.wiring["queue_start"] == lanes[0].wiring["queue_in"]


@pytest.mark.parametrize(
    "chain", ["position", "fees", "tips_e6", "lots[0]", "lots[15]", "ration[0]", "ration[15]", "usage"]
)
def test_every_total_runs_through_all_lanes_with_orders(chain: str) -> None:
    instances, (name, mark, index) = load_batch(BLOCK).batch.instances, chain.partition("[")
    lanes = [instance for instance in instances if instance.name.startswith(("trade", "quote"))]
    for lane, following in pairwise(lanes):
        assert following.wiring[f"{name}_in{mark}{index}"] == lane.wiring[f"{name}_out{mark}{index}"]
    wires = {lane.wiring[f"{name}_out{mark}{index}"] for lane in lanes}
    assert len(wires) == len(lanes)

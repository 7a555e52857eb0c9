"""Lanes of many orders: a full quote satisfies the circuit, and no slot of it is checked less than the first."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.full_block import make_full_block
from circuits.witness import WitnessInputs, compute_witness_inputs
from prover.circuit import KernelBatch, load_batch
from rollup.shapes import BLOCK, Shape

WIDE = Shape("wide", (1,) * 16 + (16,), 5)
MAKER = "trade[16]"  # the lane of sixteen, a maker's


@pytest.fixture(scope="module")
def batch() -> KernelBatch:
    return load_batch(WIDE)


@pytest.fixture(scope="module")
def inputs(batch: KernelBatch) -> WitnessInputs:
    return compute_witness_inputs(batch.batch, make_full_block(WIDE))


def change_maker(inputs: WitnessInputs, batch: KernelBatch, **changes: int) -> WitnessInputs:
    position = [instance.name for instance in batch.batch.instances].index(MAKER)
    privates = list(inputs.privates)
    privates[position] = privates[position] | changes
    return replace(inputs, privates=tuple(privates))


def test_full_quote_of_sixteen(batch: KernelBatch, inputs: WitnessInputs) -> None:
    assert batch.name_unsatisfied(batch.compute_witness(inputs)) == []


@pytest.mark.parametrize("slot", [0, 1, 8, 15])
@pytest.mark.parametrize(
    ("name", "value", "refused_by"),
    [
        ("s", 1, "signature/r8/x"),  # a signature of nobody
        ("active", 0, "fill/none_if_idle"),  # filled, yet unsigned
        ("side", 0, "signature/r8/x"),  # a sale booked as a purchase
        ("rest", 1, "size/is_filled_and_rest"),  # a strictly better order left one lot short
        ("tip_e6", 1, "signature/r8/x"),  # another tip than was signed
    ],
)
def test_invalid_order_in_any_slot(
    batch: KernelBatch, inputs: WitnessInputs, slot: int, name: str, value: int, refused_by: str
) -> None:
    forged = change_maker(inputs, batch, **{f"order[{slot}]/{name}": value})
    broken = batch.name_unsatisfied(batch.compute_witness(forged), limit=100_000)
    assert f"{MAKER}: order[{slot}]/{refused_by}" in broken


@pytest.mark.parametrize("slot", [0, 1, 8, 15])
@pytest.mark.parametrize("product", ["fee", "cash_change", "value_change", "initial_change", "maintenance_change"])
def test_invalid_product_in_any_slot(batch: KernelBatch, inputs: WitnessInputs, slot: int, product: str) -> None:
    witness = batch.compute_witness(inputs, [(MAKER, f"order[{slot}]/{product}", 12345)])
    assert f"{MAKER}: order[{slot}]/{product}" in batch.name_unsatisfied(witness, limit=100_000)


@pytest.mark.parametrize("shape", [WIDE, BLOCK], ids=lambda shape: shape.name)
def test_every_lane_reads_the_tables_of_the_one_tick(shape: Shape) -> None:
    instances = load_batch(shape).batch.instances
    tables = {port: wire for port, wire in instances[0].wiring.items() if port.startswith("table/")}
    for instance in instances[1:-2]:  # between tick and fund lane
        assert {port: wire for port, wire in instance.wiring.items() if port.startswith("table/")} == tables
    assert len(set(tables.values())) == len(tables)


def test_every_lane_starts_where_the_one_before_ended() -> None:
    instances = load_batch(BLOCK).batch.instances
    lanes = instances[1:-1]
    assert instances[0].wiring["accounts_root"] == lanes[0].wiring["root_in"]
    for lane, following in pairwise(lanes):
        assert following.wiring["root_in"] == lane.wiring["root_out"]
    fund, close = lanes[-1], instances[-1]
    assert close.wiring["accounts_root"] == fund.wiring["root_out"]
    for total in ("fees", "penalties", "tips_e6", "base_fees_e6", "rent"):
        ends = [lane.wiring[f"{total}_out"] for lane in lanes if f"{total}_out" in lane.wiring]
        assert fund.wiring[total] == ends[-1]
    assert [close.wiring[f"lots_end[{m}]"] for m in range(16)] == [fund.wiring[f"lots_out[{m}]"] for m in range(16)]

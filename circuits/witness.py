"""From a batch's trace to the values the circuit is given: the bus, and each instance's private inputs by name.

Nothing here is trusted: whatever these functions say, the constraints decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits.account_inputs import Values
from circuits.assembly import Assembly
from circuits.batch import BatchCircuit
from circuits.bus import compute_bus
from circuits.cash_inputs import cash_lane_inputs
from circuits.fund_inputs import fund_lane_inputs
from circuits.horner_inputs import horner_inputs
from circuits.lane_inputs import Prices
from circuits.rescue_inputs import rescue_lane_inputs
from circuits.tick_inputs import tick_inputs
from circuits.trade_inputs import quote_lane_inputs, trade_lane_inputs
from rollup.field import R
from rollup.public_inputs import LONE_POINT, get_segment
from rollup.trace import BatchTrace


@dataclass(frozen=True)
class WitnessInputs:
    """The bus by name, and the private inputs of each instance, in the circuit's instance order."""

    bus: Values
    privates: tuple[Values, ...]


def compute_witness_inputs(circuit: BatchCircuit, trace: BatchTrace, z: int = LONE_POINT) -> WitnessInputs:
    """Return all values the circuit of the trace's shape takes at the point z, as signed or field integers."""
    assert trace.shape_name == circuit.shape.name, f"a {trace.shape_name} batch in a {circuit.shape.name} circuit"
    prices = Prices(trace)
    privates: list[Values] = [tick_inputs(trace)]
    privates += [cash_lane_inputs(lane, prices) for lane in trace.cash_lanes]
    privates += [rescue_lane_inputs(lane) for lane in trace.rescue_lanes]
    position = 0
    for lanes, inputs in ((trace.trade_lanes, trade_lane_inputs), (trace.quote_lanes, quote_lane_inputs)):
        for lane in lanes:
            privates.append(inputs(lane, prices, position))
            position += lane.capacity
    privates += [fund_lane_inputs(trace), {}, horner_inputs(get_segment(trace), z, name="blob_value")]
    bus = compute_bus(trace, z)
    assert set(bus) == set(circuit.bus), f"bus differs: {sorted(set(bus) ^ set(circuit.bus))[:5]}"
    return WitnessInputs(bus, tuple(privates))


def encode_bus(circuit: Assembly, bus: Mapping[str, int]) -> bytes:
    """Return the bus for the kernel: 32 bytes big-endian a wire, the constant one first."""
    names = sorted(circuit.bus, key=circuit.bus.__getitem__)
    return encode_elements([1, *(bus[name] for name in names)])


def encode_privates(circuit: Assembly, privates: Sequence[Mapping[str, int]]) -> list[bytes]:
    """Return each instance's private inputs for the kernel, in the template's order."""
    return [
        encode_elements([values[name] for name in instance.template.privates])
        for instance, values in zip(circuit.instances, privates, strict=True)
    ]


def encode_elements(values: Sequence[int]) -> bytes:
    """Return field elements as 32 bytes big-endian each; a negative -x stands as r - x."""
    return b"".join((value % R).to_bytes(32, "big") for value in values)

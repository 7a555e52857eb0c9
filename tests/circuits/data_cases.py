"""What a batch publishes, told otherwise: the Data template's inputs from any words, and a batch whose data follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.data import list_lane_words
from circuits.horner_inputs import horner_inputs
from circuits.witness import WitnessInputs
from prover.circuit import load_batch
from rollup.bls_field import evaluate
from rollup.field import R
from rollup.public_inputs import (
    VALUE_LOW_BITS,
    compute_bridge_value,
    compute_data_commitment,
    pack_clock_and_entries,
)
from rollup.records import HEADER_WORDS
from rollup.segment import get_widths, join_words
from rollup.shapes import TINY
from rollup.units import COUNTER_BITS, MARKET_COUNT, ORACLE_COUNT
from tests.circuits.frame_cases import N_BRIDGE_LANES
from tests.circuits.lane_cases import Values

__all__ = ["BRIDGE_PORTS", "WIDTHS", "WORD_PORTS", "follow_data", "list_elements", "make_data_inputs", "tell_words"]

WIDTHS = get_widths(TINY)
WORD_PORTS = [f"lane[{i}]/data[{j}]" for i, n_words in enumerate(list_lane_words(TINY)) for j in range(n_words)]
BRIDGE_PORTS = [f"lane[{i}]/bridge[{j}]" for i in range(N_BRIDGE_LANES) for j in range(N_BRIDGE_WORDS)]


def make_data_inputs(values: Mapping[str, int]) -> Values:
    """Return the data's inputs in which everything follows z, the words and the bridge words that `values` hold."""
    elements = list_elements(values)
    bridge, z = [values[port] for port in BRIDGE_PORTS], values["z"]
    blob_value = evaluate(elements, z)
    entries = values["queue_end"] - values["queue_start"]
    return {
        **values,
        "data_commitment": compute_data_commitment(elements, [word % R for word in bridge]),
        "blob_value_low": blob_value & (1 << VALUE_LOW_BITS) - 1,
        "blob_value_high": blob_value >> VALUE_LOW_BITS,
        "bridge_value": compute_bridge_value(bridge, z),
        "clock_and_entries": pack_clock_and_entries(values["clock"], entries),
        **horner_inputs(elements, z, name="blob_value"),
    }


def list_elements(values: Mapping[str, int]) -> list[int]:
    """Return the elements of the words that `values` hold, each cut to its width."""
    words = zip(_words(values), WIDTHS, strict=True)
    return join_words([word % R & (1 << width) - 1 for word, width in words], WIDTHS)


def tell_words(values: Mapping[str, int], words: list[int]) -> Values:
    """Return the values with other words in the place of all."""
    header, lanes = words[: len(HEADER_WORDS)], words[len(HEADER_WORDS) :]
    told = dict(zip(_header_fields(), _unpack_header(header), strict=True))
    clock = {"clock": (told["table/timestamp"] << COUNTER_BITS) + told.pop("number")}
    return {**values, **told, **clock, **dict(zip(WORD_PORTS, lanes, strict=True))}


def _header_fields() -> list[str]:
    times = [f"signer_time[{i}]" for i in range(ORACLE_COUNT)]
    prices = [f"table/{name}[{m}]" for name in ("mark", "clearing_price") for m in range(MARKET_COUNT)]
    return ["table/timestamp", "number", "table/stale", *times, *prices]


def _unpack_header(words: list[int]) -> list[int]:
    return [value for word, layout in zip(words, HEADER_WORDS, strict=True) for value in layout.unpack(word).values()]


def _words(values: Mapping[str, int]) -> list[int]:
    number = values["clock"] - (values["table/timestamp"] << COUNTER_BITS)
    fields = iter([number if name == "number" else values[name] for name in _header_fields()])
    header = [sum(next(fields) << shift for shift in layout.shifts.values()) for layout in HEADER_WORDS]
    return [*header, *(values[port] for port in WORD_PORTS)]


@lru_cache(maxsize=1)
def _data_wiring() -> tuple[int, dict[str, str]]:
    instances = load_batch(TINY).batch.instances
    position = next(i for i, instance in enumerate(instances) if instance.name == "data")
    return position, instances[position].wiring


def follow_data(inputs: WitnessInputs) -> WitnessInputs:
    """Return a tampered batch whose public inputs of data follow what its lanes now say."""
    position, wiring = _data_wiring()
    told = make_data_inputs({port: inputs.bus[wire] for port, wire in wiring.items()})
    bus = inputs.bus | {wire: told[port] for port, wire in wiring.items()}
    privates = {name: told[name] for name in inputs.privates[position]}
    return replace(inputs, bus=bus, privates=(*inputs.privates[:position], privates, *inputs.privates[position + 1 :]))

"""Data: once a batch, after the close. Commits to what the batch publishes and to what crosses the bridge, and takes
both at the contract's point z, so that blob, queue and circuit can only say the same. docs/data.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.data_packing import element_of, pack_elements
from circuits.horner import evaluate_at
from circuits.limbs import limbs_of
from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.published import combine
from circuits.system import ConstraintSystem
from circuits.tables import table_ports
from rollup import tags
from rollup.public_inputs import ENTRIES_SHIFT
from rollup.records import CASH_WORDS, FILL_WORDS, FUND_WORDS, HEADER_WORDS, RESCUE_WORDS, TURN_WORDS
from rollup.segment import get_widths
from rollup.shapes import Shape
from rollup.units import COUNTER_BITS, MARKET_COUNT, ORACLE_COUNT

__all__ = ["DATA_CHUNK", "build_data", "commit_data", "evaluate_bridge", "list_lane_words"]

DATA_CHUNK = 16  # elements absorbed a permutation, beside the running value


def list_lane_words(shape: Shape) -> list[int]:
    """Return how many words each lane publishes: CashLanes, RescueLanes, turns, the FundLane."""
    turns = [len(TURN_WORDS) + len(FILL_WORDS) * capacity for capacity in shape.order_capacities]
    return [
        *[len(CASH_WORDS)] * shape.cash_lanes,
        *[len(RESCUE_WORDS)] * shape.rescue_lanes,
        *turns,
        len(FUND_WORDS),
    ]


def build_data(cs: ConstraintSystem, shape: Shape) -> None:
    """Record what ties a batch of the shape to the base layer.

    Ports: table/..; clock, signer_time[i]; lane[i]/data[j], lane[i]/bridge[j]; queue_start, queue_end;
    clock_and_entries, data_commitment, z, blob_value_low, blob_value_high, bridge_value (public).
    """
    clock, z = cs.port("clock"), cs.port("z")
    words = _header_words(cs, clock)
    for lane, n_words in enumerate(list_lane_words(shape)):
        words += [cs.port(f"lane[{lane}]/data[{j}]") for j in range(n_words)]
    elements = pack_elements(cs, words, get_widths(shape))
    n_bridge_lanes = shape.cash_lanes + shape.rescue_lanes
    bridge = [cs.port(f"lane[{i}]/bridge[{j}]") for i in range(n_bridge_lanes) for j in range(N_BRIDGE_WORDS)]
    commitment = commit_data(cs, [*map(element_of, elements), *bridge])
    cs.assert_equal(commitment, cs.port("data_commitment"), name="commitment/is_public")
    limbs = [limbs_of([(piece.value, piece.n_bits, piece.offset) for piece in pieces]) for pieces in elements]
    low, high = evaluate_at(cs, limbs, z, name="blob_value")
    cs.assert_equal(low, cs.port("blob_value_low"), name="blob_value/low_is_public")
    cs.assert_equal(high, cs.port("blob_value_high"), name="blob_value/high_is_public")
    cs.assert_equal(evaluate_bridge(cs, bridge, z), cs.port("bridge_value"), name="bridge_value/is_public")
    # entries: each lane adds a boolean to the queue's count
    entries = cs.port("queue_end") - cs.port("queue_start")
    told = cs.port("clock_and_entries")
    cs.assert_equal(clock + entries * 2**ENTRIES_SHIFT, told, name="clock_and_entries/is_public")


def commit_data(cs: ConstraintSystem, values: Sequence[LC]) -> LC:
    """Return the chain c <- Poseidon of 16 values with initial capacity c, from the tag DATA; zeros fill the last.

    Constraints: 609 for the first 16 values and 612 for each 16 after, named commitment/...
    """
    commitment = LC.constant(tags.DATA)
    for i, start in enumerate(range(0, len(values), DATA_CHUNK)):
        chunk = list(values[start : start + DATA_CHUNK])
        chunk += [LC.constant(0)] * (DATA_CHUNK - len(chunk))
        commitment = poseidon(cs, chunk, commitment, name=f"commitment/chunk[{i}]")
    return commitment


def evaluate_bridge(cs: ConstraintSystem, words: Sequence[LC], z: LC) -> LC:
    """Return sum_i w_i * z**(i + 1) in the circuit's own field. Constraints: 1 a word, named bridge_value/word[i]."""
    value = LC.constant(0)
    for i in reversed(range(len(words))):
        value = cs.mul(value + words[i], z, name=f"bridge_value/word[{i}]")
    return value


def _header_words(cs: ConstraintSystem, clock: LC) -> list[LC]:
    """Return the words of the header: the tick put each in its range, prices by 48 bits, times and number by theirs."""
    tables = table_ports(cs)
    number = clock - tables.timestamp * 2**COUNTER_BITS
    fields = {"timestamp_s": tables.timestamp, "batch_number": number, "stale": tables.stale}
    fields |= {f"signer_time_s[{i}]": cs.port(f"signer_time[{i}]") for i in range(ORACLE_COUNT)}
    for m in range(MARKET_COUNT):
        fields |= {f"mark_ticks[{m}]": tables.mark[m], f"clearing_price_ticks[{m}]": tables.clearing_price[m]}
    return [combine(word, {name: fields[name] for name, _ in word.fields}) for word in HEADER_WORDS]

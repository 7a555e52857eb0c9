"""What a cheating sequencer might publish, and what might be told of it: refused by the Data template."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from circuits.horner_inputs import evaluation_values
from rollup.bls_field import ELEMENT_BITS
from rollup.field import R
from rollup.public_inputs import POINT_BITS, VALUE_LOW_BITS, compute_data_commitment
from rollup.segment import split_words
from tests.circuits.data_cases import BRIDGE_PORTS, WIDTHS, WORD_PORTS, list_elements, make_data_inputs, tell_words
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.frame_cases import get_day, get_idle, load_frame, make_data_case
from tests.circuits.horner_cases import Divide, reduce_otherwise
from tests.circuits.horner_forgeries import Subject, forge_evaluations
from tests.circuits.lane_cases import Values

__all__ = ["DATA", "N_ELEMENTS", "forge_data", "get_honest_data"]

DATA = "Data"
OUTPUTS = ("data_commitment", "blob_value_low", "blob_value_high", "bridge_value", "clock_and_entries")
N_ELEMENTS = -(-sum(WIDTHS) // ELEMENT_BITS)
N_HEADER_WORDS = len(WIDTHS) - len(WORD_PORTS)
COMMITTED, COUNTED = "commitment/is_public", "clock_and_entries/is_public"
VALUE = {"blob_value_low": "blob_value/low_is_public", "blob_value_high": "blob_value/high_is_public"}
FILLS = "deposits and fills"


@cache
def get_honest_data() -> dict[str, Values]:
    """Return honest data: of every batch of the day, of an idle one, and of words and points at their extremes."""
    day = {name: make_data_case(trace) for name, trace in get_day().items()}
    greatest = tell_words(day[FILLS], [(1 << width) - 1 for width in WIDTHS])
    extremes = {
        "greatest words at the greatest point": greatest | {"z": (1 << POINT_BITS) - 1},
        "greatest words at 0": greatest | {"z": 0},
        "no words at 1": tell_words(day[FILLS], [0] * len(WIDTHS)) | {"z": 1},
        "greatest words on the bridge": day[FILLS] | dict.fromkeys(BRIDGE_PORTS, R - 1),
    }
    return day | {"idle": make_data_case(get_idle())} | {name: make_data_inputs(v) for name, v in extremes.items()}


def forge_data() -> list[Forged]:
    """Return the whole catalogue."""
    forger = Forger(load_frame(DATA), ())
    parts = (_other_words, _other_bridge, _other_publics, _cuts)
    plain = [forged for part in parts for forged in part(forger)]
    following = Forger(load_frame(DATA), OUTPUTS)
    return [*plain, *forge_evaluations(Subject(following, "blob_value", N_ELEMENTS, _evaluate_falsely, VALUE))]


def _evaluate_falsely(coefficients: list[int], z: int, divide: Divide) -> Values:
    """Return data of these elements, the last cut to what the words fill, reduced otherwise."""
    kept = [*coefficients[:-1], coefficients[-1] & (1 << sum(WIDTHS) % ELEMENT_BITS) - 1]
    inputs = make_data_inputs(tell_words(get_honest_data()[FILLS], split_words(kept, WIDTHS)) | {"z": z})
    evaluation = reduce_otherwise(kept, z, divide)
    low, high = evaluation.value & (1 << VALUE_LOW_BITS) - 1, evaluation.value >> VALUE_LOW_BITS
    told = {"blob_value_low": low, "blob_value_high": high}
    return inputs | evaluation_values(evaluation, name="blob_value") | told


def _other_words(forger: Forger) -> Iterator[Forged]:
    """Yield a word altered: everything else that is public stays, or all but one thing follows."""
    honest = get_honest_data()[FILLS]
    for port in (WORD_PORTS[0], "lane[5]/data[0]", "lane[5]/data[1]", "lane[5]/data[2]", "table/mark[3]"):
        altered = make_data_inputs(honest | {port: honest[port] ^ 1})
        kept = {public: honest[public] for public in OUTPUTS}
        yield forger.forge(f"{port} altered", altered | kept, [COMMITTED, *VALUE.values()])
        committed = {"data_commitment": honest["data_commitment"]}
        yield forger.forge(f"{port} altered, the commitment not", altered | committed, [COMMITTED])
        valued = {public: honest[public] for public in VALUE}
        yield forger.forge(f"{port} altered, the blob not", altered | valued, list(VALUE.values()))
    clock = make_data_inputs(honest | {"clock": honest["clock"] + 1}) | {
        "clock_and_entries": honest["clock_and_entries"]
    }
    yield forger.forge("a batch number that is not public", clock, [COUNTED])


def _other_bridge(forger: Forger) -> Iterator[Forged]:
    """Yield bridge words altered, left out, reordered: the commitment and the value each see it."""
    honest = get_honest_data()[FILLS]
    words = [honest[port] for port in BRIDGE_PORTS]
    others = {f"word {i} altered on the bridge": [*words[:i], words[i] + 1, *words[i + 1 :]] for i in range(len(words))}
    others |= {
        "a lane left out of the bridge": [0] * 4 + words[4:],
        "lanes reordered on the bridge": [*words[4:8], *words[:4], *words[8:]],
        "words of a lane reordered on the bridge": [words[1], words[0], *words[2:]],
    }
    for name, told in others.items():
        altered = make_data_inputs(honest | dict(zip(BRIDGE_PORTS, told, strict=True)))
        kept = {public: honest[public] for public in ("data_commitment", "bridge_value")}
        yield forger.forge(name, altered | kept, [COMMITTED, "bridge_value/is_public"])
        for public, refused_by in (("data_commitment", COMMITTED), ("bridge_value", "bridge_value/is_public")):
            one = altered | {public: honest[public]}
            yield forger.forge(f"{name}, {public} not", one, [refused_by])
    for j in (0, 7):
        lie = {f"bridge_value/word[{j}]": lambda told: told + 1}
        follows = Forger(forger.lane, ["bridge_value"])
        yield follows.forge(f"bridge value wrong from word {j} on", honest, [f"bridge_value/word[{j}]"], lies=lie)


def _other_publics(forger: Forger) -> Iterator[Forged]:
    honest = get_honest_data()[FILLS]
    for public, refused_by in (
        ("data_commitment", COMMITTED),
        ("bridge_value", "bridge_value/is_public"),
        ("clock_and_entries", COUNTED),
    ):
        yield forger.forge(f"another {public}", honest, [refused_by], changes={public: honest[public] + 1})
    elements = list_elements(honest)
    bridge = [honest[port] for port in BRIDGE_PORTS]
    for name, values in {
        "elements reordered": [elements[1], elements[0], *elements[2:], *bridge],
        "the bridge before the elements": [*bridge, *elements],
        "an element appended": [*elements, *bridge, 1],
        "elements alone": elements,
    }.items():
        changes = {"data_commitment": compute_data_commitment(values, [])}
        yield forger.forge(f"commitment to {name}", honest, [COMMITTED], changes=changes)
    for count in (-1, 1):
        counted = {"queue_end": honest["queue_end"] + count}
        yield forger.forge(f"{count} entries more than are public", honest, [COUNTED], changes=counted)


def _cuts(forger: Forger) -> Iterator[Forged]:
    """Yield a word across two elements that is not what its bits say: it would be published as another."""
    honest = get_honest_data()["greatest words at the greatest point"]
    follows = Forger(forger.lane, OUTPUTS)
    cut = _first_cut()
    port, width = WORD_PORTS[cut - N_HEADER_WORDS], WIDTHS[cut]
    told = {f"cut[{cut}]": tell(*[1] * width)}
    yield follows.forge("a word cut as another", honest | {port: 0}, [f"cut[{cut}]/sum"], lies=told)
    wide = {f"cut[{cut}]": tell(*[0] * width)}
    values = make_data_inputs(honest | {port: 0}) | {port: 1 << width}
    yield follows.forge("a word wider than its place", values, [f"cut[{cut}]/sum"], lies=wide)
    lent = {f"cut[{cut}]": tell(3, 0, *[1] * (width - 2))}
    yield follows.forge("a word in bits that are none", honest, [f"cut[{cut}]/bit[0]"], lies=lent)


def _first_cut() -> int:
    """Return the first word of a lane that straddles two elements."""
    start = 0
    for i, width in enumerate(WIDTHS):
        straddles = start // ELEMENT_BITS != (start + width - 1) // ELEMENT_BITS
        if straddles and i >= N_HEADER_WORDS:
            return i
        start += width
    raise AssertionError("no word of a lane straddles two elements")

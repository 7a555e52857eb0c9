"""The oracle as constraints agrees with `rollup.oracle`: messages, median, clamp. Each lie meets its constraint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import oracle as circuit
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup import oracle as model
from rollup.signature import derive_public_key, divide_by_eight, sign
from rollup.units import MAX_ELAPSED_S, ORACLE_COUNT, PPM
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget
from tests.circuits.lane_cases import Values

DOMAIN = 77
NOW, MAX_AGE = 1_760_130_000, 60
SECRET = (9).to_bytes(32, "big")
KEY = derive_public_key(SECRET)
PRICES = (25_000_000, 4_000_000_000, *(1,) * 14)
prices = st.sampled_from([1, 2**48 - 1]) | st.integers(1, 2**48 - 1)
close_prices = st.integers(990, 1_010)


# --- one message --------------------------------------------------------------------------------------------------
def make_message(time_s: int, secret: bytes = SECRET, domain: int = DOMAIN) -> model.SignedPrices:
    """Return prices signed at a time."""
    message = model.SignedPrices(0, PRICES, time_s, sign(secret, 0))
    return replace(message, signature=sign(secret, message.message(domain)))


def open_message(
    message: model.SignedPrices, *, time_before_s: int = NOW - 90, lies: dict[str, Lie] | None = None, **changes: int
) -> tuple[ConstraintSystem, circuit.Signer]:
    """Return the system that opened the message as present, with these inputs changed."""
    eighth = divide_by_eight(KEY)
    r8, s = message.signature.r8, message.signature.s
    inputs: Values = {"present": 1, "age": NOW - message.time_s, "r8_x": r8[0], "r8_y": r8[1], "s": s}
    inputs |= {"key_div_8_x": eighth[0], "key_div_8_y": eighth[1]}
    inputs |= {f"price[{m}]": price for m, price in enumerate(message.prices_ticks)}
    cs = ConstraintSystem(inputs | changes, lies=lies)
    key = cs.witness(KEY[0]), cs.witness(KEY[1])
    before, domain, now, max_age = map(cs.witness, (time_before_s, DOMAIN, NOW, MAX_AGE))
    return cs, circuit.open_message(cs, key, before, domain=domain, timestamp=now, max_age=max_age)


@pytest.mark.parametrize("age_s", [-1, 0, 1, MAX_AGE - 1, MAX_AGE, MAX_AGE + 1])
@pytest.mark.parametrize("since_s", [-1, 0, 1, 40])
def test_time_rules_agree_with_the_model(age_s: int, since_s: int) -> None:
    message = make_message(NOW - age_s)
    cs, signer = open_message(message, time_before_s=message.time_s - since_s)
    is_fresh = model.is_fresh(message.time_s, message.time_s - since_s, NOW, MAX_AGE)
    assert (cs.first_unsatisfied() is None) is is_fresh
    assert not is_fresh or cs.value(signer.time_after) == message.time_s


def test_absent_signer_may_say_anything() -> None:
    cs, signer = open_message(make_message(NOW), present=0, age=2**32 - 1, s=5, **{"price[0]": 3})
    assert cs.first_unsatisfied() is None
    assert cs.value(signer.time_after) == NOW - 90


def test_invalid_message_of_the_future() -> None:
    """Its age would be negative: no bits spell that, and told as one bit it is no boolean."""
    message = make_message(NOW + 1)
    cs, _ = open_message(message)
    assert cs.unsatisfied()[-2:] == ["signature/r8/x", "signature/r8/y"]
    cs, _ = open_message(message, lies={"age": tell(-1)})
    assert cs.unsatisfied() == ["age/bit[0]"]


def test_invalid_message_older_than_the_last() -> None:
    cs, _ = open_message(make_message(NOW - 5), time_before_s=NOW - 4)
    assert cs.unsatisfied() == ["time/never_back/sum"]


def test_invalid_message_too_old() -> None:
    cs, _ = open_message(make_message(NOW - MAX_AGE - 1), time_before_s=0)
    assert cs.unsatisfied() == ["age/at_most_max/sum"]


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"present": 2}, "present/boolean"),
        ({"price[15]": 2}, "signature/r8/x"),
        ({"age": 3}, "signature/r8/x"),
        ({"s": 5}, "signature/r8/x"),
        ({"key_div_8_x": 0, "key_div_8_y": 1}, "signature/key_div_8/montgomery/divide"),
    ],
)
def test_invalid_message_not_as_signed(changes: Values, broken: str) -> None:
    cs, _ = open_message(make_message(NOW), **changes)
    unsatisfied = cs.unsatisfied()
    assert unsatisfied
    assert broken.split("/")[0] in {name.split("/")[0] for name in unsatisfied}


def test_invalid_message_of_another_key_or_deployment() -> None:
    for message in (make_message(NOW, secret=(8).to_bytes(32, "big")), make_message(NOW, domain=DOMAIN + 1)):
        cs, _ = open_message(message)
        assert cs.unsatisfied() == ["signature/r8/x", "signature/r8/y"]


@pytest.mark.parametrize("n_present", range(ORACLE_COUNT + 1))
def test_stale_agrees_with_the_model(n_present: int) -> None:
    def gadget(cs: ConstraintSystem, *present: LC) -> LC:
        return circuit.is_stale(cs, [circuit.Signer(wire, [], wire) for wire in present], name="stale")

    messages = [make_message(NOW)] * n_present + [None] * (ORACLE_COUNT - n_present)
    flags = [int(message is not None) for message in messages]
    ran = run_gadget(gadget, *flags)
    assert (ran.value, ran.broken, ran.free) == (int(model.is_stale(tuple(messages))), (), ())
    lied = run_gadget(gadget, *flags, lies={"stale/shifted": lambda bits: [*bits[:-1], 1 - bits[-1]]})
    assert (lied.value, lied.broken) == (1 - ran.value, ("stale/shifted/sum",))


# --- median and clamp ---------------------------------------------------------------------------------------------
def run_median(*votes: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(lambda cs, *wires: circuit.compute_median(cs, wires, name="x"), *votes, lies=lies)


@pytest.mark.parametrize("n_votes", [1, 3, 5, 7])
@given(data=st.data())
def test_median_agrees_with_the_model(n_votes: int, data: st.DataObject) -> None:
    votes = data.draw(st.lists(prices | close_prices, min_size=n_votes, max_size=n_votes))
    ran = run_median(*votes)
    assert (ran.value, ran.broken, ran.free) == (model.compute_median(votes), (), ())


@pytest.mark.parametrize("liar", [0, -5, 2**48, -(2**48) + 1_002])
def test_median_stands_between_honest_votes_whatever_one_signer_says(liar: int) -> None:
    for votes in ((liar, 999, 1_001), (999, liar, 1_001), (1_001, 999, liar)):
        assert run_median(*votes).value in (999, 1_001)
        assert run_median(*votes).broken == ()


def test_invalid_median_from_a_lie() -> None:
    for pair in ("x/pass[0]/pair[0]", "x/pass[0]/pair[1]", "x/pass[1]/pair[0]"):
        ran = run_median(7, 5, 9, lies={f"{pair}/is_first/shifted": lambda bits: [*bits[:-1], 1 - bits[-1]]})
        assert ran.broken[0] == f"{pair}/is_first/shifted/sum"
        assert run_median(7, 5, 9, lies={pair: tell(1)}).broken[0] == pair


def run_mark(
    votes: tuple[tuple[int, int], ...], before: int, move_ppm: int, elapsed_s: int, lots: int, **lies: Lie
) -> Ran:
    """Run on (present, price) of each signer."""

    def gadget(cs: ConstraintSystem, *wires: LC) -> LC:
        mark, move, elapsed, interest, *rest = wires
        signers = [circuit.Signer(rest[2 * i], [rest[2 * i + 1]], mark) for i in range(ORACLE_COUNT)]
        given = {"mark_before": mark, "max_move_ppm": move, "elapsed": elapsed, "open_interest": interest}
        return circuit.compute_mark(cs, signers, 0, **given)

    said = [number for vote in votes for number in vote]
    return run_gadget(
        gadget, before, move_ppm, elapsed_s, lots, *said, lies={k.replace("__", "/"): v for k, v in lies.items()}
    )


@settings(max_examples=200)
@given(
    votes=st.tuples(*[st.tuples(st.integers(0, 1), prices | close_prices)] * ORACLE_COUNT),
    before=prices | close_prices,
    move_ppm=st.sampled_from([0, 1, PPM]) | st.integers(0, PPM),
    elapsed_s=st.sampled_from([1, MAX_ELAPSED_S]) | st.integers(1, MAX_ELAPSED_S),
    lots=st.sampled_from([0, 1, 2**60 - 1]),
)
def test_mark_agrees_with_the_model(
    votes: tuple[tuple[int, int], ...], before: int, move_ppm: int, elapsed_s: int, lots: int
) -> None:
    ran = run_mark(votes, before, move_ppm, elapsed_s, lots)
    median = model.compute_median([price if present else before for present, price in votes])
    expected = model.clamp_mark(median, before, model.compute_move_limit(before, move_ppm, elapsed_s), lots)
    assert (ran.value, ran.broken, ran.free) == (expected, (), ())


UP = ((1, 1_300), (1, 1_200), (1, 1_100))  # the mark is 1,000, and may move by a tenth a second


@pytest.mark.parametrize(
    ("lies", "broken"),
    [
        ({"vote[0]": tell(0)}, "vote[0]"),
        ({"limit__a_second": tell(0)}, "limit/a_second"),
        ({"limit__reach": tell(10**9)}, "limit/reach"),
        ({"limit": tell(500, 0)}, "limit/product"),
        ({"clamped__within": tell(7)}, "clamped/within"),
        ({"clamped": tell(40)}, "clamped"),
        ({"no_position__product": tell(0)}, "no_position/product"),
        ({"mark__unclamped_if_new": tell(9)}, "mark/unclamped_if_new"),
    ],
)
def test_invalid_mark_from_a_lie(lies: dict[str, Lie], broken: str) -> None:
    # 1,000 * 50000 ppm * 1 s = 50 ticks
    honest = run_mark(UP, 1_000, 50_000, 1, 7)
    assert (honest.value, honest.broken) == (1_050, ())
    ran = run_mark(UP, 1_000, 50_000, 1, 7, **lies)
    assert broken in ran.broken
    assert len(ran.broken) <= 2


def test_first_mark_is_the_median() -> None:
    assert run_mark(UP, 1, 0, 1, 0).value == 1_200


def test_counts() -> None:
    cs, _ = open_message(make_message(NOW))
    assert (cs.n_constraints, run_mark(UP, 1, 0, 1, 0).n_constraints) == (3_771, 372)

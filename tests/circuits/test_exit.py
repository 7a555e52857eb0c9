"""The exit circuit against the model: any account at any prices, each edge of the floor, forgeries, one real proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from circuits.exit_inputs import compute_exit_witness_inputs
from prover.circuit import load_exit
from prover.kernel import ProvingKey, decode_be, prove, setup, verify
from rollup.accounts import Account
from rollup.exit import compute_exit_equity, compute_exit_inputs, pack_claim, unpack_claim
from rollup.field import R
from rollup.units import ATOMS_PER_E6
from tests.circuits.exit_cases import (
    HOLDING,
    LAST,
    MOST_CASH,
    MOST_FUNDING,
    MOST_PRICE,
    MOST_SIZE,
    ExitCase,
    at_equity,
    get_honest_exits,
    load_exit_template,
    make_exit_inputs,
)
from tests.circuits.exit_forgeries import forge_exits
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.refusals import assert_refusals_are_pinned
from tests.circuits.trade_scenes import make_venue
from verifier.verify import verify_by_kernel, verify_by_py_ecc


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash through the kernel."""
    with kernel_hashing():
        yield


sizes = st.sampled_from([0, 0, 1, -1, MOST_SIZE, -MOST_SIZE]) | st.integers(-(10**9), 10**9)
cash = st.sampled_from([0, MOST_CASH, -MOST_CASH]) | st.integers(-(10**30), 10**30)
accounts = st.builds(
    Account,
    key=st.tuples(st.integers(0, R - 1), st.integers(0, R - 1)),
    owner=st.integers(0, 2**160 - 1),
    epoch=st.integers(0, 2**32 - 1),
    cash_nonce=st.integers(0, 2**32 - 1),
    tier=st.integers(0, 7),
    cash_atoms=cash,
    sizes_lots=st.tuples(*[sizes] * 16),
    last_touched_s=st.integers(0, 2**40 - 1),
)
marks = st.tuples(*[st.sampled_from([1, MOST_PRICE]) | st.integers(1, 10**10)] * 16)
funding = st.tuples(*[st.sampled_from([0, MOST_FUNDING, -MOST_FUNDING]) | st.integers(-(10**15), 10**15)] * 16)
indices = st.sampled_from([0, 1, 2, 8**6 - 1, LAST]) | st.integers(0, LAST)


def check_agreement(case: ExitCase) -> int:
    """Return the claim, having asserted that the circuit proves what the model says, and nothing else."""
    template, opening = load_exit_template(), case.opening
    inputs = make_exit_inputs(opening)
    assert template.find_broken(inputs) == []
    followed = template.follow(inputs | {"claim": 0, "owner": 0}, {}, ("claim", "owner"))
    expected = compute_exit_inputs(opening)
    assert (followed["owner"], followed["claim"]) == (expected.owner, expected.claim)
    return expected.claim


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(account=accounts, account_id=indices, marks=marks, funding=funding)
def test_exits_agree_with_the_model(
    account: Account, account_id: int, marks: tuple[int, ...], funding: tuple[int, ...]
) -> None:
    venue = make_venue(marks_ticks=marks, clearing_ticks=(), funding_index=funding, others={3: Account(owner=7)})
    check_agreement(ExitCase(account, account_id, venue))


@settings(max_examples=40, deadline=None)
@given(
    units=st.integers(-3, 3) | st.integers(-(10**20), 10**20),
    dust=st.sampled_from([0, 1, ATOMS_PER_E6 - 1]) | st.integers(0, ATOMS_PER_E6 - 1),
    holds=st.booleans(),
)
def test_floor_is_exact_about_every_edge(units: int, dust: int, holds: bool) -> None:
    case = at_equity(units * ATOMS_PER_E6 + dust, sizes=HOLDING if holds else None)
    assert compute_exit_equity(case.opening.header, case.account) == units * ATOMS_PER_E6 + dust
    assert unpack_claim(check_agreement(case)) == (case.account_id, max(0, units))


def test_honest_exits_are_accepted() -> None:
    template, honest = load_exit_template(), get_honest_exits()
    assert {name: template.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


@pytest.mark.parametrize("account_id", [0, 1, 2, LAST])
def test_leaf_that_nobody_holds_claims_nothing(account_id: int) -> None:
    opening = ExitCase(account_id=account_id).opening
    assert compute_exit_inputs(opening)[1:] == (0, account_id)
    assert load_exit_template().find_broken(make_exit_inputs(opening)) == []


def test_invalid_exits_are_refused_by_the_constraint_they_break() -> None:
    template, forgeries = load_exit_template(), forge_exits()
    broken = {forged.name: template.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())
    assert_refusals_are_pinned(template.template.name, forgeries)


def test_no_computed_wire_is_free() -> None:
    template = load_exit_template()
    freedom = find_freedom([template.evaluate(inputs) for inputs in get_honest_exits().values()])
    assert freedom.free == freedom.harmless == ()


def test_exit_is_proved_and_verified(tmp_path: Path) -> None:
    circuit, path = load_exit(), tmp_path / "exit.key"
    vk_be = setup(circuit.circuit, path, seed=bytes(31) + b"\1")
    opening = at_equity(5 * 10**18 + 1, sizes=HOLDING).opening
    witness = circuit.evaluate(compute_exit_witness_inputs(opening))
    assert circuit.name_unsatisfied(witness) == []
    public_inputs = decode_be(witness.public_inputs_be())
    assert public_inputs == list(compute_exit_inputs(opening))
    proof = prove(ProvingKey.load(path), circuit.circuit, witness, seed=bytes(31) + b"\2")
    richer = [*public_inputs[:2], pack_claim(opening.account_id, 5 * 10**6 + 1)]
    stolen = [public_inputs[0], public_inputs[1] + 1, public_inputs[2]]
    for claimed, expected in ((public_inputs, True), (richer, False), (stolen, False)):
        assert verify_by_kernel(verify, vk_be, proof, claimed).valid is expected
        assert verify_by_py_ecc(vk_be, proof, claimed).valid is expected


def test_circuit_of_python_and_of_the_kernel_are_of_one_size() -> None:
    circuit = load_exit()
    assert circuit.circuit.n_constraints == circuit.assembly.n_constraints
    assert circuit.circuit.domain_log2 == circuit.assembly.domain_log2
    assert circuit.assembly.public_inputs == ("state_root", "owner", "claim")


def test_invalid_hint_is_named_with_its_instance() -> None:
    inputs = compute_exit_witness_inputs(replace(at_equity(5 * 10**18), account_id=9).opening)
    witness = load_exit().evaluate(inputs, [("exit", "claim/counts", 5)])
    assert load_exit().name_unsatisfied(witness, limit=9) == ["exit: claim/counts", "exit: claim/is_public"]

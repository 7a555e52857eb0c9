"""The whole batch: honest traces satisfy it, its public inputs are the model's, and one is proved and verified."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from prover.circuit import KernelBatch, load_batch
from prover.kernel import PROOF_BYTES, ProvingKey, decode_be, encode_be, prove, setup, verify
from rollup.field import R
from rollup.public_inputs import PublicInputs, compute_public_inputs
from rollup.shapes import TINY, Shape
from tests.circuits.frame_cases import get_day
from tests.circuits.rechaining import get_ledger, rechain
from tests.scenarios import AVAX_PRICE, Exchange

WITHOUT_CASH = Shape("no cash lanes", (2, 1), 0)
ODD = Shape("three cash lanes", (1, 3), 3)
DAY = ("deposits and fills", "two fills in a lane", "liquidation", "withdraw and cancel")


@pytest.fixture(scope="module")
def tiny() -> KernelBatch:
    """Return the circuit of the shape tiny."""
    return load_batch(TINY)


@pytest.mark.parametrize("name", DAY)
def test_honest_batch_satisfies_every_constraint(tiny: KernelBatch, name: str) -> None:
    witness = tiny.compute_witness(get_day()[name])
    assert tiny.name_unsatisfied(witness) == []
    assert decode_be(witness.public_inputs_be()) == list(compute_public_inputs(get_day()[name]))


def test_idle_batch_satisfies_every_constraint(tiny: KernelBatch) -> None:
    assert tiny.name_unsatisfied(tiny.compute_witness(Exchange().batch().trace)) == []


@pytest.mark.parametrize("shape", [WITHOUT_CASH, ODD], ids=lambda shape: shape.name)
def test_any_shape_can_be_defined(shape: Shape) -> None:
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    exchange.shape = shape
    buys = [exchange.order(2, 1_000, AVAX_PRICE + i, slot=i) for i in (0, 1)]
    result = exchange.batch(orders=[*buys, exchange.order(3, -2_000, AVAX_PRICE)])
    assert len(result.fills) == 3
    kernel = load_batch(shape)
    witness = kernel.compute_witness(result.trace)
    assert kernel.name_unsatisfied(witness) == []
    assert decode_be(witness.public_inputs_be()) == list(compute_public_inputs(result.trace))


def test_circuit_of_python_and_of_the_kernel_are_of_one_size(tiny: KernelBatch) -> None:
    assert tiny.circuit.n_constraints == tiny.batch.n_constraints
    assert tiny.circuit.domain_log2 == tiny.batch.domain_log2
    assert tiny.circuit.n_bus == tiny.batch.n_bus
    assert tiny.batch.public_inputs == PublicInputs._fields


def test_invalid_hint_is_named_with_its_instance(tiny: KernelBatch) -> None:
    lie = ("cash[1]", "amount/positive/quotient", 5)
    witness = tiny.compute_witness(get_day()["deposits and fills"], [lie])
    assert tiny.name_unsatisfied(witness, limit=9) == ["cash[1]: amount/positive"]


# --- proofs -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Proved:
    """A proof of the batch with the liquidation, under a key that a seed made."""

    verifying_key: bytes
    key: ProvingKey
    proof: bytes
    public_inputs: tuple[int, ...]


@pytest.fixture(scope="module")
def proved(tiny: KernelBatch, tmp_path_factory: pytest.TempPathFactory) -> Proved:
    """Return one honest proof."""
    path = tmp_path_factory.mktemp("keys") / "tiny.key"
    verifying_key = setup(tiny.circuit, path, seed=bytes(31) + b"\1")
    key, witness = ProvingKey.load(path), tiny.compute_witness(get_day()["liquidation"])
    proof = prove(key, tiny.circuit, witness, seed=bytes(31) + b"\2")
    return Proved(verifying_key, key, proof, compute_public_inputs(get_day()["liquidation"]))


def test_honest_proof_verifies(proved: Proved) -> None:
    assert len(proved.proof) == PROOF_BYTES
    assert verify(proved.verifying_key, proved.proof, encode_be(proved.public_inputs))


@pytest.mark.parametrize("public", range(len(PublicInputs._fields)), ids=PublicInputs._fields)
def test_invalid_public_input_is_refused(proved: Proved, public: int) -> None:
    tampered = list(proved.public_inputs)
    tampered[public] = (tampered[public] + 1) % R
    assert not verify(proved.verifying_key, proved.proof, encode_be(tampered))


def test_invalid_public_inputs_of_another_batch(proved: Proved) -> None:
    others = compute_public_inputs(get_day()["withdraw and cancel"])
    assert not verify(proved.verifying_key, proved.proof, encode_be(others))


def test_invalid_batch_cannot_be_proved(tiny: KernelBatch, proved: Proved) -> None:
    trace = get_day()["liquidation"]
    richer = rechain(trace, get_ledger("liquidation"), {("fund", 0): 1})[0]
    witness = tiny.compute_witness(richer)
    (broken,) = tiny.circuit.unsatisfied(witness, 9)
    with pytest.raises(ValueError, match=f"instance {broken[0]}"):
        prove(proved.key, tiny.circuit, witness)

"""The contracts say what is wrong, settle in order, and cost what is pinned."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from rollup.field import R
from tests.verifier.settle_case import BATCHES, KEY_BE, PARAMS_HASH, PROOFS, ROOTS
from verifier.artifacts import ARTIFACTS_DIR, CONTRACTS_DIR, load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Receipt, Reverted, deploy_contract
from verifier.keys import encode_verifying_key
from verifier.simulator import Trapdoor
from verifier.solc import SOURCE_FILES, get_settings
from verifier.verify import deploy_verifier

PINS = {
    name: gas
    for name, gas in json.loads((Path(__file__).parents[1] / "pins" / "gas.json").read_text()).items()
    if not name.startswith("direct: ")  # those of the rival: test_direct_gas.py
}
GAS_LIMIT_ALL_IN = 300_000  # the figure for one verification, all in
(BATCH_1, BATCH_2), (PROOF_1, PROOF_2) = BATCHES, PROOFS


@cache
def get_verifier() -> Contract:
    return deploy_verifier(EmbeddedEvm(), KEY_BE)


def deploy_anchor() -> Contract:
    verifier = get_verifier()
    return deploy_contract(verifier.layer, load_artifact("StateRootAnchor"), verifier.address, PARAMS_HASH, ROOTS[0])


def test_verifier_knows_its_key() -> None:
    assert get_verifier().call("keyHash") == keccak(KEY_BE)
    assert get_verifier().call("publicInputCount") == 9


def test_verify_returns_a_bool() -> None:
    assert get_verifier().call("verify", PROOF_1, BATCH_1) is True
    assert get_verifier().call("verify", PROOF_1, BATCH_2) is False
    assert get_verifier().call("verify", PROOF_1[:-1], BATCH_1) is False


@pytest.mark.parametrize(
    ("proof_be", "public_inputs", "reason"),
    [
        (PROOF_1[:-1], BATCH_1, "ProofLengthWrong(gotBytes=255, expectedBytes=256)"),
        (PROOF_1, BATCH_1[:8], "PublicInputCountWrong(got=8, expected=9)"),
        (PROOF_1, [*BATCH_1[:8], R], f"PublicInputTooLarge(index=8, value={R})"),
        (bytes([PROOF_1[0] ^ 1]) + PROOF_1[1:], BATCH_1, "PointInvalid()"),
        (PROOF_2, BATCH_1, "EquationFails()"),
    ],
)
def test_invalid_proof_says_why(proof_be: bytes, public_inputs: list[int], reason: str) -> None:
    with pytest.raises(Reverted) as caught:
        get_verifier().call("requireValid", proof_be, public_inputs)
    assert caught.value.reason == reason


def test_invalid_key_is_not_deployed() -> None:
    with pytest.raises(Reverted) as caught:
        deploy_verifier(EmbeddedEvm(), KEY_BE[:-1])
    assert caught.value.reason == "KeyInvalid()"


def test_settle_moves_the_root_batch_by_batch() -> None:
    anchor = deploy_anchor()
    for batch, proof in ((BATCH_1, PROOF_1), (BATCH_2, PROOF_2)):
        receipt = anchor.transact("settle", proof, batch)
        event = {"newStateRoot": batch[1], "clockAndEntries": batch[3], "dataCommitment": batch[4]}
        assert anchor.decode_events("BatchSettled", receipt.logs) == [event]
        assert anchor.call("stateRoot") == batch[1]


@pytest.mark.parametrize(
    ("proof_be", "public_inputs", "reason"),
    [
        (PROOF_2, BATCH_2, f"OldStateRootWrong(got={ROOTS[1]}, expected={ROOTS[0]})"),
        (PROOF_1, [*BATCH_1[:2], 7, *BATCH_1[3:]], f"ParamsHashWrong(got=7, expected={PARAMS_HASH})"),
        (PROOF_1, [], "PublicInputCountWrong(got=0, expected=9)"),
    ],
)
def test_invalid_settlement_says_why(proof_be: bytes, public_inputs: list[int], reason: str) -> None:
    anchor = deploy_anchor()
    with pytest.raises(Reverted) as caught:
        anchor.transact("settle", proof_be, public_inputs)
    assert caught.value.reason == reason
    assert anchor.call("stateRoot") == ROOTS[0]


def test_invalid_settlement_of_an_unproved_root_leaves_the_root() -> None:
    anchor = deploy_anchor()
    with pytest.raises(Reverted):
        anchor.transact("settle", PROOF_1, [BATCH_1[0], 7, *BATCH_1[2:]])
    assert anchor.call("stateRoot") == ROOTS[0]


def test_invalid_anchor_on_a_verifier_of_another_circuit() -> None:
    layer = EmbeddedEvm()
    other = Trapdoor.from_seed(seed=7, n_public=1).get_key()
    verifier = deploy_verifier(layer, encode_verifying_key(other))
    with pytest.raises(Reverted) as caught:
        deploy_contract(layer, load_artifact("StateRootAnchor"), verifier.address, PARAMS_HASH, ROOTS[0])
    assert caught.value.reason == "PublicInputCountWrong(got=1, expected=9)"


def test_gas_is_as_pinned_and_within_the_limit() -> None:
    verifier, anchor = get_verifier(), deploy_anchor()
    measured: dict[str, Receipt] = {
        "deploy Groth16Verifier, 9 public inputs": verifier.deployment,
        "deploy StateRootAnchor": anchor.deployment,
        "requireValid as a transaction, 9 public inputs": verifier.transact("requireValid", PROOF_1, BATCH_1),
        "settle, 9 public inputs": anchor.transact("settle", PROOF_1, BATCH_1),
    }
    assert {name: receipt.gas_used for name, receipt in measured.items()} == {name: PINS[name] for name in measured}
    assert PINS["settle, 9 public inputs"] <= GAS_LIMIT_ALL_IN
    assert PINS["requireValid as a transaction, 9 public inputs"] <= GAS_LIMIT_ALL_IN


def test_every_source_has_an_artifact_made_with_the_settings() -> None:
    artifacts = [load_artifact(path.stem) for path in ARTIFACTS_DIR.glob("*.json")]
    alone = {path.name for path in CONTRACTS_DIR.glob("*.sol")}  # those in folders are parts of another
    assert {artifact.source_file for artifact in artifacts} >= alone
    assert {artifact.contract_name: artifact.source_file for artifact in artifacts} == SOURCE_FILES
    assert all(artifact.settings == get_settings(artifact.contract_name) for artifact in artifacts)
    assert all(artifact.compiler_version.startswith("0.8.37+") for artifact in artifacts)

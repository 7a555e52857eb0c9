"""The timelock, the roles, the keys: nothing that users rely on changes before they could have left."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types
from eth_utils.crypto import keccak

from rollup.field import R
from tests.verifier.rollup_scene import DAY_S, LIMITS, PARAMS_HASH, START_ROOT, WINDOW_S, Scene, record, refuses
from tests.verifier.rollup_steps import commit, finish, prove_run
from verifier.addresses import predict_address
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, Receipt
from verifier.rollup_contract import Limits, ShapeSpec, Start, Terms, deploy_rollup

USD = 10**6
SALT = b"\7" * 32
TIMELOCK_S = 11 * DAY_S


def encode_call(function: str, *args: object) -> bytes:
    """Return the calldata of a call that the contract is to make to itself."""
    (entry,) = (e for e in load_artifact("Rollup").abi if e["type"] == "function" and e["name"] == function)
    return function_abi_to_4byte_selector(entry) + encode(get_abi_input_types(entry), args)  # type: ignore[arg-type]


def propose(scene: Scene, data: bytes, sender: int = 0) -> Receipt:
    return scene.rollup.transact("propose", data, SALT, sender=scene.who[sender])


def execute(scene: Scene, data: bytes, sender: int = 0) -> Receipt:
    return scene.rollup.transact("execute", data, SALT, sender=scene.who[sender])


def change(scene: Scene, function: str, *args: object) -> Receipt:
    """Propose, wait, execute."""
    data = encode_call(function, *args)
    propose(scene, data)
    scene.wait(TIMELOCK_S)
    return execute(scene, data)


def test_change_of_parameters_waits_for_the_timelock() -> None:
    scene = Scene()
    data = encode_call("setParamsHash", 99)
    proposed_s = scene.rollup.decode_events("Proposed", propose(scene, data).logs)[0]["readyAtS"] - TIMELOCK_S
    with refuses("AlreadyProposed("):
        propose(scene, data)
    scene.evm.set_next_timestamp(proposed_s + TIMELOCK_S - 1)
    with refuses("NotReady("):
        execute(scene, data)
    assert scene.rollup.call("paramsHash") == PARAMS_HASH
    execute(scene, data)
    assert scene.rollup.call("paramsHash") == 99
    with refuses("NotReady("):
        execute(scene, data)


def test_proposal_that_nobody_executes_lapses() -> None:
    scene = Scene()
    data = encode_call("setParamsHash", 99)
    propose(scene, data)
    scene.wait(2 * TIMELOCK_S + 1)
    with refuses("NotReady("):
        execute(scene, data)


def test_proposal_is_cancelled_by_guardian_or_governor() -> None:
    scene = Scene()
    data = encode_call("setParamsHash", 99)
    proposal = keccak(encode(["bytes", "bytes32"], [data, SALT]))
    for who in (2, 0):
        propose(scene, data)
        with refuses("NotAllowed("):
            scene.rollup.transact("cancel", proposal, sender=scene.who[1])
        scene.rollup.transact("cancel", proposal, sender=scene.who[who])
    scene.wait(TIMELOCK_S)
    with refuses("NotReady("):
        execute(scene, data)


def test_group_is_proved_under_the_parameters_of_its_commitment() -> None:
    """A change between commitment and proof leaves the group what it was; the next is under the new ones."""
    scene = Scene()
    data = encode_call("setParamsHash", 99)
    propose(scene, data)
    scene.wait(TIMELOCK_S - 60)
    before = scene.make_group(b"")
    encoded = commit(scene, before)
    scene.wait(60)
    execute(scene, data)
    prove_run(scene, before, encoded, 0, 1)
    finish(scene, before, encoded)
    after = scene.make_group(b"")
    assert (before.inputs[0].params_hash, after.inputs[0].params_hash) == (PARAMS_HASH, 99)
    scene.settle(after)


def test_limits_roles_and_shapes_change_behind_the_timelock() -> None:
    scene = Scene()
    limits = LIMITS._replace(min_deposit_e6=50 * USD, max_lag_s=60)
    change(scene, "setLimits", limits)
    assert scene.rollup.call("limits") == tuple(limits)
    with refuses("DepositBelowMinimum("):
        scene.deposit(3, 5, 50 * USD - 1)
    change(scene, "setRoles", scene.who[7], scene.who[6], scene.who[5])
    with refuses("NotAllowed("):
        propose(scene, b"")
    with refuses("NotAllowed("):
        scene.settle(scene.make_group(b""))
    assert [scene.rollup.call(role) for role in ("governor", "sequencer", "guardian")] == [
        f"0x{scene.who[i].hex()}" for i in (7, 6, 5)
    ]


def test_shape_registered_and_retired() -> None:
    scene = Scene()
    change(scene, "registerShape", ShapeSpec(scene.verifier.address, 55, 9, False))
    key_store = scene.verifier.call("keyStore")
    assert scene.rollup.call("getShape", 1) == (key_store, 55, 9, False, False)
    assert scene.rollup.call("isDevelopmentKey") is True
    scene.settle(scene.make_group(b""))
    change(scene, "retireShape", 0)
    with refuses("ShapeUnusable(shapeId=0)"):
        scene.settle(scene.make_group(b""))
    assert scene.rollup.call("isDevelopmentKey") is True  # the exit key's


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("setParamsHash", (1,)),
        ("setLimits", (LIMITS,)),
        ("setRoles", (b"\1" * 20,) * 3),
        ("retireShape", (0,)),
        ("registerShape", ((b"\1" * 20, 1, 1, False),)),
    ],
)
def test_invalid_change_without_the_timelock(function: str, args: tuple[object, ...]) -> None:
    scene = get_scene()
    for who in (0, 1, 2, 6):
        with refuses("NotAllowed("):
            scene.rollup.transact(function, *args, sender=scene.who[who])


_SCENES: list[Scene] = []


def get_scene() -> Scene:
    """Return a scene that tests of refusals share."""
    if not _SCENES:
        _SCENES.append(Scene())
    return _SCENES[0]


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("propose", (b"", SALT)),
        ("execute", (b"", SALT)),
        ("unpause", ()),
        ("collectFees", (b"\1" * 20,)),
        ("collectWei", (b"\1" * 20,)),
        ("setTier", (5, 1)),
    ],
)
def test_invalid_call_by_another_than_the_governor(function: str, args: tuple[object, ...]) -> None:
    scene = get_scene()
    for who in (1, 2, 6):
        with refuses("NotAllowed("):
            scene.rollup.transact(function, *args, sender=scene.who[who])


def test_invalid_pause_by_another_than_guardian_or_governor() -> None:
    scene = get_scene()
    for who in (1, 6):
        with refuses("NotAllowed("):
            scene.rollup.transact("pause", sender=scene.who[who])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encode_call("setParamsHash", R), f"ParamsHashWrong(got={R})"),
        (encode_call("setLimits", LIMITS._replace(max_forced=0)), "LimitsWrong()"),
        (encode_call("setLimits", LIMITS._replace(max_deposits=0)), "LimitsWrong()"),
        (encode_call("setLimits", LIMITS._replace(max_lag_s=0)), "LimitsWrong()"),
        (encode_call("setLimits", LIMITS._replace(min_deposit_e6=LIMITS.deposit_fee_e6)), "LimitsWrong()"),
        (encode_call("setRoles", bytes(20), b"\1" * 20, b"\1" * 20), "AddressZero()"),
    ],
)
def test_invalid_change(data: bytes, reason: str) -> None:
    scene = get_scene()
    propose(scene, data)
    scene.wait(TIMELOCK_S)
    with refuses(reason):
        execute(scene, data)


def deploy(scene: Scene, terms: Terms, start: Start | None = None, limits: Limits = LIMITS) -> Contract:
    return deploy_rollup(scene.evm, terms, limits, start or scene.get_start(), [scene.get_spec()])


@pytest.mark.parametrize("field", ["forced_deadline_s", "window_s", "exit_window_s"])
def test_timelock_is_long_enough_to_leave(field: str) -> None:
    scene = get_scene()
    terms = scene.get_terms()
    way_out_s = terms.forced_deadline_s + terms.window_s + terms.exit_window_s
    deploy(scene, terms._replace(timelock_s=way_out_s))
    for wrong in (terms._replace(timelock_s=way_out_s - 1), terms._replace(**{field: 0})):
        with refuses("TermsWrong()"):
            deploy(scene, wrong)


@pytest.mark.parametrize("decimals", [5, 7, 18])
def test_invalid_token_of_other_decimals(decimals: int) -> None:
    scene = get_scene()
    scene.token.transact("setDecimals", decimals)
    with refuses("TermsWrong()"):
        deploy(scene, scene.get_terms())
    scene.token.transact("setDecimals", 6)
    deploy(scene, scene.get_terms())


def test_invalid_start() -> None:
    scene = get_scene()
    start = scene.get_start()
    for wrong, reason in (
        (start._replace(state_root=R), f"NotCanonical(value={R})"),
        (start._replace(clock=1 << 72), f"NotCanonical(value={START_ROOT})"),
        (start._replace(params_hash=R), f"ParamsHashWrong(got={R})"),
        (start._replace(governor=bytes(20)), "AddressZero()"),
    ):
        with refuses(reason):
            deploy(scene, scene.get_terms(), wrong)


def test_invalid_keys_of_other_circuits() -> None:
    scene = get_scene()
    with refuses("TermsWrong()"):
        deploy(scene, scene.get_terms()._replace(exit_verifier=scene.verifier.address))
    for spec, reason in (
        (scene.get_spec()._replace(verifier=scene.exit_verifier.address), "ShapeWrong(publicInputCount=3"),
        (scene.get_spec()._replace(n_elements=0), "ShapeWrong("),
        (scene.get_spec()._replace(n_elements=4097), "ShapeWrong("),
        (scene.get_spec()._replace(n_lanes=256), "ShapeWrong("),
    ):
        with refuses(reason):
            deploy_rollup(scene.evm, scene.get_terms(), LIMITS, scene.get_start(), [spec])


def test_development_key_is_said_as_long_as_one_is_in_use() -> None:
    scene = get_scene()
    for exit_key, batch_key in ((False, False), (True, False), (False, True)):
        terms = scene.get_terms()._replace(exit_key_is_development=exit_key)
        spec = scene.get_spec()._replace(is_development=batch_key)
        rollup = deploy_rollup(scene.evm, terms, LIMITS, scene.get_start(), [spec])
        assert rollup.call("isDevelopmentKey") is (exit_key or batch_key)


def test_user_who_does_not_agree_is_out_before_a_change_can_be_made() -> None:
    """The worst timing: a proposal, a forced request in the last second of its window, a sequencer that stops."""
    scene = Scene()
    scene.deposit(3, 5, 100 * USD + LIMITS.deposit_fee_e6)
    scene.settle(scene.make_group(record(0, 1)))
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    data = encode_call("setParamsHash", 99)
    propose(scene, data)
    proposed_s = scene.now_s
    scene.force(3, "forceWithdrawal", 5, 100 * USD)
    window = scene.now_s // WINDOW_S
    scene.evm.set_next_timestamp((window + 1) * WINDOW_S + 3 * DAY_S + 1)
    scene.rollup.transact("freeze", window, sender=scene.who[3])
    scene.evm.set_next_timestamp(scene.now_s + 7 * DAY_S + 1)
    scene.evm.mine()
    assert scene.now_s < proposed_s + TIMELOCK_S
    with refuses("NotReady("):
        execute(scene, data)


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**40])
def test_predicted_address(nonce: int) -> None:
    import rlp

    sender = bytes(range(20))
    assert predict_address(sender, nonce) == keccak(rlp.encode([sender, nonce]))[12:]


def test_predicted_address_of_a_deployment() -> None:
    scene = get_scene()
    sender = scene.who[8]
    predicted = predict_address(sender, 0)
    receipt = scene.evm.deploy(load_artifact("TestToken").creation_bytecode, sender=sender)
    assert receipt.created_address == predicted

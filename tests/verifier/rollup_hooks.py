"""A token that calls the contract back in the midst of a transfer."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types

from tests.verifier.rollup_scene import Scene
from verifier.artifacts import load_artifact


def set_hook(scene: Scene, function: str, *args: object) -> None:
    """Have the token call the contract in the midst of every transfer."""
    (entry,) = (e for e in load_artifact("Rollup").abi if e["type"] == "function" and e["name"] == function)
    data = function_abi_to_4byte_selector(entry) + encode(get_abi_input_types(entry), args)  # type: ignore[arg-type]
    scene.token.transact("setHook", scene.rollup.address, data)


def get_hook_error(scene: Scene) -> str:
    """Return the name of the error that the hook's call ended with."""
    answer = scene.token.call("hookAnswer")
    for entry in load_artifact("Rollup").abi:
        if entry["type"] == "error" and function_abi_to_4byte_selector(entry) == answer[:4]:  # type: ignore[arg-type]
            return str(entry["name"])
    return ""

"""A deployed contract by its ABI: names and Python values in, Python values out. Encoding is eth-abi's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_typing import ABIElement
from eth_utils.abi import (
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    get_abi_input_names,
    get_abi_input_types,
    get_abi_output_types,
)

from verifier.artifacts import Artifact
from verifier.base_layer.errors import Reverted
from verifier.base_layer.interface import BaseLayer, Log, Receipt


@dataclass(frozen=True)
class Contract:
    """One contract on one base layer."""

    layer: BaseLayer
    artifact: Artifact
    address: bytes
    deployment: Receipt | None = None  # None where it stood before

    def call(self, function: str, *args: object, sender: bytes | None = None) -> Any:  # noqa: ANN401 # the ABI decides
        """Return what a function returns: one value, or a tuple of them, empty where nothing. Raises Reverted."""
        abi = _get_entry(self.artifact, "function", function)
        try:
            output = self.layer.call(self.address, _encode_call(abi, args), sender=sender)
        except Reverted as error:
            raise _explain(error, self.artifact) from None
        values = decode(get_abi_output_types(abi), output)
        return values[0] if len(values) == 1 else values

    def transact(
        self,
        function: str,
        *args: object,
        sender: bytes | None = None,
        value_wei: int = 0,
        blobs: Sequence[bytes] = (),
    ) -> Receipt:
        """Send a transaction and return its receipt. Raises as BaseLayer.transact, errors of the contract spelled."""
        calldata = _encode_call(_get_entry(self.artifact, "function", function), args)
        try:
            return self.layer.transact(self.address, calldata, sender=sender, value_wei=value_wei, blobs=blobs)
        except Reverted as error:
            raise _explain(error, self.artifact) from None

    def decode_events(self, event: str, logs: tuple[Log, ...]) -> list[dict[str, Any]]:
        """Return the arguments of each log that is this event of this contract, by name.

        Assumes indexed arguments of value types: of others the EVM keeps a hash only.
        """
        abi = _get_entry(self.artifact, "event", event)
        topic = event_abi_to_log_topic(cast(Any, abi))
        return [_decode_log(abi, log) for log in logs if log.address == self.address and log.topics[0] == topic]


def deploy_contract(layer: BaseLayer, artifact: Artifact, *args: object, sender: bytes | None = None) -> Contract:
    """Deploy and return the contract; its `deployment` holds the gas. Raises Reverted."""
    constructors = [cast(ABIElement, entry) for entry in artifact.abi if entry["type"] == "constructor"]
    types = [spelled for entry in constructors for spelled in get_abi_input_types(entry)]
    try:
        receipt = layer.deploy(artifact.creation_bytecode + encode(types, args), sender=sender)
    except Reverted as error:
        raise _explain(error, artifact) from None
    assert receipt.created_address is not None  # a deployment that did not revert made a contract
    return Contract(layer, artifact, receipt.created_address, receipt)


def _get_entry(artifact: Artifact, kind: str, name: str) -> ABIElement:
    (entry,) = (entry for entry in artifact.abi if entry["type"] == kind and entry["name"] == name)
    return cast(ABIElement, entry)


def _encode_call(abi: ABIElement, args: tuple[object, ...]) -> bytes:
    return function_abi_to_4byte_selector(abi) + encode(get_abi_input_types(abi), args)


def _decode_log(abi: ABIElement, log: Log) -> dict[str, Any]:
    inputs = cast(Any, abi)["inputs"]
    indexed = [item for item in inputs if item["indexed"]]
    plain = [item for item in inputs if not item["indexed"]]
    values = {i["name"]: decode([i["type"]], topic)[0] for i, topic in zip(indexed, log.topics[1:], strict=True)}
    in_data = zip(plain, decode([i["type"] for i in plain], log.data), strict=True)
    return values | {i["name"]: value for i, value in in_data}


def _explain(error: Reverted, artifact: Artifact) -> Reverted:
    """Return the error with its reason spelled by the ABI: `OldStateRootWrong(got=1, expected=2)`."""
    for entry in artifact.abi:
        abi = cast(ABIElement, entry)
        if entry["type"] == "error" and function_abi_to_4byte_selector(abi) == error.return_data[:4]:
            values = zip(get_abi_input_names(abi), decode(get_abi_input_types(abi), error.return_data[4:]), strict=True)
            facts = ", ".join(f"{name}={value}" for name, value in values)
            return Reverted(error.return_data, f"{entry['name']}({facts})", error.gas_used)
    return error

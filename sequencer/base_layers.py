"""The base layer that a command is to settle on, by its options."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sequencer.errors import OptionInvalid
from verifier.base_layer import BaseLayer, EmbeddedEvm

__all__ = ["EMBEDDED", "open_base_layer"]

EMBEDDED: Final = "embedded"


def open_base_layer(name: str, key_file: Path | None) -> BaseLayer:
    """Return an EVM in this process for "embedded", else the node of this address, paid from the first key of the file.

    Raises OptionInvalid where one option lacks the other, KeyFileInvalid, NodeUrlInvalid, NodeUnreachable.
    """
    if name == EMBEDDED:
        if key_file is not None:
            raise OptionInvalid(
                "--key-file", str(key_file), "a --base-layer that is a node; the embedded EVM needs no key"
            )
        return EmbeddedEvm()
    if key_file is None:
        raise OptionInvalid("--key-file", "nothing", "a file with the key that pays on the node of --base-layer")
    # imported here: web3 takes a second, which only those who use a node should wait
    from verifier.base_layer.json_rpc import JsonRpcNode
    from verifier.base_layer.key_file import read_keys

    return JsonRpcNode(name, read_keys(key_file))

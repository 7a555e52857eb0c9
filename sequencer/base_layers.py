"""The base layer that a command is to settle on, by its options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sequencer.errors import OptionInvalid
from verifier.base_layer import BaseLayer, EmbeddedEvm

if TYPE_CHECKING:
    from verifier.base_layer.send_settings import SendSettings

__all__ = ["EMBEDDED", "is_embedded", "open_base_layer"]

EMBEDDED: Final = "embedded"
_IN_A_FILE: Final = "embedded:"


def is_embedded(name: str) -> bool:
    """Return whether this names an EVM in this process."""
    return name == EMBEDDED or name.startswith(_IN_A_FILE)


def open_base_layer(
    name: str, key_file: Path | None, *, settings: SendSettings | None = None, is_real_time: bool = False
) -> BaseLayer:
    """Return an EVM in this process for "embedded", that of a file for "embedded:PATH", made where there is none.

    For anything else the node of this address, paid from the first key of the file. is_real_time: an EVM in this
    process gives its blocks this machine's time. Raises OptionInvalid where one option lacks the other, KeyFileInvalid,
    ChainFileUnusable, NodeUrlInvalid, NodeUnreachable.
    """
    if is_embedded(name):
        if key_file is not None:
            raise OptionInvalid(
                "--key-file", str(key_file), "a --base-layer that is a node; the embedded EVM needs no key"
            )
        path = name.removeprefix(_IN_A_FILE)
        if not path:
            raise OptionInvalid("--base-layer", name, "embedded:PATH, the file of the chain")
        return EmbeddedEvm(path=None if name == EMBEDDED else Path(path), is_real_time=is_real_time)
    if key_file is None:
        raise OptionInvalid("--key-file", "nothing", "a file with the key that pays on the node of --base-layer")
    # imported here: web3 takes a second, which only those who use a node should wait
    from verifier.base_layer.json_rpc import JsonRpcNode
    from verifier.base_layer.key_file import read_keys

    return JsonRpcNode(name, read_keys(key_file), settings=settings)

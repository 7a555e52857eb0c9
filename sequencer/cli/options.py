"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from rollup.field import is_canonical
from rollup.units import ACCOUNT_BITS

if TYPE_CHECKING:
    from verifier.base_layer import BaseLayer

__all__ = [
    "CIRCUIT_HELP",
    "account_option",
    "base_layer_option",
    "key_file_option",
    "keys_option",
    "open_layer",
    "optional_root_option",
    "out_file_option",
    "out_option",
    "parse_element",
    "resolve_keys_dir",
    "root_option",
    "shape_option",
    "snapshot_argument",
]

_LAST_ACCOUNT = 2**ACCOUNT_BITS - 1


def parse_element(_: click.Context | None, __: click.Parameter | None, text: str | None) -> int | None:
    """Return a number below r: decimal, or hexadecimal behind 0x."""
    if text is None:
        return None
    is_hex = text.startswith("0x")
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,64}" if is_hex else r"[0-9]{1,77}", text, re.ASCII):
        raise click.BadParameter(f"{text[:80]!r} is no number, decimal or 0x hexadecimal")
    number = int(text, 16 if is_hex else 10)
    if not is_canonical(number):
        raise click.BadParameter(f"{text} is not below the order of the scalar field")
    return number


_ROOT_HELP = "State root, decimal or 0x hexadecimal."
root_option = click.option("--root", required=True, callback=parse_element, metavar="N", help=_ROOT_HELP)
optional_root_option = click.option("--root", callback=parse_element, metavar="N", help=_ROOT_HELP)
snapshot_argument = click.argument("snapshot", type=click.Path(path_type=Path), metavar="SNAPSHOT")
account_option = click.option(
    "--account",
    "account_id",
    required=True,
    type=click.IntRange(0, _LAST_ACCOUNT),
    metavar="N",
    help=f"The account, 0 to {_LAST_ACCOUNT:,}.",
)


keys_option = click.option(
    "--keys",
    "keys_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Cache of proving keys. [default: zkmargin/keys in the XDG cache folder]",
)
out_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write."
)
out_file_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="File to write, not there yet."
)
CIRCUIT_HELP = "The circuit: tiny, small, block or exit."
shape_option = click.option(
    "--shape", "shape_name", default="small", show_default=True, help="Lanes of a batch: tiny, small or block."
)

base_layer_option = click.option(
    "--base-layer",
    default="embedded",
    show_default=True,
    metavar="URL",
    help="Where to settle: a node's JSON-RPC address, an EVM in this process, or embedded:PATH, kept in a file.",
)
key_file_option = click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Private key that pays on the node of --base-layer: one line of hexadecimal, mode 0600.",
)


def resolve_keys_dir(keys_dir: Path | None) -> Path:
    """Return the folder named, or the default one."""
    from sequencer.keys import get_default_keys_dir

    return keys_dir or get_default_keys_dir()


def open_layer(name: str, key_file: Path | None) -> BaseLayer:
    """Return the base layer of the two options, closed when the command ends. Raises as `open_base_layer`."""
    from sequencer.base_layers import open_base_layer

    layer = open_base_layer(name, key_file)
    context = click.get_current_context()
    assert context is not None, "outside a command"
    context.call_on_close(layer.close)
    return layer

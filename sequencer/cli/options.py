"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

__all__ = ["keys_option", "out_option", "resolve_keys_dir", "shape_option"]

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
shape_option = click.option(
    "--shape", "shape_name", default="small", show_default=True, help="Lanes of a batch: tiny, small or block."
)


def resolve_keys_dir(keys_dir: Path | None) -> Path:
    """Return the folder named, or the default one."""
    from sequencer.keys import get_default_keys_dir

    return keys_dir or get_default_keys_dir()

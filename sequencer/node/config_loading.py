"""Reads the node's configuration: a TOML file, then the environment on top; anything unknown or wrong is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from rollup.units import ORACLE_COUNT
from sequencer.files import read_limited
from sequencer.node.config import NodeConfig
from sequencer.node.config_keys import ConfigInvalid, KeySpec, parse_text, parse_value

__all__ = ["ENV_PREFIX", "list_keys", "load_config", "name_variable"]

ENV_PREFIX: Final = "ZKMARGIN_NODE_"
_MAX_BYTES: Final = 2**20
_SECTIONS: Final[dict[str, type[Any]]] = {
    name: kind for name, kind in get_type_hints(NodeConfig).items() if name != "file"
}


def list_keys() -> dict[tuple[str, str], KeySpec]:
    """Return every key by section and name, in the order of the file."""
    return {
        (section, name): hint.__metadata__[0]
        for section, kind in _SECTIONS.items()
        for name, hint in get_type_hints(kind, include_extras=True).items()
    }


def name_variable(section: str, name: str) -> str:
    """Return the environment variable that overrides a key."""
    return f"{ENV_PREFIX}{section}_{name}".upper()


def load_config(path: Path, env: Mapping[str, str]) -> NodeConfig:
    """Return the configuration of a file, with what the environment overrides. Paths are taken from the file's folder.

    Raises FileMissing, FileTooLarge, ConfigInvalid naming file, key, what it got and what was expected.
    """
    values = _read_file(path) | _read_environment(path, env)
    if values.get(("node", "data")) is None:
        raise ConfigInvalid(str(path), "node.data", "nothing", "a folder")
    sections = {
        section: kind(**{one.name: values[section, one.name] for one in fields(kind) if (section, one.name) in values})
        for section, kind in _SECTIONS.items()
    }
    config = NodeConfig(file=path, **sections)
    _check_whole(config)
    return config


def _read_file(path: Path) -> dict[tuple[str, str], Any]:
    keys, values = list_keys(), {}
    for section, table in _parse_toml(path).items():
        if section not in _SECTIONS:
            raise ConfigInvalid(str(path), section, "an unknown section", ", ".join(_SECTIONS))
        if not isinstance(table, dict):
            raise ConfigInvalid(str(path), section, repr(table)[:80], "a section")
        for name, raw in table.items():
            spec = keys.get((section, name))
            if spec is None:
                known = ", ".join(one for where, one in keys if where == section)
                raise ConfigInvalid(str(path), f"{section}.{name}", "an unknown key", known)
            try:
                values[section, name] = parse_value(spec, raw, path.parent)
            except ValueError as error:
                raise ConfigInvalid(str(path), f"{section}.{name}", str(error), spec.describe()) from None
    return values


def _parse_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_limited(path, _MAX_BYTES).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigInvalid(str(path), "file", str(error)[:120], "TOML") from None


def _read_environment(path: Path, env: Mapping[str, str]) -> dict[tuple[str, str], Any]:
    by_variable = {name_variable(*where): (where, spec) for where, spec in list_keys().items()}
    values = {}
    for variable in sorted(name for name in env if name.startswith(ENV_PREFIX)):
        if variable not in by_variable:
            raise ConfigInvalid("environment", variable, "an unknown key", f"{ENV_PREFIX}SECTION_KEY")
        where, spec = by_variable[variable]
        try:
            values[where] = parse_text(spec, env[variable], path.parent)
        except ValueError as error:
            raise ConfigInvalid("environment", variable, str(error), spec.describe()) from None
    return values


def _check_whole(config: NodeConfig) -> None:
    """Raise ConfigInvalid where keys do not go together."""
    layer, oracle, auction = config.base_layer, config.oracle, config.auction
    is_embedded = config.embedded_chain is not None
    is_outside = oracle.source == "outside"
    facts: list[tuple[bool, str, str, str]] = [
        (not config.api.host, "api.host", "nothing", "an address"),
        (
            auction.min_interval_s < auction.tick_s,
            "auction.min_interval_s",
            f"{auction.min_interval_s}",
            "tick_s or more",
        ),
        (not is_embedded and not (layer.url or layer.url_file), "base_layer.url", "nothing", "an address"),
        (not is_embedded and layer.key_file is None, "base_layer.key_file", "nothing", "a key file, for a node"),
        (oracle.source == "tape" and oracle.tape is None, "oracle.tape", "nothing", "a tape, for this source"),
        (oracle.source != "tape" and not oracle.prices_ticks, "oracle.prices_ticks", "nothing", "a price"),
        (len(oracle.prices_ticks) > 16, "oracle.prices_ticks", f"{len(oracle.prices_ticks)} prices", "at most 16"),
        (
            len(oracle.key_files) not in (0, ORACLE_COUNT),
            "oracle.key_files",
            f"{len(oracle.key_files)} files",
            f"{ORACLE_COUNT}, or none",
        ),
        (is_outside and bool(oracle.key_files), "oracle.key_files", "files", "none: the signers are outside"),
        (
            len(set(oracle.public_keys)) != (ORACLE_COUNT if is_outside else 0),
            "oracle.public_keys",
            f"{len(set(oracle.public_keys))} different keys",
            f"{ORACLE_COUNT}" if is_outside else "none: the signers are inside",
        ),
    ]
    for is_wrong, where, got, expected in facts:
        if is_wrong:
            raise ConfigInvalid(str(config.file), where, got, expected)

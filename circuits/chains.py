"""Chained values: what a lane takes in, it hands on to the next lane that carries it. Wired by the ports' names.

A port `{chain}_in`, `{chain}_in[m]` or `{chain}_in/{part}` stands on link i of its chain, `{chain}_out..` on link
i + 1, where i lanes before carried it; `{chain}_start..` and `{chain}_end..` are the first and the last link of all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["Chains"]

_PORT = re.compile(r"(\w+)_(in|out|start|end)((?:/\w+)?(?:\[\d+\])?)")
_DUE = re.compile(r"(\w+)((?:\[\d+\])?)")
_NAMES = {"root": "accounts_root"}


class Chains:
    """How far each chain has come, lane by lane."""

    def __init__(self) -> None:
        self._links: Counter[str] = Counter()

    def wire_lane(self, ports: Iterable[str]) -> dict[str, str]:
        """Return the bus wires of a lane's _in and _out ports, and move every chain it carries on by one link."""
        wiring, carried = {}, set()
        for port, chain, end, index in _chained(ports):
            if end in ("in", "out"):
                wiring[port] = _link(chain, self._links[chain] + (end == "out"), index)
                carried.add(chain)
        self._links.update(carried)
        return wiring

    def wire_ends(self, ports: Iterable[str]) -> dict[str, str]:
        """Return the bus wires of _start and _end ports, as far as the chains have come."""
        ends = {"start": lambda chain: 0, "end": self._links.__getitem__}
        return {
            port: _link(chain, ends[end](chain), index) for port, chain, end, index in _chained(ports) if end in ends
        }

    def last(self, port: str) -> str:
        """Return the wire of the last link so far of the chain that a port `{chain}` or `{chain}[m]` names."""
        match = _DUE.fullmatch(port)
        assert match is not None, f"{port} names no chain"
        return _link(match[1], self._links[match[1]], match[2])


def _chained(ports: Iterable[str]) -> list[tuple[str, str, str, str]]:
    found = [(port, _PORT.fullmatch(port)) for port in ports]
    return [(port, match[1], match[2], match[3]) for port, match in found if match]


def _link(chain: str, link: int, index: str) -> str:
    return f"{_NAMES.get(chain, chain)}[{link}]{index}"

"""A `.zkey` taken apart by its published layout, altered, and put together."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from rollup.field import R

_COEFFICIENT_BYTES: Final = 44
_R_SQUARED_INVERSE: Final = pow(2**512, -1, R)

Coefficient = tuple[int, int, int, int]
"""Matrix (0: A, 1: B), row, wire, value."""


@dataclass(frozen=True)
class ZkeyParts:
    """The sections, by type, in the file's order; what `to_bytes` makes may be as wrong as a test wants it."""

    sections: tuple[tuple[int, bytes], ...]
    head: bytes = b"zkey" + struct.pack("<I", 1)
    n_sections: int | None = None  # None: as many as there are

    @classmethod
    def parse(cls, data: bytes) -> ZkeyParts:
        """Take a file apart. Assumes that its table is in order."""
        assert data[:4] == b"zkey"
        at, sections = 12, []
        while at < len(data):
            kind, size = struct.unpack_from("<IQ", data, at)
            sections.append((kind, data[at + 12 : at + 12 + size]))
            at += 12 + size
        assert len(sections) == struct.unpack_from("<I", data, 8)[0]
        return cls(tuple(sections))

    def to_bytes(self) -> bytes:
        """Return the file."""
        count = len(self.sections) if self.n_sections is None else self.n_sections
        bodies = (struct.pack("<IQ", kind, len(body)) + body for kind, body in self.sections)
        return self.head + struct.pack("<I", count) + b"".join(bodies)

    def get(self, kind: int) -> bytes:
        """Return a section's bytes."""
        return dict(self.sections)[kind]

    def edit(self, kind: int, change: Callable[[bytes], bytes]) -> ZkeyParts:
        """Return the file with one section changed."""
        changed = ((k, change(body) if k == kind else body) for k, body in self.sections)
        return replace(self, sections=tuple(changed))

    def reverse(self) -> ZkeyParts:
        """Return the file with its sections in the opposite order: the format leaves it open."""
        return replace(self, sections=self.sections[::-1])

    def coefficients(self) -> Iterator[Coefficient]:
        """Yield the coefficients of A and B."""
        body = self.get(4)
        assert len(body) == 4 + _COEFFICIENT_BYTES * struct.unpack_from("<I", body)[0]
        for at in range(4, len(body), _COEFFICIENT_BYTES):
            value = int.from_bytes(body[at + 12 : at + _COEFFICIENT_BYTES], "little") * _R_SQUARED_INVERSE % R
            yield (*struct.unpack_from("<3I", body, at), value)


def put(at: int, data: bytes) -> Callable[[bytes], bytes]:
    """Return a change that overwrites bytes from `at` on."""
    return lambda body: body[:at] + data + body[at + len(data) :]

"""A file around canonical JSON: magic, version, length, SHA-256, then the JSON compressed by zlib.

The digest covers the compressed bytes, so that any flipped bit is found before anything is unpacked. Opening is strict:
the very bytes that sealing the result would give, nothing after them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from rollup.bounded_json import parse_json
from rollup.codec_fields import Codec, Malformed
from rollup.errors import BatchInvalid

__all__ = ["Envelope", "dump_canonical"]

_MAGIC_BYTES = 8
_HEADER_BYTES = _MAGIC_BYTES + 4 + 8 + 32


@dataclass(frozen=True)
class Envelope:
    """One kind of file: what it starts with, how much of it is read, and the error that says why it is refused."""

    magic: bytes
    version: int
    max_file_bytes: int
    max_json_bytes: int
    refuse: Callable[[str, str], BatchInvalid]  # (source, reason)

    def seal(self, codec: Codec, value: object) -> bytes:
        """Return the file's bytes; the same value gives the same bytes (with one build of zlib).

        Raises what `refuse` makes where the file would be too large to be read again.
        """
        text = dump_canonical(codec.encode(value))
        payload = zlib.compress(text, 6)
        for what, n_bytes, limit in (
            ("JSON", len(text), self.max_json_bytes),
            ("file", len(payload) + _HEADER_BYTES, self.max_file_bytes),
        ):
            if n_bytes > limit:
                raise self.refuse("file to write", f"{n_bytes} bytes of {what}, at most {limit} are read")
        version, length = self.version.to_bytes(4, "little"), len(payload).to_bytes(8, "little")
        return self.magic + version + length + sha256(version + length + payload).digest() + payload

    def open(self, codec: Codec, data: bytes, source: str) -> Any:  # noqa: ANN401 (the codec decides)
        """Return the value in a file's bytes; `source` names the file in errors. Raises what `refuse` makes."""
        text = self.unpack(data, source)
        try:
            parsed = parse_json(text)
        except ValueError as error:
            raise self.refuse(source, f"its content is not JSON: {error}") from error
        if dump_canonical(parsed) != text:
            raise self.refuse(source, "its JSON is not in canonical form")
        try:
            return codec.decode(parsed, "")
        except (Malformed, BatchInvalid) as error:  # the second: parameters that contradict one another
            raise self.refuse(source, str(error)) from error

    def unpack(self, data: bytes, source: str) -> bytes:
        """Return the JSON in a file's bytes, the digest checked and nothing else. Raises what `refuse` makes."""
        return self._unpack(self._check(data, source), source)

    def _check(self, data: bytes, source: str) -> bytes:
        """Return the compressed payload, its length and digest checked."""
        if len(data) > self.max_file_bytes:
            raise self.refuse(source, f"{len(data)} bytes, at most {self.max_file_bytes} are read")
        if not data.startswith(self.magic):
            raise self.refuse(source, f"starts with {data[:_MAGIC_BYTES]!r}, expected {self.magic!r}")
        if len(data) < _HEADER_BYTES:
            raise self.refuse(source, f"truncated: {len(data)} bytes, the header alone has {_HEADER_BYTES}")
        version, length = data[8:12], data[12:20]
        if (got := int.from_bytes(version, "little")) != self.version:
            raise self.refuse(source, f"format version {got}, this program reads {self.version}")
        payload = data[_HEADER_BYTES:]
        if len(payload) != (stated := int.from_bytes(length, "little")):
            raise self.refuse(source, f"truncated or extended: {len(payload)} payload bytes, header says {stated}")
        if sha256(version + length + payload).digest() != data[20:_HEADER_BYTES]:
            raise self.refuse(source, "corrupt: the SHA-256 digest does not match")
        return payload

    def _unpack(self, payload: bytes, source: str) -> bytes:
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(payload, self.max_json_bytes)
        except zlib.error as error:
            raise self.refuse(source, f"its payload is not zlib data: {error}") from error
        if not unpacker.eof or unpacker.unused_data:
            raise self.refuse(source, f"its payload does not end within {self.max_json_bytes} bytes of JSON")
        return text


def dump_canonical(data: object) -> bytes:
    """Return plain JSON in its one spelling: ASCII, no blanks, fields in the codec's order."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True).encode()

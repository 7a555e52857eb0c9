"""A proving key file taken apart by its documented layout, altered, and put together with the checksum that fits."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from py_ecc.optimized_bn128.optimized_curve import field_modulus as Q

from tests.prover.blake3_model import blake3

_HEADER_BYTES: Final = 128
_FIXED_BYTES: Final = 3 * 64 + 2 * 128
_MONTGOMERY_INVERSE: Final = pow(2**256, -1, Q)
FIXED_POINTS: Final = {
    "alpha_g1": (0, 64),
    "beta_g1": (64, 64),
    "delta_g1": (128, 64),
    "beta_g2": (192, 128),
    "delta_g2": (320, 128),
}


CONSTANT: Final = ("a_wires", "b_wires", "a", "b1", "b2")  # no contribution changes them


@dataclass(frozen=True)
class KeyParts:
    """Header, single points, and every section without its padding."""

    header: bytes
    fixed: bytes
    sections: dict[str, bytes]

    @classmethod
    def parse(cls, data: bytes) -> KeyParts:
        """Take a key file apart. Assumes one that `ProvingKey.load` reads."""
        words = struct.unpack_from("<9I", data)
        n_wires, n_public, n_a, n_b = words[5:]
        vk_bytes, transcript_bytes = struct.unpack_from("<2I", data, 68)
        sizes = {"vk": vk_bytes, "a_wires": 4 * n_a, "b_wires": 4 * n_b, "a": 64 * n_a, "b1": 64 * n_b, "b2": 128 * n_b}
        sizes |= {"l": 64 * (n_wires - n_public - 1), "h": 64 << words[4], "transcript": transcript_bytes}
        at, sections = _HEADER_BYTES + _FIXED_BYTES, {}
        for name, size in sizes.items():
            sections[name] = data[at : at + size]
            at += size + -size % 64
        assert at + 32 == len(data)
        return cls(data[:_HEADER_BYTES], data[_HEADER_BYTES : _HEADER_BYTES + _FIXED_BYTES], sections)

    def to_bytes(self) -> bytes:
        """Return the file, lengths and checksum renewed."""
        header = bytearray(self.header)
        struct.pack_into("<2I", header, 68, len(self.sections["vk"]), len(self.sections["transcript"]))
        padded = [section + bytes(-len(section) % 64) for section in self.sections.values()]
        body = b"".join([bytes(header), self.fixed, *padded])
        return body + blake3(body)

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> KeyParts:
        """Return the key with one section changed."""
        return replace(self, sections=self.sections | {name: change(self.sections[name])})

    def edit_fixed(self, name: str, change: Callable[[bytes], bytes]) -> KeyParts:
        """Return the key with one of its single points changed."""
        at, size = FIXED_POINTS[name]
        return replace(self, fixed=self.fixed[:at] + change(self.fixed[at : at + size]) + self.fixed[at + size :])

    def with_flags(self, flags: int) -> KeyParts:
        """Return the key with other flags: 1 says development."""
        return replace(self, header=self.header[:12] + struct.pack("<I", flags) + self.header[16:])

    def restart(self) -> KeyParts:
        """Return the key before any contribution with the transcript's start that fits it."""
        sections = self.sections
        constant = b"".join(sections[name] + bytes(-len(sections[name]) % 64) for name in CONSTANT)
        sizes = self.header[16:36]  # domain_log2, n_wires, n_public, n_a, n_b
        points, vk = self.fixed[:128] + self.fixed[192:320], sections["vk"][:320] + sections["vk"][448:]
        parts = [sizes, self.header[36:68], points, vk, hashlib.blake2b(constant).digest()]
        start = hashlib.blake2b(b"zkmargin ceremony v1 start\0" + b"".join(parts)).digest()
        return self.edit("transcript", lambda _: encode_transcript(start, []))

    def fixed_be(self, name: str) -> bytes:
        """Return a single point as EIP-196 or EIP-197 has it."""
        at, size = FIXED_POINTS[name]
        return to_be(self.fixed[at : at + size], size)


def to_be(raw: bytes, point_bytes: int) -> bytes:
    """Return raw points (Montgomery limbs, little-endian) as EIP-196 and EIP-197 have them."""
    values = [int.from_bytes(raw[at : at + 32], "little") * _MONTGOMERY_INVERSE % Q for at in range(0, len(raw), 32)]
    if point_bytes == 128:
        values = [values[i ^ 1] for i in range(len(values))]  # imaginary part first
    return b"".join(value.to_bytes(32, "big") for value in values)


def to_raw(point_be: bytes) -> bytes:
    """Return one point of EIP-196 or EIP-197 as key files have it."""
    values = [int.from_bytes(point_be[at : at + 32], "big") for at in range(0, len(point_be), 32)]
    if len(values) == 4:
        values = [values[i ^ 1] for i in range(4)]
    return b"".join((value * 2**256 % Q).to_bytes(32, "little") for value in values)


@dataclass(frozen=True)
class Entry:
    """One contribution of a transcript, as bytes."""

    head: bytes  # kind, name, beacon
    points: bytes  # delta_g1, x_g1, x_r_g2: 256 bytes, big-endian
    link: bytes


def parse_transcript(data: bytes) -> tuple[bytes, list[Entry]]:
    """Return a transcript's start and its contributions."""
    (count,) = struct.unpack_from("<I", data, 72)
    at, entries = 76, []
    for _ in range(count):
        kind, name_bytes = struct.unpack_from("<2I", data, at)
        end = at + 8 + name_bytes
        if kind == 1:
            end += 8 + struct.unpack_from("<I", data, end + 4)[0]
        entries.append(Entry(data[at:end], data[end : end + 256], data[end + 256 : end + 320]))
        at = end + 320
    assert at == len(data)
    return data[8:72], entries


def encode_transcript(start: bytes, entries: list[Entry]) -> bytes:
    """Return a transcript's bytes, links as they are."""
    body = b"".join(entry.head + entry.points + entry.link for entry in entries)
    return b"ZKMC" + struct.pack("<I", 1) + start + struct.pack("<I", len(entries)) + body


def relink(start: bytes, entries: list[Entry]) -> list[Entry]:
    """Return the contributions with links that fit: what a forger would do first."""
    linked, before = [], start
    for entry in entries:
        before = hashlib.blake2b(b"zkmargin ceremony v1 link\0" + before + entry.head + entry.points).digest()
        linked.append(replace(entry, link=before))
    return linked

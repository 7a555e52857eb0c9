"""BLAKE3 in plain Python, so that a test can alter a key file and give it the checksum that fits."""

from __future__ import annotations

import struct
from typing import Final

_IV: Final = (
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
)
_PERMUTATION: Final = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_COLUMNS: Final = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS: Final = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_CHUNK_START, _CHUNK_END, _PARENT, _ROOT = 1, 2, 4, 8
_CHUNK_BYTES, _BLOCK_BYTES = 1024, 64
_MASK = 0xFFFFFFFF

_Node = tuple[tuple[int, ...], tuple[int, ...], int, int, int]  # chaining value, words, counter, length, flags


def blake3(data: bytes) -> bytes:
    """Return the 32-byte BLAKE3 hash of data (the BLAKE3 paper, sections 2.2 to 2.5)."""
    chunks = [data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES)] or [b""]
    chaining, words, counter, length, flags = _tree([_chunk(chunk, i) for i, chunk in enumerate(chunks)])
    return struct.pack("<8I", *_compress(chaining, words, counter, length, flags | _ROOT))


def _tree(nodes: list[_Node]) -> _Node:
    if len(nodes) == 1:
        return nodes[0]
    left = 1 << ((len(nodes) - 1).bit_length() - 1)  # the largest power of two that leaves something on the right
    halves = _tree(nodes[:left]), _tree(nodes[left:])
    return _IV, tuple(word for half in halves for word in _compress(*half)), 0, _BLOCK_BYTES, _PARENT


def _chunk(chunk: bytes, counter: int) -> _Node:
    blocks = [chunk[at : at + _BLOCK_BYTES] for at in range(0, len(chunk), _BLOCK_BYTES)] or [b""]
    chaining: tuple[int, ...] = _IV
    for i, block in enumerate(blocks):
        flags = (_CHUNK_START if i == 0 else 0) | (_CHUNK_END if i == len(blocks) - 1 else 0)
        words = struct.unpack("<16I", block.ljust(_BLOCK_BYTES, b"\0"))
        if i == len(blocks) - 1:
            return chaining, words, counter, len(block), flags
        chaining = _compress(chaining, words, counter, len(block), flags)
    raise AssertionError("a chunk has a last block")


def _compress(
    chaining: tuple[int, ...], words: tuple[int, ...], counter: int, length: int, flags: int
) -> tuple[int, ...]:
    state = [*chaining, *_IV[:4], counter & _MASK, counter >> 32, length, flags]
    for _ in range(7):
        for i, places in enumerate((*_COLUMNS, *_DIAGONALS)):
            _mix(state, places, words[2 * i], words[2 * i + 1])
        words = tuple(words[i] for i in _PERMUTATION)
    return tuple(state[i] ^ state[i + 8] for i in range(8))


def _mix(state: list[int], places: tuple[int, int, int, int], first: int, second: int) -> None:
    a, b, c, d = places
    for word, right_d, right_b in ((first, 16, 12), (second, 8, 7)):
        state[a] = (state[a] + state[b] + word) & _MASK
        state[d] = _rotate(state[d] ^ state[a], right_d)
        state[c] = (state[c] + state[d]) & _MASK
        state[b] = _rotate(state[b] ^ state[c], right_b)


def _rotate(word: int, n: int) -> int:
    return (word >> n | word << (32 - n)) & _MASK

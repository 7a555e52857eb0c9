"""What SQLite does not say of its write-ahead log: whether it was torn by a crash, or damaged afterwards.

SQLite reads a log up to the first frame whose checksum fails and drops the rest: right for the transaction that a crash
cut short, silent about a flipped bit among synced ones. The two can be told apart: at most one transaction is ever
written and not synced. So two commits behind the end that SQLite found are damage; one may be either.
File format: sqlite.org/fileformat2.html §4.
"""

from __future__ import annotations

from os import SEEK_CUR
from pathlib import Path
from struct import Struct, pack, unpack
from typing import BinaryIO, Final

__all__ = ["count_dropped_commits"]

# magic | version | page size | checkpoint | salts | checksum of the 24 bytes before it
_HEADER: Final = Struct(">16s8s8s")
_FRAME: Final = Struct(">II8s8s")  # page | pages of the database after a commit, else 0 | salts | checksum
_BIG_ENDIAN_MAGIC: Final = 0x377F0683  # checksums read words of this order; ..82 is little-endian
_MASK: Final = 2**32 - 1


def count_dropped_commits(path: Path, page_bytes: int, n_valid: int) -> int:
    """Return the commits behind the first `n_valid` frames of a log file: written, and not read by SQLite.

    Frames of an earlier turn of the log have other salts and do not count. Where the header is damaged the first
    frame's salts stand for its own. Assumes that the log was empty when its leader began (`sqlite_store`).
    """
    if not path.exists():
        return 0
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return 0
        salts = header[16:24] if _is_valid(header) else file.read(_FRAME.size)[8:16]
        return _count_commits(file, _HEADER.size + n_valid * (_FRAME.size + page_bytes), page_bytes, salts)


def _count_commits(file: BinaryIO, start: int, page_bytes: int, salts: bytes) -> int:
    count = 0
    file.seek(start)
    while len(frame := file.read(_FRAME.size)) == _FRAME.size:
        _, n_pages, frame_salts, _ = _FRAME.unpack(frame)
        count += n_pages != 0 and frame_salts == salts
        file.seek(page_bytes, SEEK_CUR)
    return count


def _is_valid(header: bytes) -> bool:
    order = ">" if int.from_bytes(header[:4], "big") == _BIG_ENDIAN_MAGIC else "<"
    words = unpack(f"{order}6I", header[:24])
    low = high = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):  # §4.2
        low = (low + even + high) & _MASK
        high = (high + odd + low) & _MASK
    return header[24:] == pack(">2I", low, high)

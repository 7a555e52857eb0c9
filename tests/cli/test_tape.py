"""Reading a trade tape: what is accepted, and what each bad line is refused for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rollup.errors import RollupError
from sequencer import tape
from sequencer.errors import FileMissing, FileTooLarge, TapeMalformed
from sequencer.tape import Trade, read_tape

HEADER = "time_ms,id,side,price,amount\n"
ROW = "1760130000007,55014228,buy,24.98,1\n"
EXAMPLE = Path(__file__).parents[2] / "examples" / "avax-2025-10-10.csv.gz"


def write_tape(folder: Path, data: bytes | str) -> Path:
    path = folder / "tape.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_plain_tape(tmp_path: Path) -> None:
    path = write_tape(tmp_path, HEADER + ROW + ROW.replace("buy", "sell"))
    assert read_tape(path) == [Trade(1760130000007, side, 24_980_000_000, 1) for side in (True, False)]


def test_packed_tape_reads_as_the_plain_one(tmp_path: Path) -> None:
    plain = read_tape(write_tape(tmp_path, HEADER + ROW))
    assert read_tape(write_tape(tmp_path, gzip.compress((HEADER + ROW).encode()))) == plain


def test_windows_line_breaks(tmp_path: Path) -> None:
    assert len(read_tape(write_tape(tmp_path, (HEADER + ROW).replace("\n", "\r\n")))) == 1


def test_example_spans_the_fall() -> None:
    prices = [trade.price_e9 for trade in read_tape(EXAMPLE)]
    assert (prices[0], min(prices)) == (25_100_000_000, 6_020_000_000)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("time,id\n", 1),
        (HEADER, 2),
        (HEADER + ROW + "x\n", 3),
        (HEADER + ROW.replace("buy", "hold"), 2),
        (HEADER + ROW.replace("24.98", "-24.98"), 2),
        (HEADER + ROW.replace("24.98", "nan"), 2),
        (HEADER + ROW.replace("24.98", "2e1"), 2),
        (HEADER + ROW.replace("24.98", "0.0"), 2),
        (HEADER + ROW.replace("24.98", "1.0000000001"), 2),
        (HEADER + ROW.replace(",1\n", ",0\n"), 2),
        (HEADER + ROW.replace(",1\n", ",1.5\n"), 2),
        (HEADER + ROW.replace(",1\n", ",1,2\n"), 2),
        (HEADER + ROW + ROW.replace("0007", "0006"), 3),
        (HEADER + ROW[:-1], 2),
        (HEADER + ROW.replace("1", "\u0661"), 2),
        (HEADER + "1" * 200 + "\n", 2),
        (HEADER + "\n" + ROW, 2),
    ],
)
def test_invalid_tape_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(TapeMalformed) as caught:
        read_tape(write_tape(tmp_path, text))
    assert caught.value.line == line


def test_invalid_truncated_gzip(tmp_path: Path) -> None:
    data = EXAMPLE.read_bytes()
    with pytest.raises(TapeMalformed, match="broken gzip data"):
        read_tape(write_tape(tmp_path, data[: len(data) // 2]))


@pytest.mark.parametrize("position", [3, 500, -3])
def test_invalid_bit_flip_in_gzip(tmp_path: Path, position: int) -> None:
    data = bytearray(EXAMPLE.read_bytes())
    data[position] ^= 0x10
    with pytest.raises(RollupError):
        read_tape(write_tape(tmp_path, bytes(data)))


def test_invalid_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_tape(tmp_path / "absent.csv")


def test_invalid_folder_in_place_of_a_tape(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_tape(tmp_path)


@pytest.mark.parametrize("limit", ["MAX_PACKED_BYTES", "MAX_PLAIN_BYTES"])
def test_invalid_oversized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(tape, limit, 60)
    with pytest.raises(FileTooLarge):
        read_tape(write_tape(tmp_path, HEADER + ROW))


def test_oversized_by_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "MAX_PLAIN_BYTES", len(HEADER + ROW))
    assert len(read_tape(write_tape(tmp_path, HEADER + ROW))) == 1

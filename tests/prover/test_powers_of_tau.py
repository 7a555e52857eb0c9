"""`.ptau` files: powers that are none, points that are none, sections that do not fit, files cut short."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from prover.kernel import PowersOfTau, make_development_powers, start_ceremony
from tests.prover.key_parts import to_raw
from tests.prover.knowledge_model import encode_g2, find_points
from tests.prover.tiny import build_cubic_circuit

Sections = dict[int, bytes]
POWER = 5
STRAY_G1 = to_raw((1).to_bytes(32, "big") + (3).to_bytes(32, "big"))
STRAY_G2 = to_raw(encode_g2(next(find_points(b""))))  # on the curve, not of order r


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> Sections:
    path = tmp_path_factory.mktemp("powers") / "p.ptau"
    make_development_powers(path, POWER, prepared=True, seed=b"test_powers_of_tau")
    return parse(path.read_bytes())


def parse(data: bytes) -> Sections:
    at, found = 12, {}
    for _ in range(struct.unpack_from("<I", data, 8)[0]):
        kind, size = struct.unpack_from("<IQ", data, at)
        found[kind] = data[at + 12 : at + 12 + size]
        at += 12 + size
    assert at == len(data)
    return found


def encode(sections: Sections) -> bytes:
    body = b"".join(struct.pack("<IQ", kind, len(data)) + data for kind, data in sections.items())
    return b"ptau" + struct.pack("<II", 1, len(sections)) + body


def load(folder: Path, data: bytes, domain_log2: int = POWER - 1) -> PowersOfTau:
    (folder / "p.ptau").write_bytes(data)
    return PowersOfTau.load(folder / "p.ptau", domain_log2)


def copy_point(at: int, source: int, size: int = 64) -> Callable[[bytes], bytes]:
    """Return a change that puts one point of a section where another stands."""

    def change(raw: bytes) -> bytes:
        point = raw[source * size : (source + 1) * size]
        return raw[: at * size] + point + raw[(at + 1) * size :]

    return change


def put(at: int, point: bytes) -> Callable[[bytes], bytes]:
    """Return a change that puts a point into a section."""
    return lambda raw: raw[: at * len(point)] + point + raw[(at + 1) * len(point) :]


@pytest.mark.parametrize("domain_log2", range(1, POWER))
def test_powers_serve_every_domain_up_to_half_of_them(sections: Sections, tmp_path: Path, domain_log2: int) -> None:
    powers = load(tmp_path, encode(sections), domain_log2)
    assert (powers.power, powers.is_prepared) == (POWER, True)


def test_order_of_sections_and_unknown_ones_do_not_matter(sections: Sections, tmp_path: Path) -> None:
    turned = dict(reversed(sections.items())) | {99: b"a later version's"}
    assert load(tmp_path, encode(turned)).is_prepared


def test_digest_is_blake2b_of_the_file(sections: Sections, tmp_path: Path) -> None:
    assert load(tmp_path, encode(sections)).digest == hashlib.blake2b(encode(sections)).digest()


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (2, copy_point(3, 4), "tauG1: a point is not the one before it times tau"),
        (2, copy_point(31, 30), "tauG1: a point is not the one before it times tau"),
        (2, copy_point(0, 1), r"tauG1\[0\] or tauG2\[0\] is not the generator"),
        (2, put(1, bytes(64)), "tau, alpha or beta is zero"),
        (2, put(9, STRAY_G1), r"tauG1\[9\] is not a point of order r"),
        (2, put(9, b"\xff" * 64), r"tauG1\[9\] is not a point of order r"),
        (3, copy_point(15, 14, 128), "tauG2: a point is not the one before it times tau"),
        (3, copy_point(0, 1, 128), r"tauG1\[0\] or tauG2\[0\] is not the generator"),
        (3, put(7, STRAY_G2), r"tauG2\[7\] is not a point of order r"),
        (4, copy_point(5, 6), "alphaTauG1: a point is not the one before it times tau"),
        (4, put(0, bytes(64)), "tau, alpha or beta is zero"),
        (4, put(2, STRAY_G1), r"alphaTauG1\[2\] is not a point of order r"),
        (5, copy_point(5, 6), "betaTauG1: a point is not the one before it times tau"),
        (5, put(2, STRAY_G1), r"betaTauG1\[2\] is not a point of order r"),
        (6, put(0, STRAY_G2), r"betaG2\[0\] is not a point of order r"),
        (6, put(0, bytes(128)), r"betaG2 and betaTauG1\[0\] do not have one beta"),
        (1, lambda raw: raw[:40], "header does not say BN254"),
        (1, lambda raw: raw[:4] + bytes(32) + raw[36:], "header does not say BN254"),
        (1, lambda raw: raw[:36] + struct.pack("<I", 29) + raw[40:], "power 29, expected 1 to 28"),
        (1, lambda raw: raw[:36] + struct.pack("<I", 6) + raw[40:], "section 2 has 4032 bytes, expected 8128"),
        (3, lambda raw: raw[:-1], "section 3 has 4095 bytes, expected 4096"),
        (13, lambda raw: raw[:-128], "section 13 has"),
    ],
)
def test_invalid_powers(
    sections: Sections, tmp_path: Path, kind: int, change: Callable[[bytes], bytes], reason: str
) -> None:
    with pytest.raises(ValueError, match=f"p.ptau: .*{reason}"):
        load(tmp_path, encode(sections | {kind: change(sections[kind])}))


@pytest.mark.parametrize(
    ("kind", "at", "size", "stage"),
    [
        (12, 15, 64, "Lagrange tau"),
        (12, 32, 64, "Lagrange H"),
        (13, 20, 128, "Lagrange tau G2"),
        (14, 30, 64, "Lagrange alpha"),
        (15, 16, 64, "Lagrange beta"),
    ],
)
def test_invalid_prepared_points(sections: Sections, tmp_path: Path, kind: int, at: int, size: int, stage: str) -> None:
    # of size 16 stand at 15 .. 30, of size 32 at 31 .. 62; H takes every second of these
    changed = sections | {kind: copy_point(at, at + 2 if at < 29 else at - 2, size)(sections[kind])}
    powers = load(tmp_path, encode(changed))
    with pytest.raises(ValueError, match=f"{stage}: the prepared points are not those of the powers"):
        start_ceremony(build_cubic_circuit(3), powers, tmp_path / "k.key")
    stray = sections | {kind: put(at, STRAY_G1 if size == 64 else STRAY_G2)(sections[kind])}
    powers = load(tmp_path, encode(stray))
    with pytest.raises(ValueError, match=rf"{stage}\[.*\] is not a point of order r"):
        start_ceremony(build_cubic_circuit(3), powers, tmp_path / "k.key")
    assert not (tmp_path / "k.key").exists()


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6, 13])
def test_invalid_missing_section(sections: Sections, tmp_path: Path, kind: int) -> None:
    left = {other: data for other, data in sections.items() if other != kind}
    with pytest.raises(ValueError, match=f"section {kind} is missing"):
        load(tmp_path, encode(left))


@pytest.mark.parametrize("domain_log2", [0, POWER, 28, 2**32 - 1])
def test_invalid_domain(sections: Sections, tmp_path: Path, domain_log2: int) -> None:
    with pytest.raises(ValueError, match=r"a domain of 2\^|expected 2\^6: twice the circuit's domain"):
        load(tmp_path, encode(sections), domain_log2)


def test_invalid_file(sections: Sections, tmp_path: Path) -> None:
    data = encode(sections)
    twice = data[:8] + struct.pack("<I", len(sections) + 1) + data[12:] + struct.pack("<IQ", 6, 0)
    cases = {
        "not powers of tau": b"zkey" + data[4:],
        "version 2": data[:4] + struct.pack("<I", 2) + data[8:],
        "33 sections": data[:8] + struct.pack("<I", 33) + data[12:],
        "section 6 comes twice": twice,
        "its sections fill": data + b"\0",
    }
    for reason, changed in cases.items():
        with pytest.raises(ValueError, match=reason):
            load(tmp_path, changed)
    for length in (13, 20, 100, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match="truncated"):
            load(tmp_path, data[:length])
    with pytest.raises(OSError, match=r"absent\.ptau"):
        PowersOfTau.load(tmp_path / "absent.ptau", 4)


@pytest.mark.parametrize("power", [0, 25])
def test_invalid_power_to_make(tmp_path: Path, power: int) -> None:
    with pytest.raises(ValueError, match=r"expected 2\^1 to 2\^24"):
        make_development_powers(tmp_path / "p.ptau", power)
    assert list(tmp_path.iterdir()) == []

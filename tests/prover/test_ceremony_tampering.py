"""What was tampered with is found, and for the reason meant: transcripts, deltas, every section of a ceremony's key."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prover import kernel
from prover.kernel import ProvingKey
from tests.prover.ceremonies import BEACON, Ceremony, hold_ceremony
from tests.prover.key_parts import Entry, KeyParts, encode_transcript, parse_transcript, relink, to_raw
from tests.prover.knowledge_model import (
    compute_beacon_factor,
    contribute,
    digest,
    encode_g2,
    encode_head,
    find_points,
)
from tests.prover.tiny import build_cubic_circuit

Change = Callable[[list[Entry]], list[Entry]]


@pytest.fixture(scope="module")
def ceremony() -> Ceremony:
    return hold_ceremony()


@pytest.fixture(scope="module")
def last(ceremony: Ceremony) -> KeyParts:
    return KeyParts.parse(ceremony.last.read_bytes())


@pytest.fixture(scope="module")
def first(ceremony: Ceremony) -> KeyParts:
    return KeyParts.parse(ceremony.keys[0].read_bytes())


def refuse(ceremony: Ceremony, folder: Path, parts: KeyParts, reason: str) -> None:
    """Check that a key is refused for a reason."""
    path = folder / "tampered.key"
    path.write_bytes(parts.to_bytes())
    with pytest.raises(ValueError, match=f"tampered.key: .*{reason}"):
        kernel.verify_ceremony(ceremony.circuit, ceremony.powers, path)


def change_entries(parts: KeyParts, change: Change, *, is_relinked: bool = True) -> KeyParts:
    """Return a key with other contributions; links are made to fit unless a test wants them broken."""
    start, entries = parse_transcript(parts.sections["transcript"])
    changed = change(entries)
    return parts.edit(
        "transcript", lambda _: encode_transcript(start, relink(start, changed) if is_relinked else changed)
    )


def test_parts_are_put_together_as_they_were(ceremony: Ceremony, first: KeyParts, last: KeyParts) -> None:
    assert last.to_bytes() == ceremony.last.read_bytes()
    assert change_entries(last, list).to_bytes() == ceremony.last.read_bytes()
    assert first.restart().to_bytes() == ceremony.keys[0].read_bytes()


def give_points(entries: list[Entry], at: int, points: bytes, to: int) -> list[Entry]:
    """Return the contributions with points [at:] of one replaced."""
    taker = entries[to]
    replaced = taker.points[:at] + points + taker.points[at + len(points) :]
    return [*entries[:to], replace(taker, points=replaced), *entries[to + 1 :]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: e[1:], r"contribution 1 \(Bob\): its proof of knowledge"),
        (lambda e: [e[0], *e[2:]], r"contribution 2 \(Cy\): its proof of knowledge"),
        (lambda e: e[:-1], "delta_g1 is not the one after the last contribution"),
        (lambda e: [*e, e[-1]], r"contribution 5 \(beacon\): its proof of knowledge"),
        (lambda e: [e[1], e[0], *e[2:]], r"contribution 1 \(Bob\): its proof of knowledge"),
        (
            lambda e: [*e[:2], replace(e[2], head=encode_head("Mallory")), e[3]],
            r"contribution 3 \(Mallory\): its proof",
        ),
        (lambda e: give_points(e, 128, e[0].points[128:], 1), r"contribution 2 \(Bob\): its proof of knowledge"),
        (lambda e: give_points(e, 64, e[0].points[64:128], 1), r"contribution 2 \(Bob\): its proof of knowledge"),
        (lambda e: give_points(e, 0, e[0].points[:64], 1), r"contribution 2 \(Bob\): its proof of knowledge"),
        (lambda e: give_points(e, 0, bytes(64), 0), r"contribution 1 \(Ada\): delta or its factor is zero"),
        (lambda e: give_points(e, 64, bytes(64), 0), r"contribution 1 \(Ada\): delta or its factor is zero"),
        (lambda e: [*e[:3], replace(e[3], head=encode_head("beacon", (b"other", 10)))], "its proof of knowledge"),
        (lambda e: [*e[:3], replace(e[3], head=encode_head("beacon", (BEACON, 11)))], "its proof of knowledge"),
    ],
)
def test_invalid_contributions(ceremony: Ceremony, last: KeyParts, tmp_path: Path, change: Change, reason: str) -> None:
    refuse(ceremony, tmp_path, change_entries(last, change), reason)


def test_invalid_links(ceremony: Ceremony, last: KeyParts, tmp_path: Path) -> None:
    swapped = change_entries(last, lambda e: [e[1], e[0], *e[2:]], is_relinked=False)
    refuse(ceremony, tmp_path, swapped, r"contribution 1 \(Bob\): its link is not the hash")
    renamed = change_entries(last, lambda e: [replace(e[0], head=encode_head("Eve")), *e[1:]], is_relinked=False)
    refuse(ceremony, tmp_path, renamed, r"contribution 1 \(Eve\): its link is not the hash")


def test_python_model_contributes_what_the_kernel_accepts(ceremony: Ceremony, first: KeyParts, tmp_path: Path) -> None:
    """The tests below forge with the model; here it is honest but for L and H, which are checked last."""
    start, _ = parse_transcript(first.sections["transcript"])
    entry = contribute(start, encode_head("Ada"), 1, 12345)
    entries = [entry, contribute(entry.link, encode_head("b", (BEACON, 10)), 12345, compute_beacon_factor(BEACON, 10))]
    parts = change_entries(first, lambda _: entries).with_flags(0)
    refuse(ceremony, tmp_path, parts, "delta_g1 is not the one after the last contribution")


def test_invalid_delta_of_who_knows_another_factor(ceremony: Ceremony, first: KeyParts, tmp_path: Path) -> None:
    start, _ = parse_transcript(first.sections["transcript"])
    entry = contribute(start, encode_head("Ada"), 1, 12345, delta_after=777)
    parts = change_entries(first, lambda _: [entry]).with_flags(0)
    refuse(ceremony, tmp_path, parts, r"contribution 1 \(Ada\): delta is not the one before it times the proved factor")


@pytest.mark.parametrize("said", [(b"another value", 10), (BEACON, 11)])
def test_invalid_beacon_whose_factor_is_another(
    ceremony: Ceremony, first: KeyParts, tmp_path: Path, said: tuple[bytes, int]
) -> None:
    start, _ = parse_transcript(first.sections["transcript"])
    entry = contribute(start, encode_head("beacon", said), 1, compute_beacon_factor(BEACON, 10))
    parts = change_entries(first, lambda _: [entry])
    refuse(ceremony, tmp_path, parts, r"contribution 1 \(beacon\): its factor is not the beacon's value")


def swap(section: bytes) -> bytes:
    """Exchange the first two G1 points: both stay on the curve."""
    return section[64:128] + section[:64] + section[128:]


def swap_g2(section: bytes) -> bytes:
    return section[128:256] + section[:128] + section[256:]


@pytest.mark.parametrize(
    ("section", "change", "reason"),
    [
        ("l", swap, "L or IC is not the circuit's"),
        ("h", swap, "H is not that of the powers"),
        ("l", lambda raw: bytes(64) + raw[64:], "L or IC is not the circuit's"),
        ("l", lambda raw: bytes([raw[0] ^ 1]) + raw[1:], r"L\[0\] is not a point of order r"),
        ("h", lambda raw: b"\xff" * 64 + raw[64:], r"H\[0\] is not a point of order r"),
        ("a", swap, "what no contribution may change"),
        ("b2", swap_g2, "what no contribution may change"),
        ("vk", lambda vk: vk[:452] + swap(vk[452:]), "what no contribution may change"),
        ("vk", lambda vk: vk[:192] + vk[64:192] + vk[320:], "gamma is not 1"),
        ("vk", lambda vk: vk[:320] + vk[192:320] + vk[448:], "delta_g2 of the verifying key"),
        ("vk", lambda vk: vk[:64] + vk[192:320] + vk[192:], "alpha or beta is not that of the powers"),
        ("vk", lambda vk: vk[:448] + struct.pack(">I", 3) + vk[452:-64], "3 IC points, expected 4"),
    ],
)
def test_invalid_section(
    ceremony: Ceremony, last: KeyParts, tmp_path: Path, section: str, change: Callable[[bytes], bytes], reason: str
) -> None:
    refuse(ceremony, tmp_path, last.edit(section, change), reason)


@pytest.mark.parametrize(
    ("point", "source", "reason"),
    [
        ("alpha_g1", "beta_g1", "alpha or beta"),
        ("beta_g1", "alpha_g1", "alpha or beta"),
        ("beta_g2", "delta_g2", "alpha or beta"),
        ("delta_g1", "alpha_g1", "delta_g1 is not the one after the last"),
        ("delta_g2", "beta_g2", "delta_g2 is not the delta of delta_g1"),
    ],
)
def test_invalid_single_point(
    ceremony: Ceremony, last: KeyParts, tmp_path: Path, point: str, source: str, reason: str
) -> None:
    other = to_raw(last.fixed_be(source))
    refuse(ceremony, tmp_path, last.edit_fixed(point, lambda _: other), reason)


@pytest.mark.parametrize(
    ("section", "change", "reason"),
    [
        ("a", swap, "A is not the circuit's"),
        ("b1", swap, "B1 is not the circuit's"),
        ("b2", swap_g2, "B2 is not the circuit's"),
        ("vk", lambda vk: vk[:452] + swap(vk[452:]), "L or IC is not the circuit's"),
        ("a_wires", lambda wires: wires[4:8] + wires[:4] + wires[8:], "A is not the circuit's"),
        ("b_wires", lambda wires: wires[4:8] + wires[:4] + wires[8:], "B1 is not the circuit's"),
        ("a", lambda raw: raw[:-64] + bytes(64), "A is not the circuit's"),
        ("b2", lambda raw: to_raw(encode_g2(next(find_points(b"")))) + raw[128:], r"B2\[0\] is not a point of order r"),
    ],
)
def test_invalid_first_key_whose_start_fits(
    ceremony: Ceremony, first: KeyParts, tmp_path: Path, section: str, change: Callable[[bytes], bytes], reason: str
) -> None:
    refuse(ceremony, tmp_path, first.edit(section, change).restart(), reason)


def test_invalid_key_of_another_circuit(ceremony: Ceremony) -> None:
    other = build_cubic_circuit(2)
    with pytest.raises(ValueError, match="the key is for circuit"):
        kernel.verify_ceremony(other, ceremony.powers, ceremony.last)
    larger = build_cubic_circuit(9)
    with pytest.raises(ValueError, match=r"loaded for a domain of 2\^4, the circuit has 2\^6"):
        kernel.verify_ceremony(larger, ceremony.powers, ceremony.last)


def test_invalid_points_meet_no_secret(ceremony: Ceremony, last: KeyParts, tmp_path: Path) -> None:
    # (1, 3) lies on another curve, where multiples could give the factor away bit by bit
    stray = to_raw((1).to_bytes(32, "big") + (3).to_bytes(32, "big"))
    for section, reason in (("l", r"L\[0\] is not a point"), ("h", r"H\[0\] is not a point")):
        (tmp_path / "bad.key").write_bytes(last.edit(section, lambda raw: stray + raw[64:]).to_bytes())
        with pytest.raises(ValueError, match=reason):
            kernel.contribute(tmp_path / "bad.key", tmp_path / "next.key", "Dee")
        assert [path.name for path in tmp_path.iterdir()] == ["bad.key"]


def test_invalid_source_is_not_contributed_to(ceremony: Ceremony, last: KeyParts, tmp_path: Path) -> None:
    (tmp_path / "bad.key").write_bytes(change_entries(last, lambda e: e[:-1]).to_bytes())
    with pytest.raises(ValueError, match=r"bad.key: delta_g1 is not the one after"):
        kernel.contribute(tmp_path / "bad.key", tmp_path / "next.key", "Dee")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t[:-1], "bytes left, expected"),
        (lambda t: t + b"\0", "bytes, expected"),
        (lambda t: b"ZKMX" + t[4:], "magic or version"),
        (lambda t: t[:4] + struct.pack("<I", 2) + t[8:], "magic or version"),
        (lambda t: t[:72] + struct.pack("<I", 1025) + t[76:], "1025 contributions, at most 1024"),
        (lambda t: t[:76] + struct.pack("<I", 2) + t[80:], "contribution 1: kind 2"),
        (lambda t: t[:80] + struct.pack("<I", 129) + t[84:], "a text of 129 bytes"),
        (lambda t: t[:84] + b"\xff" + t[85:], "not in UTF-8"),
        (lambda t: t[:84] + b"\n" + t[85:], "expected 1 to 128 printable"),
        (lambda t: t[:87] + b"\xff" * 32 + t[119:], "delta_g1: x is not below"),
        (lambda t: t[:151] + bytes(63) + b"\1" + t[215:], "x_g1: not on the curve G1"),
        (lambda t: t[:215] + bytes(127) + b"\1" + t[343:], "x_r_g2: not on the curve G2"),
        (lambda t: t[:215] + encode_g2(next(find_points(digest("x")))) + t[343:], "outside the subgroup"),
    ],
)
def test_invalid_transcript_bytes(
    last: KeyParts, tmp_path: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    (tmp_path / "k.key").write_bytes(last.edit("transcript", change).to_bytes())
    with pytest.raises(ValueError, match=f"k.key: transcript: .*{reason}"):
        ProvingKey.load(tmp_path / "k.key")


def test_invalid_flag(first: KeyParts, last: KeyParts, tmp_path: Path) -> None:
    for parts, flags, said in ((last, 1, "development"), (first, 0, "ceremony")):
        (tmp_path / "k.key").write_bytes(parts.with_flags(flags).to_bytes())
        with pytest.raises(ValueError, match=f"the header says {said}, its transcript does not"):
            ProvingKey.load(tmp_path / "k.key")


def test_invalid_truncated_key(ceremony: Ceremony, tmp_path: Path) -> None:
    data = ceremony.last.read_bytes()
    for length in (100, 1000, len(data) - 700, len(data) - 1):
        (tmp_path / "k.key").write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"too short|truncated"):
            kernel.verify_ceremony(ceremony.circuit, ceremony.powers, tmp_path / "k.key")

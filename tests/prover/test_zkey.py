"""Keys from and to `.zkey`: there and back to the byte, and what a hostile file is refused for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prover.kernel import Circuit, ProvingKey, export_zkey, import_zkey, prove, setup, verify
from tests.prover.ceremonies import hold_ceremony
from tests.prover.key_parts import KeyParts, to_raw
from tests.prover.knowledge_model import encode_g2, find_points
from tests.prover.tiny import R, TemplateWriter, build_cubic_circuit, compute_cubic_inputs, write_cubic
from tests.prover.zkey_parts import ZkeyParts, put

ROOTS = (3, R - 9, 2**200)
STRAY_G1 = to_raw((1).to_bytes(32, "big") + (3).to_bytes(32, "big"))  # y is 2 on the curve
STRAY_G2 = to_raw(encode_g2(next(find_points(b""))))  # on the curve, not of order r
GENERATOR_G1 = to_raw((1).to_bytes(32, "big") + (2).to_bytes(32, "big"))
ALPHA, BETA_G1, BETA_G2, GAMMA, DELTA_G1, DELTA_G2 = 84, 148, 212, 340, 468, 532  # in section 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cubic.key of `setup` and the cubic.zkey made of it."""
    folder, circuit = tmp_path_factory.mktemp("zkey"), build_cubic_circuit(3)
    setup(circuit, folder / "cubic.key", seed=b"test_zkey")
    export_zkey(ProvingKey.load(folder / "cubic.key"), circuit, folder / "cubic.zkey")
    return folder


@pytest.fixture(scope="module")
def parts(folder: Path) -> ZkeyParts:
    return ZkeyParts.parse((folder / "cubic.zkey").read_bytes())


def refuse(folder: Path, data: bytes, reason: str, circuit: Circuit | None = None) -> None:
    """Check that a file is refused for a reason, and that nothing is left behind."""
    path = folder / "hostile.zkey"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"hostile.zkey: .*{reason}"):
        import_zkey(circuit or build_cubic_circuit(3), path, folder / "new.key")
    assert [file.name for file in folder.iterdir()] == ["hostile.zkey"]


def test_there_and_back_is_the_same_key(folder: Path, tmp_path: Path) -> None:
    vk_be = import_zkey(build_cubic_circuit(3), folder / "cubic.zkey", tmp_path / "back.key")
    assert (tmp_path / "back.key").read_bytes() == (folder / "cubic.key").read_bytes()
    assert vk_be == ProvingKey.load(folder / "cubic.key").verifying_key_be
    assert (tmp_path / "back.key").stat().st_mode & 0o077 == 0


def test_order_of_sections_does_not_matter(folder: Path, parts: ZkeyParts, tmp_path: Path) -> None:
    (tmp_path / "reversed.zkey").write_bytes(parts.reverse().to_bytes())
    import_zkey(build_cubic_circuit(3), tmp_path / "reversed.zkey", tmp_path / "back.key")
    assert (tmp_path / "back.key").read_bytes() == (folder / "cubic.key").read_bytes()


def test_ceremony_key_comes_back_without_its_transcript(tmp_path: Path) -> None:
    ceremony = hold_ceremony()
    export_zkey(ProvingKey.load(ceremony.last), ceremony.circuit, tmp_path / "last.zkey")
    import_zkey(ceremony.circuit, tmp_path / "last.zkey", tmp_path / "back.key")
    expected = KeyParts.parse(ceremony.last.read_bytes()).edit("transcript", lambda _: b"").with_flags(1)
    assert (tmp_path / "back.key").read_bytes() == expected.to_bytes()
    key = ProvingKey.load(tmp_path / "back.key")
    assert (key.is_development, key.transcript) == (True, None)
    witness = ceremony.circuit.compute_witness(*compute_cubic_inputs(ROOTS))
    proof = prove(key, ceremony.circuit, witness)
    assert verify(ProvingKey.load(ceremony.last).verifying_key_be, proof, witness.public_inputs_be())


def test_coefficients_are_the_rows_of_the_circuit(parts: ZkeyParts) -> None:
    # an instance i: x * x = x2, x2 * x = x3, x3 * 1 = y - x - 5; then the added rows of the public wires
    expected = []
    for i in range(3):
        x, row = 4 + 3 * i, 3 * i
        expected += [(0, row, x, 1), (1, row, x, 1), (0, row + 1, x + 1, 1), (1, row + 1, x, 1)]
        expected += [(0, row + 2, x + 2, 1), (1, row + 2, 0, 1)]
    assert list(parts.coefficients()) == [*expected, *((0, 9 + wire, wire, 1) for wire in range(4))]


def test_merged_and_cancelled_terms(tmp_path: Path) -> None:
    template = TemplateWriter(n_ports=2, n_private=0, n_wires=3)
    template.rows = [(template.lc((1, 4), (2, 3)), template.lc((1, 1), (2, -1)), 0)]
    circuit = Circuit([template.to_bytes()], [0], [[1, 1]], 2, 1)
    setup(circuit, tmp_path / "a.key", seed=b"merged")
    export_zkey(ProvingKey.load(tmp_path / "a.key"), circuit, tmp_path / "a.zkey")
    parts = ZkeyParts.parse((tmp_path / "a.zkey").read_bytes())
    assert list(parts.coefficients()) == [(0, 0, 1, 7), (0, 1, 0, 1), (0, 2, 1, 1)]
    import_zkey(circuit, tmp_path / "a.zkey", tmp_path / "b.key")
    assert (tmp_path / "a.key").read_bytes() == (tmp_path / "b.key").read_bytes()


def test_invalid_key_of_another_circuit(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the key is for circuit"):
        export_zkey(ProvingKey.load(folder / "cubic.key"), build_cubic_circuit(2), tmp_path / "a.zkey")
    assert list(tmp_path.iterdir()) == []


def test_invalid_key_with_wires_out_of_order(folder: Path, tmp_path: Path) -> None:
    key = KeyParts.parse((folder / "cubic.key").read_bytes())
    (tmp_path / "a.key").write_bytes(key.edit("a_wires", lambda raw: raw[4:8] + raw[:4] + raw[8:]).to_bytes())
    with pytest.raises(ValueError, match="wires do not ascend"):
        export_zkey(ProvingKey.load(tmp_path / "a.key"), build_cubic_circuit(3), tmp_path / "a.zkey")


def test_invalid_zkey_of_another_circuit(parts: ZkeyParts, tmp_path: Path) -> None:
    refuse(tmp_path, parts.to_bytes(), r"\[13, 3, 16\], expected \[9, 2, 16\]", build_cubic_circuit(2))
    template = write_cubic()
    template.rows[2] = (4, 2, 1)  # as many wires and rows, another B in the last one
    twin = Circuit([template.to_bytes()], [0] * 3, [[1], [2], [3]], 4, 3)
    refuse(tmp_path, parts.to_bytes(), "section 4: row 2 of B is not the circuit's", twin)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: replace(p, head=b"zkez" + p.head[4:]), "not a proving key of snarkjs"),
        (lambda p: replace(p, head=b"zkey" + struct.pack("<I", 2)), "version 2 with 10 sections, expected 1 with 10"),
        (lambda p: replace(p, n_sections=2**32 - 1), "with 4294967295 sections"),
        (lambda p: replace(p, n_sections=11), "with 11 sections"),
        (lambda p: replace(p, sections=p.sections[:-1]), "with 9 sections"),
        (lambda p: replace(p, sections=p.sections[:-1], n_sections=10), "ends before section 9 of 10"),
        (lambda p: replace(p, sections=(*p.sections, (10, b"")), n_sections=10), "bytes, its sections fill"),
        (lambda p: replace(p, sections=(*p.sections[:-1], (9, b""))), "section 9 comes twice"),
        (lambda p: replace(p, sections=(*p.sections[:-1], (0, b""))), "type 0, expected 1 to 10"),
        (lambda p: replace(p, sections=(*p.sections[:-1], (11, b""))), "type 11, expected 1 to 10"),
        (lambda p: p.edit(10, lambda body: body[:67]), "section 10 has 67 bytes"),
        (lambda p: p.edit(10, lambda body: body + bytes(2**20)), "expected 68 to 1048576"),
    ],
)
def test_invalid_table(parts: ZkeyParts, tmp_path: Path, change: Callable[[ZkeyParts], ZkeyParts], reason: str) -> None:
    refuse(tmp_path, change(parts).to_bytes(), reason)


def test_invalid_truncated(parts: ZkeyParts, tmp_path: Path) -> None:
    data = parts.to_bytes()
    for length in (1, 11, 12, 30, 700, len(data) - 1):
        refuse(tmp_path, data[:length], "truncated|not a proving key|ends before")


def test_invalid_length_beyond_the_file(parts: ZkeyParts, tmp_path: Path) -> None:
    data = parts.to_bytes()
    refuse(tmp_path, data[:16] + b"\xff" * 8 + data[24:], "section 1 has 18446744073709551615 bytes, .* truncated")


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (1, put(0, b"\x02"), "its protocol is not Groth16"),
        (1, lambda body: body + b"\0", "its protocol is not Groth16"),
        (2, put(4, b"\0"), "does not say BN254"),
        (2, put(40, b"\0"), "does not say BN254"),
        (2, put(72, b"\xff\xff\xff\xff"), "4294967295, 3, 16"),
        (2, put(76, b"\x02"), r"\[13, 2, 16\]"),
        (2, put(80, b"\x20"), r"\[13, 3, 32\]"),
        (2, lambda body: body[:-1], "section 2 has 659 bytes, expected 660"),
        (2, lambda body: body[:80], "does not say BN254"),
        (3, lambda body: body + bytes(64), "section 3 has 320 bytes, expected 256"),
        (8, lambda body: body[:-64], "section 8 has 512 bytes, expected 576"),
        (9, lambda body: body[:-64], "section 9 has 960 bytes, expected 1024"),
        (4, lambda body: b"", "section 4: row 0 of A is not the circuit's"),
        (4, put(0, b"\x01"), "section 4 says 1 coefficients"),
        (4, lambda body: body + bytes(44), "section 4 says 22 coefficients in 1016 bytes, expected 22 in 972"),
        (4, lambda body: body[:-44], "section 4: row 12 of A"),
        (4, put(4, b"\x01"), "section 4: row 0 of A"),
        (4, put(12, b"\x05"), "section 4: row 0 of A"),
        (4, put(60, b"\0"), "section 4: row 0 of B"),
    ],
)
def test_invalid_section(
    parts: ZkeyParts, tmp_path: Path, kind: int, change: Callable[[bytes], bytes], reason: str
) -> None:
    refuse(tmp_path, parts.edit(kind, change).to_bytes(), reason)


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (2, put(ALPHA, STRAY_G1), "alpha_g1 is infinity, or no point"),
        (2, put(ALPHA, bytes(64)), "alpha_g1 is infinity"),
        (2, put(BETA_G1, b"\xff" * 64), "beta_g1 is infinity, or no point"),
        (2, put(BETA_G2, STRAY_G2), "beta_g2 is infinity, or no point"),
        (2, put(GAMMA, STRAY_G2), "gamma_g2 is infinity, or no point"),
        (2, put(GAMMA, bytes(128)), "gamma_g2 is infinity"),
        (2, put(DELTA_G1, bytes(64)), "delta_g1 is infinity"),
        (2, put(DELTA_G2, STRAY_G2), "delta_g2 is infinity, or no point"),
        (2, put(BETA_G1, GENERATOR_G1), "beta_g1 and beta_g2 do not have one beta"),
        (2, put(DELTA_G1, GENERATOR_G1), "delta_g1 and delta_g2 do not have one delta"),
        (3, put(64, STRAY_G1), r"IC\[1\] is not a point of order r"),
        (5, put(4 * 64, STRAY_G1), r"A\[4\] is not a point of order r"),
        (5, put(4 * 64, b"\xff" * 64), r"A\[4\] is not a point of order r"),
        (5, put(4 * 64, bytes(64)), "section 5: wire 4 has no point, and stands in A"),
        (6, put(4 * 64, STRAY_G1), r"B1\[4\] is not a point of order r"),
        (6, put(64, GENERATOR_G1), "section 6: wire 1 has a point, and stands not in B"),
        (7, put(4 * 128, STRAY_G2), r"B2\[4\] is not a point of order r"),
        (7, put(4 * 128, bytes(128)), "section 7: wire 4 has no point, and stands in B"),
        (8, put(8 * 64, STRAY_G1), r"L\[8\] is not a point of order r"),
        (9, put(15 * 64, STRAY_G1), r"H\[15\] is not a point of order r"),
    ],
)
def test_invalid_point(
    parts: ZkeyParts, tmp_path: Path, kind: int, change: Callable[[bytes], bytes], reason: str
) -> None:
    refuse(tmp_path, parts.edit(kind, change).to_bytes(), reason)


class StopHere(Exception):
    """Raised by a progress callback."""


@pytest.mark.parametrize("last_stage", ["import rows", "import A", "import H"])
def test_stopped_import_leaves_nothing(folder: Path, tmp_path: Path, last_stage: str) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == last_stage:
            raise StopHere

    with pytest.raises(StopHere):
        import_zkey(build_cubic_circuit(3), folder / "cubic.zkey", tmp_path / "new.key", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_invalid_folder(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    with pytest.raises(OSError, match="absent"):
        export_zkey(ProvingKey.load(folder / "cubic.key"), circuit, tmp_path / "absent" / "a.zkey")
    with pytest.raises(OSError, match="absent"):
        import_zkey(circuit, tmp_path / "absent.zkey", tmp_path / "a.key")

"""`.r1cs` and `.wtns` read back by a parser of the published formats, and checked with plain integers."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from prover.kernel import Circuit
from tests.prover.tiny import R, TemplateWriter, build_cubic_circuit, compute_cubic_inputs, encode_be

Combination = dict[int, int]


def read_sections(data: bytes, magic: bytes, version: int) -> dict[int, bytes]:
    assert data[:4] == magic
    assert struct.unpack_from("<I", data, 4) == (version,)
    (n_sections,) = struct.unpack_from("<I", data, 8)
    sections, at = {}, 12
    for _ in range(n_sections):
        kind, size = struct.unpack_from("<IQ", data, at)
        sections[kind] = data[at + 12 : at + 12 + size]
        at += 12 + size
    assert at == len(data)
    return sections


def read_constraints(section: bytes, count: int) -> list[tuple[Combination, Combination, Combination]]:
    at, combinations = 0, []
    for _ in range(3 * count):
        (n_terms,) = struct.unpack_from("<I", section, at)
        terms = [section[at + 4 + 36 * i : at + 40 + 36 * i] for i in range(n_terms)]
        wires = [struct.unpack_from("<I", term)[0] for term in terms]
        assert wires == sorted(set(wires))
        combinations.append({w: int.from_bytes(t[4:], "little") for w, t in zip(wires, terms, strict=True)})
        at += 4 + 36 * n_terms
    assert at == len(section)
    return [(combinations[i], combinations[i + 1], combinations[i + 2]) for i in range(0, 3 * count, 3)]


def test_r1cs_says_what_the_circuit_says(tmp_path: Path) -> None:
    build_cubic_circuit(2).write_r1cs(tmp_path / "c.r1cs")
    sections = read_sections((tmp_path / "c.r1cs").read_bytes(), b"r1cs", 1)
    header = sections[1]
    assert struct.unpack_from("<I", header) == (32,)
    assert int.from_bytes(header[4:36], "little") == R
    n_wires, n_out, n_in, n_private, n_labels, n_constraints = struct.unpack("<IIIIQI", header[36:])
    assert (n_wires, n_out, n_in, n_private, n_labels, n_constraints) == (9, 0, 2, 6, 9, 6)
    rows = read_constraints(sections[2], 6)
    assert rows[0] == ({3: 1}, {3: 1}, {4: 1})
    assert rows[5] == ({8: 1}, {0: 1}, {0: R - 5, 2: 1, 6: R - 1})
    assert sections[3] == struct.pack("<9Q", *range(9))


def test_r1cs_merges_ports_on_one_wire_and_drops_what_cancels(tmp_path: Path) -> None:
    template = TemplateWriter(n_ports=2, n_private=0, n_wires=3)
    template.rows = [(template.lc((1, 4), (2, 3)), template.lc((1, 1), (2, -1)), 0)]
    Circuit([template.to_bytes()], [0], [[1, 1]], 2, 1).write_r1cs(tmp_path / "c.r1cs")
    sections = read_sections((tmp_path / "c.r1cs").read_bytes(), b"r1cs", 1)
    assert read_constraints(sections[2], 1) == [({1: 7}, {}, {0: 1})]


def test_wtns_satisfies_the_r1cs(tmp_path: Path) -> None:
    circuit = build_cubic_circuit(2)
    witness = circuit.compute_witness(*compute_cubic_inputs([3, R - 9]))
    circuit.write_r1cs(tmp_path / "c.r1cs")
    witness.write_wtns(tmp_path / "c.wtns")
    sections = read_sections((tmp_path / "c.wtns").read_bytes(), b"wtns", 2)
    assert int.from_bytes(sections[1][4:36], "little") == R
    assert struct.unpack_from("<I", sections[1], 36) == (9,)
    values = [int.from_bytes(sections[2][i : i + 32], "little") for i in range(0, len(sections[2]), 32)]
    assert encode_be(values) == witness.to_be()
    rows = read_constraints(read_sections((tmp_path / "c.r1cs").read_bytes(), b"r1cs", 1)[2], 6)
    assert [row for row in rows if not holds(row, values)] == []
    values[4] += 1
    assert [row for row in rows if not holds(row, values)] == [rows[0], rows[1]]


def holds(row: tuple[Combination, Combination, Combination], values: list[int]) -> bool:
    a, b, c = (sum(values[wire] * coefficient for wire, coefficient in lc.items()) for lc in row)
    return (a * b - c) % R == 0


def test_invalid_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        build_cubic_circuit(1).write_r1cs(tmp_path / "absent" / "c.r1cs")
    assert list(tmp_path.iterdir()) == []

"""Template bytes and circuits are checked before anything runs: each fault has its own refusal."""

from __future__ import annotations

import struct

import pytest

from prover.kernel import Circuit
from tests.prover.tiny import BITS, DIVMOD, MUL, R, TemplateWriter, write_cubic

CUBIC = write_cubic().to_bytes()


def parse(data: bytes) -> Circuit:
    return Circuit([data], [0], [[1]], 2, 1)


def change(**changes: object) -> bytes:
    template = write_cubic()
    for name, value in changes.items():
        setattr(template, name, value)
    return template.to_bytes()


def set_word(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


FIRST_COEFFICIENT = 40  # after magic and nine words
LC_START = FIRST_COEFFICIENT + 3 * 32


def test_well_formed_template_is_accepted() -> None:
    assert parse(CUBIC).n_constraints == 3


@pytest.mark.parametrize("length", [0, 3, 4, 7, 39, 40, 71, LC_START, len(CUBIC) - 1])
def test_invalid_truncated_at_any_section(length: int) -> None:
    with pytest.raises(ValueError, match=f"template: ends inside .* bytes left, expected|template: {length} bytes"):
        parse(CUBIC[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (CUBIC + b"\0", f"template: {len(CUBIC) + 1} bytes, expected {len(CUBIC)}"),
        (write_cubic().to_bytes(magic=b"ZKMX"), "magic"),
        (write_cubic().to_bytes(version=2), "version 2, expected 1"),
        (set_word(CUBIC, 16, 1), "template: 1 wires"),
        (CUBIC[:FIRST_COEFFICIENT] + R.to_bytes(32, "big") + CUBIC[FIRST_COEFFICIENT + 32 :], r"coefficients\[0\]"),
        (set_word(CUBIC, LC_START, 1), "lc_start"),
        (set_word(CUBIC, LC_START + 4, 2), "lc_start"),
        (set_word(CUBIC, LC_START + 8, 5), r"term_wire\[0\] is 5, expected below 5"),
        (set_word(CUBIC, LC_START + 20, 3), r"term_coefficient\[0\] is 3, expected below 3"),
        (change(rows=[(2, 2, 6)]), r"rows\[0\]\[2\] is 6, expected below 6"),
        (change(ops=[(9, 3, 1, 2, 2, 0), (MUL, 4, 1, 3, 2, 0)]), "opcode 9, expected 0 to 8"),
        (change(ops=[(MUL, 3, 1, 2, 6, 0), (MUL, 4, 1, 3, 2, 0)]), r"ops\[0\]\[1\] is 6"),
        (change(ops=[(MUL, 4, 1, 2, 2, 0), (MUL, 3, 1, 2, 2, 0)]), r"ops\[0\] writes 1 wires from 4, expected from 3"),
        (change(ops=[(MUL, 3, 1, 2, 2, 0), (MUL, 3, 1, 2, 2, 0)]), r"ops\[1\] writes 1 wires from 3, expected from 4"),
        (change(ops=[(MUL, 3, 1, 2, 2, 0)]), "writes wires up to 4, expected 5"),
        (change(ops=[(BITS, 3, 3, 2, 0, 0)]), "within 5"),
        (change(ops=[(MUL, 3, 1, 4, 2, 0), (MUL, 4, 1, 3, 2, 0)]), r"ops\[0\] reads wire 4, which is not written yet"),
        (change(ops=[(MUL, 3, 1, 3, 2, 0), (MUL, 4, 1, 3, 2, 0)]), r"ops\[0\] reads wire 3, which is not written yet"),
        (change(ops=[(MUL, 3, 2, 2, 2, 0)]), "n_out 2"),
        (change(ops=[(DIVMOD, 3, 1, 2, 2, 0), (MUL, 4, 1, 3, 2, 0)]), "DivMod with n_out 1"),
        (change(ops=[(BITS, 3, 2, 2, 0, 255)]), "Bits with n_out 2 and imm 255"),
        (change(ops=[(BITS, 3, 0, 2, 0, 0)]), "Bits with n_out 0"),
    ],
)
def test_invalid_template(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(data)


def test_invalid_op_reads_a_later_wire_through_a_combination() -> None:
    template = TemplateWriter(n_ports=0, n_private=1, n_wires=4)
    later = template.lc((1, 1), (3, 1))
    template.ops = [(MUL, 2, 1, later, 1, 0), (MUL, 3, 1, 1, 1, 0)]
    with pytest.raises(ValueError, match=r"ops\[0\] reads wire 3"):
        Circuit([template.to_bytes()], [0], [[]], 1, 0)


def test_invalid_sizes_in_the_header_do_not_exhaust_memory() -> None:
    for at in range(8, 40, 4):
        with pytest.raises(ValueError, match="template"):
            parse(set_word(CUBIC, at, 0xFFFF_FFFF))


@pytest.mark.parametrize(
    ("templates", "ports", "n_bus", "n_public", "message"),
    [
        ([1], [[1]], 2, 1, "instance 0 uses template 1, expected below 1"),
        ([0], [[2]], 2, 1, "instance 0 maps port 0 to bus wire 2, expected below 2"),
        ([0], [[]], 2, 1, "instance 0 maps 0 ports, expected 1"),
        ([0], [b"\1\0\0"], 2, 1, "port map 0 has 3 bytes"),
        ([0, 0], [[1]], 2, 1, "1 port maps, expected 2"),
        ([0], [[1]], 2, 2, "2 bus wires cannot hold one and 2 public inputs"),
        ([0], [[0]], 0, 0, "0 bus wires"),
    ],
)
def test_invalid_circuit(
    templates: list[int], ports: list[bytes | list[int]], n_bus: int, n_public: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Circuit([CUBIC], templates, ports, n_bus, n_public)


def test_port_map_as_bytes_is_the_same_circuit() -> None:
    assert Circuit([CUBIC], [0], [struct.pack("<I", 1)], 2, 1).digest == parse(CUBIC).digest


def test_digest_tells_circuits_apart() -> None:
    circuits = [
        parse(CUBIC),
        Circuit([CUBIC], [0], [[0]], 2, 1),
        Circuit([CUBIC], [0], [[1]], 2, 0),
        Circuit([CUBIC], [0], [[1]], 3, 1),
        Circuit([CUBIC], [0, 0], [[1], [1]], 2, 1),
        parse(change(rows=[(2, 2, 3), (3, 2, 4)])),
    ]
    assert len({circuit.digest for circuit in circuits}) == len(circuits)

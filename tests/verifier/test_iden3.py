"""The JSON files of snarkjs: read back as written, refused where malformed, never half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from verifier.errors import FileMalformed
from verifier.iden3 import (
    read_proof,
    read_public_inputs,
    read_verification_key,
    write_proof,
    write_public_inputs,
    write_verification_key,
)
from verifier.points import G1_INFINITY, G2_INFINITY, Q
from verifier.simulator import Trapdoor

TRAPDOOR = Trapdoor.from_seed(seed=5, n_public=2)
KEY = replace(TRAPDOOR.get_key(), ic=(*TRAPDOOR.get_key().ic[:2], G1_INFINITY))
PROOF = TRAPDOOR.simulate([1, 2], 3, 4)


def test_key_through_a_file(tmp_path: Path) -> None:
    write_verification_key(tmp_path / "key.json", KEY)
    assert read_verification_key(tmp_path / "key.json") == KEY


@pytest.mark.parametrize("proof", [PROOF, replace(PROOF, a=G1_INFINITY, b=G2_INFINITY)], ids=["affine", "infinity"])
def test_proof_through_a_file(tmp_path: Path, proof: Any) -> None:  # noqa: ANN401 # pytest hands it over
    write_proof(tmp_path / "proof.json", proof)
    assert read_proof(tmp_path / "proof.json") == proof


@pytest.mark.parametrize("values", [[], [0], [1, 2**256 - 1]])
def test_public_inputs_through_a_file(tmp_path: Path, values: list[int]) -> None:
    write_public_inputs(tmp_path / "public.json", values)
    assert read_public_inputs(tmp_path / "public.json") == values


def test_written_file_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    for values in ([1], [2]):
        write_public_inputs(tmp_path / "public.json", values)
    assert [path.name for path in tmp_path.iterdir()] == ["public.json"]
    assert read_public_inputs(tmp_path / "public.json") == [2]


def test_invalid_target_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "public.json").mkdir()  # a rename onto a folder fails
    with pytest.raises(OSError, match=r"public\.json"):
        write_public_inputs(tmp_path / "public.json", [1])
    assert [path.name for path in tmp_path.iterdir()] == ["public.json"]


WRONG_TEXTS = {
    "empty": b"",
    "truncated": b'{"pi_a": ["1", "2"',
    "not_text": b"\xff\xfe\x00",
    "deeply_nested": b"[" * 200_000,
    "deeply_nested_with_siblings": b"[[]," * 100_000,
    "deeply_nested_behind_a_string": b'["' + b"]" * 200_000 + b'", ' + b"[" * 200_000,
    "deeply_nested_behind_an_escape": b'["\\"' + b"]" * 200_000 + b'", ' + b"[" * 200_000,
    "quotes": b'\\"' * 400_000,
    "oversized": b" " * (2**20 + 1),
}


@pytest.mark.parametrize("text", WRONG_TEXTS.values(), ids=WRONG_TEXTS)
@pytest.mark.parametrize("read", [read_verification_key, read_proof, read_public_inputs])
def test_invalid_json(tmp_path: Path, read: Callable[[Path], object], text: bytes) -> None:
    (tmp_path / "file.json").write_bytes(text)
    with pytest.raises(FileMalformed) as caught:
        read(tmp_path / "file.json")
    assert caught.value.where == "file"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_verification_key, read_proof, read_public_inputs])
def test_invalid_missing_file(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(FileMalformed, match="No such file"):
        read(tmp_path / "missing.json")


WRONG_PROOF_FIELDS: dict[str, tuple[str, Any]] = {
    "protocol_plonk": ("protocol", "plonk"),
    "curve_bls": ("curve", "bls12381"),
    "a_missing_z": ("pi_a", ["1", "2"]),
    "a_z_two": ("pi_a", ["1", "2", "2"]),
    "a_zero": ("pi_a", ["0", "0", "1"]),
    "a_object": ("pi_a", {"x": "1"}),
    "a_numbers": ("pi_a", [1, 2, 1]),
    "a_hexadecimal": ("pi_a", ["0x1", "2", "1"]),
    "a_leading_zero": ("pi_a", ["01", "2", "1"]),
    "a_minus": ("pi_a", ["-1", "2", "1"]),
    "a_line_break": ("pi_a", ["1\n", "2", "1"]),
    "a_other_digits": ("pi_a", ["١", "2", "1"]),  # noqa: RUF001 # Arabic one, which int() would take
    "a_not_below_q": ("pi_a", [str(Q), "2", "1"]),
    "a_many_digits": ("pi_a", ["9" * 5000, "2", "1"]),
    "b_of_g1": ("pi_b", ["1", "2", "1"]),
    "b_z_imaginary": ("pi_b", [["1", "2"], ["3", "4"], ["0", "1"]]),
    "b_zero": ("pi_b", [["0", "0"], ["0", "0"], ["1", "0"]]),
    "c_null": ("pi_c", None),
}


@pytest.mark.parametrize("name", WRONG_PROOF_FIELDS)
def test_invalid_proof_field(tmp_path: Path, name: str) -> None:
    field, value = WRONG_PROOF_FIELDS[name]
    path = tmp_path / "proof.json"
    write_proof(path, PROOF)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(FileMalformed) as caught:
        read_proof(path)
    assert caught.value.where == field
    assert len(str(caught.value)) < len(str(path)) + 250


@pytest.mark.parametrize("field", ["protocol", "curve", "nPublic", "IC", "vk_alpha_1", "vk_gamma_2"])
def test_invalid_key_without_a_field(tmp_path: Path, field: str) -> None:
    path = tmp_path / "key.json"
    write_verification_key(path, KEY)
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != field}))
    with pytest.raises(FileMalformed) as caught:
        read_verification_key(path)
    assert (caught.value.where, caught.value.got) == (field, "nothing")


@pytest.mark.parametrize(("field", "value"), [("nPublic", 3), ("nPublic", "2"), ("IC", []), ("IC", "1")])
def test_invalid_key_counts(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "key.json"
    write_verification_key(path, KEY)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(FileMalformed) as caught:
        read_verification_key(path)
    assert caught.value.where == field


def test_invalid_ic_point_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    write_verification_key(path, KEY)
    key = json.loads(path.read_text())
    key["IC"][1][2] = "2"
    path.write_text(json.dumps(key))
    with pytest.raises(FileMalformed) as caught:
        read_verification_key(path)
    assert caught.value.where == "IC[1]"


@pytest.mark.parametrize("value", [{"0": "1"}, ["1", 2], [["1"]], "1", None])
def test_invalid_public_inputs(tmp_path: Path, value: object) -> None:
    (tmp_path / "public.json").write_text(json.dumps(value))
    with pytest.raises(FileMalformed):
        read_public_inputs(tmp_path / "public.json")

"""`verification_key.json`, `proof.json` and `public.json` as snarkjs writes and reads them.

Numbers are decimal strings, points projective with last coordinate 1, infinity (0, 1, 0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from verifier.errors import FileMalformed
from verifier.json_files import read_json, shorten, write_json
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import compute_alpha_beta
from verifier.points import G1_INFINITY, G2_INFINITY, Fp2, G1Point, G2Point, Q

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,77}")  # one spelling a number; 2**256 has 78 digits


def write_verification_key(path: Path, vk: VerifyingKey) -> None:
    """Write verification_key.json. Assumes that the key passed `check_key`."""
    key = {
        "protocol": "groth16",
        "curve": "bn128",
        "nPublic": vk.n_public,
        "vk_alpha_1": _spell_g1(vk.alpha_g1),
        "vk_beta_2": _spell_g2(vk.beta_g2),
        "vk_gamma_2": _spell_g2(vk.gamma_g2),
        "vk_delta_2": _spell_g2(vk.delta_g2),
        "vk_alphabeta_12": _spell_fp12(compute_alpha_beta(vk)),
        "IC": [_spell_g1(point) for point in vk.ic],
    }
    write_json(path, key)


def write_proof(path: Path, proof: Proof) -> None:
    """Write proof.json."""
    write_json(path, spell_proof(proof))


def spell_proof(proof: Proof) -> dict[str, object]:
    """Return what proof.json holds."""
    points = {"pi_a": _spell_g1(proof.a), "pi_b": _spell_g2(proof.b), "pi_c": _spell_g1(proof.c)}
    return {**points, "protocol": "groth16", "curve": "bn128"}


def write_public_inputs(path: Path, public_inputs: Sequence[int]) -> None:
    """Write public.json."""
    write_json(path, spell_public_inputs(public_inputs))


def spell_public_inputs(public_inputs: Sequence[int]) -> list[str]:
    """Return what public.json holds."""
    return [str(value) for value in public_inputs]


def read_verification_key(path: Path) -> VerifyingKey:
    """Return the key of a verification_key.json; its vk_alphabeta_12 is derived and not read. Raises FileMalformed."""
    reader = _Reader(path)
    key = reader.read_object()
    ic = reader.get(key, "IC")
    if not isinstance(ic, list) or not ic:
        reader.refuse("IC", ic, "a list of points")
    if reader.get(key, "nPublic") != len(ic) - 1:
        reader.refuse("nPublic", key["nPublic"], f"{len(ic) - 1}, one less than IC has")
    return VerifyingKey(
        alpha_g1=reader.parse_g1(key, "vk_alpha_1"),
        beta_g2=reader.parse_g2(key, "vk_beta_2"),
        gamma_g2=reader.parse_g2(key, "vk_gamma_2"),
        delta_g2=reader.parse_g2(key, "vk_delta_2"),
        ic=tuple(reader.parse_g1({f"IC[{i}]": point}, f"IC[{i}]") for i, point in enumerate(ic)),
    )


def read_proof(path: Path) -> Proof:
    """Return the proof of a proof.json. Raises FileMalformed."""
    reader = _Reader(path)
    proof = reader.read_object()
    return Proof(reader.parse_g1(proof, "pi_a"), reader.parse_g2(proof, "pi_b"), reader.parse_g1(proof, "pi_c"))


def read_public_inputs(path: Path) -> list[int]:
    """Return the numbers of a public.json; whether they are below r is for the verifiers. Raises FileMalformed."""
    reader = _Reader(path)
    values = read_json(path)
    if not isinstance(values, list):
        reader.refuse("file", values, "a list of numbers")
    return [reader.parse_number(value, f"[{i}]") for i, value in enumerate(values)]


def _spell_g1(point: G1Point) -> list[str]:
    return ["0", "1", "0"] if point == G1_INFINITY else [str(point.x), str(point.y), "1"]


def _spell_g2(point: G2Point) -> list[list[str]]:
    if point == G2_INFINITY:
        return [["0", "0"], ["1", "0"], ["0", "0"]]
    return [[str(part) for part in coordinate] for coordinate in (*point, Fp2(1, 0))]


def _spell_fp12(coefficients: list[int]) -> list[list[list[str]]]:
    """Return the tower Fp2, Fp6 = Fp2[v], Fp12 = Fp6[w], v = w**2, of a polynomial in w over Fp."""
    # i = w**6 - 9, so c[k] + c[k + 6] * w**6 = (c[k] + 9 * c[k + 6]) + c[k + 6] * i
    parts = [
        [str((low + 9 * high) % Q), str(high)] for low, high in zip(coefficients[:6], coefficients[6:], strict=True)
    ]
    return [parts[0::2], parts[1::2]]


class _Reader:
    """Parses one file, naming it in every refusal."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def refuse(self, where: str, got: object, expected: str) -> NoReturn:
        raise FileMalformed(str(self._path), where, shorten(got), expected)

    def read_object(self) -> dict[str, object]:
        value = read_json(self._path)
        if not isinstance(value, dict):
            self.refuse("file", value, "an object")
        for name, expected in (("protocol", "groth16"), ("curve", "bn128")):
            if self.get(value, name) != expected:
                self.refuse(name, value[name], expected)
        return dict(value)

    def get(self, fields: dict[str, object], name: str) -> object:
        if name not in fields:
            self.refuse(name, "nothing", "a value")
        return fields[name]

    def parse_number(self, value: object, where: str) -> int:
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            self.refuse(where, value, "a decimal string")
        return int(value)

    def parse_g1(self, fields: dict[str, object], name: str) -> G1Point:
        point = self.get(fields, name)
        x, y, z = (self._parse_coordinate(value, name) for value in self._split(point, 3, name))
        if (x, y, z) == (0, 1, 0):
            return G1_INFINITY
        if z != 1 or (x, y) == G1_INFINITY:
            self.refuse(name, point, "an affine point with last coordinate 1, or (0, 1, 0)")
        return G1Point(x, y)

    def parse_g2(self, fields: dict[str, object], name: str) -> G2Point:
        point = self.get(fields, name)
        x, y, z = (
            Fp2(*(self._parse_coordinate(part, name) for part in self._split(value, 2, name)))
            for value in self._split(point, 3, name)
        )
        if (x, y, z) == ((0, 0), (1, 0), (0, 0)):
            return G2_INFINITY
        if z != (1, 0) or (x, y) == G2_INFINITY:
            self.refuse(name, point, "an affine point with last coordinate 1, or (0, 1, 0)")
        return G2Point(x, y)

    def _split(self, value: object, n_parts: int, where: str) -> list[object]:
        if not isinstance(value, list) or len(value) != n_parts:
            self.refuse(where, value, f"a list of {n_parts}")
        return value

    def _parse_coordinate(self, value: object, where: str) -> int:
        number = self.parse_number(value, where)
        if number >= Q:
            self.refuse(where, value, "a coordinate below the base field order")
        return number

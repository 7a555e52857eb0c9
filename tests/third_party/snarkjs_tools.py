"""snarkjs as a child process, and a circuit of its own in iden3's binary formats, written by hand.

`python -m tests.third_party.snarkjs_tools` renews tests/vectors/snarkjs_multiplier (needs `npm ci`).
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from math import prod
from pathlib import Path

from rollup.field import R
from verifier.solc import find_node

ROOT = Path(__file__).parents[2]
VECTORS_DIR = ROOT / "tests" / "vectors" / "snarkjs_multiplier"
JSON_FILES = ("verification_key.json", "proof.json", "public.json")
_CLI = ROOT / "node_modules" / "snarkjs" / "build" / "cli.cjs"
_TIMEOUT_S = 300


def run_snarkjs(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run snarkjs in a folder and return what it said and its exit status (0: yes)."""
    command = [find_node(), str(_CLI), *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)


def do_snarkjs(folder: Path, *args: str) -> str:
    """Run snarkjs, which must succeed, and return what it said."""
    done = run_snarkjs(folder, *args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_powers_of_tau(folder: Path, log2: int) -> None:
    """Write pot.ptau, for circuits of at most 2**log2 rows, with snarkjs's own randomness."""
    do_snarkjs(folder, "powersoftau", "new", "bn128", str(log2), "pot_0.ptau")
    do_snarkjs(folder, "powersoftau", "contribute", "pot_0.ptau", "pot_1.ptau", "--name=test", "-e=only for tests")
    do_snarkjs(folder, "powersoftau", "prepare", "phase2", "pot_1.ptau", "pot.ptau")


def make_key_by_snarkjs(folder: Path, stem: str) -> None:
    """Write {stem}.zkey and verification_key.json for {stem}.r1cs. Assumes pot.ptau in the folder."""
    do_snarkjs(folder, "groth16", "setup", f"{stem}.r1cs", "pot.ptau", f"{stem}_0.zkey")
    do_snarkjs(folder, "zkey", "contribute", f"{stem}_0.zkey", f"{stem}.zkey", "--name=test", "-e=only for tests")
    do_snarkjs(folder, "zkey", "export", "verificationkey", f"{stem}.zkey", "verification_key.json")


def prove_by_snarkjs(folder: Path, stem: str) -> None:
    """Write proof.json and public.json for {stem}.wtns. Assumes {stem}.zkey in the folder."""
    do_snarkjs(folder, "groth16", "prove", f"{stem}.zkey", f"{stem}.wtns", "proof.json", "public.json")


def write_multiplier(folder: Path) -> None:
    """Write multiplier.r1cs and multiplier.wtns: c = a * b * b with c an output and a a public input; a = 3, b = 11."""
    # wires: 0 one, 1 c, 2 a, 3 b, 4 a * b
    rows = [([(2, 1)], [(3, 1)], [(4, 1)]), ([(4, 1)], [(3, 1)], [(1, 1)])]
    (folder / "multiplier.r1cs").write_bytes(_encode_r1cs(rows, n_wires=5, n_outputs=1, n_public=1, n_private=1))
    (folder / "multiplier.wtns").write_bytes(_encode_wtns([1, 363, 3, 11, 33]))


def write_chain(folder: Path, factors: Sequence[int] = (3, R - 1, 2**200, 5)) -> None:
    """Write chain.r1cs and chain.wtns: the product of the factors is an output, all of them but the last are public."""
    # wires: 0 one, 1 the product, then the factors, then the products of the first 2, 3, ..; the last of them is wire 1
    n, row_count = len(factors), len(factors) - 1
    products = [prod(factors[: i + 2]) % R for i in range(row_count)]
    wire_of = [2, *range(2 + n, 1 + n + row_count), 1]  # of the product of the first i + 1
    rows = [([(wire_of[i], 1)], [(3 + i, 1)], [(wire_of[i + 1], 1)]) for i in range(row_count)]
    encoded = _encode_r1cs(rows, n_wires=1 + n + row_count, n_outputs=1, n_public=n - 1, n_private=1)
    (folder / "chain.r1cs").write_bytes(encoded)
    (folder / "chain.wtns").write_bytes(_encode_wtns([1, products[-1], *factors, *products[:-1]]))


_LC = Sequence[tuple[int, int]]


def _encode_r1cs(
    rows: Sequence[tuple[_LC, _LC, _LC]], *, n_wires: int, n_outputs: int, n_public: int, n_private: int
) -> bytes:
    # github.com/iden3/r1csfile, doc/r1cs_bin_format.md
    counts = [n_wires, n_outputs, n_public, n_private]
    header = _u32(32) + R.to_bytes(32, "little") + b"".join(map(_u32, counts)) + _u64(n_wires) + _u32(len(rows))
    constraints = b"".join(_encode_lc(lc) for row in rows for lc in row)
    labels = b"".join(map(_u64, range(n_wires)))
    return _encode_file(b"r1cs", 1, [(1, header), (2, constraints), (3, labels)])


def _encode_wtns(values: Sequence[int]) -> bytes:
    header = _u32(32) + R.to_bytes(32, "little") + _u32(len(values))
    return _encode_file(b"wtns", 2, [(1, header), (2, b"".join(value.to_bytes(32, "little") for value in values))])


def _encode_file(magic: bytes, version: int, sections: Sequence[tuple[int, bytes]]) -> bytes:
    bodies = b"".join(_u32(kind) + _u64(len(body)) + body for kind, body in sections)
    return magic + _u32(version) + _u32(len(sections)) + bodies


def _encode_lc(lc: _LC) -> bytes:
    return _u32(len(lc)) + b"".join(_u32(wire) + value.to_bytes(32, "little") for wire, value in lc)


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def main() -> None:
    """Renew the committed vectors."""
    VECTORS_DIR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_powers_of_tau(folder, 4)
        write_multiplier(folder)
        make_key_by_snarkjs(folder, "multiplier")
        prove_by_snarkjs(folder, "multiplier")
        for file in JSON_FILES:
            (VECTORS_DIR / file).write_bytes((folder / file).read_bytes())


if __name__ == "__main__":
    main()

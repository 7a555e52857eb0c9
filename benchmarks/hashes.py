"""Poseidon and EdDSA-Poseidon: the kernel, our pure Python, and circomlibjs, side by side in one run."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from prover import kernel
from rollup import poseidon as model
from rollup import signature
from rollup.signature import use_signature_backend

KEY, MESSAGE = bytes([1]) * 32, 1234
PEER = Path(__file__).parent / "peers" / "hashes.cjs"


def measure() -> dict[str, dict[str, float]]:
    """Return microseconds a call by operation and implementation; circomlibjs where node and its package are there."""
    kernel.install()
    table = {"kernel": _measure_ours(many=512, repeat=4)}
    model.use_backend(None)
    use_signature_backend(None)
    table["python"] = _measure_ours(many=16, repeat=1)
    kernel.install()
    peer = _measure_peer()
    if peer:
        table["circomlibjs"] = peer
    return {op: {who: figures[op] for who, figures in table.items()} for op in table["kernel"]}


def _measure_ours(many: int, repeat: int) -> dict[str, float]:
    """Return microseconds a call of whatever backend is installed: hashes `many` at a time, signatures one by one."""
    key, signed = signature.derive_public_key(KEY), signature.sign(KEY, MESSAGE)

    def sign_all() -> None:
        for _ in range(many):
            signature.sign(KEY, MESSAGE)

    def verify_all() -> None:
        for _ in range(many):
            signature.verify(key, MESSAGE, signed)

    work: dict[str, Callable[[], object]] = {
        f"poseidon{n}": partial(model.poseidon_many, [[i + k + 1 for k in range(n)] for i in range(many)])
        for n in (2, 8, 16)
    }
    work |= {"eddsa_sign": sign_all, "eddsa_verify": verify_all}
    return {name: _time(run, many, repeat) for name, run in work.items()}


def _time(work: Callable[[], object], calls: int, repeat: int) -> float:
    work()
    started = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - started) / (calls * repeat) * 1e6


def _measure_peer() -> dict[str, float] | None:
    node = shutil.which("node")
    if node is None or not Path("node_modules/circomlibjs").is_dir():
        return None
    done = subprocess.run([node, str(PEER)], capture_output=True, check=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures

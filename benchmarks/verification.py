"""One proof of a batch before its verifiers: kernel, py-ecc, the contract in the embedded EVM; snarkjs as a peer."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.full_block import make_full_block
from prover import kernel
from prover.circuit import load_batch
from rollup.shapes import TINY
from sequencer.keys import load_or_make_key
from sequencer.progress import ignore_progress
from verifier.base_layer import EmbeddedEvm
from verifier.iden3 import write_proof, write_public_inputs, write_verification_key
from verifier.keys import decode_proof, decode_verifying_key
from verifier.verify import Verdict, ask_contract, deploy_verifier, verify_by_kernel, verify_by_py_ecc

PEER = Path(__file__).parent / "peers" / "verify.cjs"


def measure(n_calls: int, keys: Path | None) -> dict[str, float]:
    """Return milliseconds a verification by verifier; snarkjs where node and its package are there.

    n_calls: of py-ecc. keys: a folder that has the proving key, or is to keep it.
    """
    kernel.install()
    batch = load_batch(TINY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = load_or_make_key(keys or folder, TINY, batch.circuit, ignore_progress).key
        vk_be = key.verifying_key_be
        witness = batch.compute_witness(make_full_block(TINY))
        proof_be = kernel.prove(key, batch.circuit, witness)
        publics = kernel.decode_be(witness.public_inputs_be())
        contract = deploy_verifier(EmbeddedEvm(), vk_be)
        figures = {
            "kernel": _time(lambda: verify_by_kernel(kernel.verify, vk_be, proof_be, publics), 50),
            "py-ecc": _time(lambda: verify_by_py_ecc(vk_be, proof_be, publics), n_calls),
            # once: the embedded chain remembers pairings, and would answer again without any
            "contract in py-evm": _time(lambda: ask_contract(contract, proof_be, publics), 1),
        }
        write_verification_key(folder / "verification_key.json", decode_verifying_key(vk_be))
        write_proof(folder / "proof.json", decode_proof(proof_be))
        write_public_inputs(folder / "public.json", publics)
        peer = _measure_peer(folder)
    return figures if peer is None else figures | {"snarkjs": peer}


def _time(verify: Callable[[], Verdict], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        verdict = verify()
        assert verdict.valid, verdict.reason
    return (time.perf_counter() - started) / calls * 1e3


def _measure_peer(folder: Path) -> float | None:
    node = shutil.which("node")
    if node is None or not Path("node_modules/snarkjs").is_dir():
        return None
    done = subprocess.run([node, str(PEER), str(folder)], capture_output=True, check=True, text=True)
    milliseconds: float = json.loads(done.stdout)
    return milliseconds

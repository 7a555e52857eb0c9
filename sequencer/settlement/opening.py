"""Opens the settlement of a run: the exit circuit's key, from the cache or made for development, and the contracts."""

from __future__ import annotations

from pathlib import Path

from prover.circuit import load_exit
from sequencer.keys import load_or_make_key
from sequencer.progress import Report
from sequencer.settlement.deploying import VerifyingKey
from sequencer.settlement.run_files import RunFiles
from sequencer.settlement.settling import RunSettler
from verifier.base_layer import BaseLayer

__all__ = ["load_exit_key", "open_settler"]


def load_exit_key(keys_dir: Path, report: Report) -> VerifyingKey:
    """Return the verifying key of exits. Raises KeyUnusable."""
    circuit = load_exit()
    key = load_or_make_key(keys_dir, circuit.assembly, circuit.circuit, report).key
    return VerifyingKey(key.verifying_key_be, key.is_development)


def open_settler(run: RunFiles, layer: BaseLayer, keys_dir: Path, report: Report) -> RunSettler:
    """Return a run with its contracts deployed. Raises as `RunSettler`, and KeyUnusable."""
    return RunSettler(run, layer, load_exit_key(keys_dir, report))

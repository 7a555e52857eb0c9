"""Opens the settlement of a run: the contracts, with the exit circuit's key from the cache or made for development."""

from __future__ import annotations

from sequencer.exit_proofs import ExitProver
from sequencer.settlement.deploying import VerifyingKey
from sequencer.settlement.run_files import RunFiles
from sequencer.settlement.settling import RunSettler
from verifier.base_layer import BaseLayer

__all__ = ["open_settler"]


def open_settler(run: RunFiles, layer: BaseLayer, prover: ExitProver) -> RunSettler:
    """Return a run with its contracts deployed. Raises as `RunSettler`."""
    key = prover.loaded.key
    return RunSettler(run, layer, VerifyingKey(key.verifying_key_be, key.is_development))

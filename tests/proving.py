"""For tests of the proving pipeline: a day's batches, real provers, and a journal over a store."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from prover import kernel
from prover.circuit import load_batch
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from sequencer.keys import load_or_make_key
from sequencer.node.links import Record
from sequencer.node.pipeline_types import Journal, PipelineSettings
from sequencer.node.proving_pool import ProverSettings
from sequencer.node.store import Artifact, Store
from sequencer.progress import ignore_progress
from tests.scenarios import run_day

ROOT = Path(__file__).parent.parent
KEYS_DIR = ROOT / ".cache" / "test-keys"  # kept between runs: a key's name holds its circuit's digest
PATIENCE_S = 600.0  # a busy machine is no bug


@cache
def get_day() -> tuple[BatchTrace, ...]:
    """Return batches 1 to 5 of shape tiny."""
    return tuple(run_day(TINY).values())


@cache
def get_verifying_key() -> bytes:
    """Return the key that proofs of shape tiny verify under; it is made where it is not there."""
    return load_or_make_key(KEYS_DIR, TINY, load_batch(TINY).circuit, ignore_progress).key.verifying_key_be


def make_prover_settings(**changes: object) -> ProverSettings:
    """Return settings under which nothing waits long."""
    get_verifying_key()
    return ProverSettings(**{"keys_dir": KEYS_DIR, "pause_s": 0.01, "timeout_s": PATIENCE_S, "niceness": 0, **changes})  # type: ignore[arg-type]


def make_settings(params_hash: int | None = None, **changes: object) -> PipelineSettings:
    """Return the pipeline's settings for that day, or for other parameters."""
    facts = {
        "shape": TINY,
        "params_hash": get_day()[0].params.params_hash if params_hash is None else params_hash,
        "verifying_key_be": get_verifying_key(),
        "workers": 1,
        "group_age_s": 3600.0,
    }
    return PipelineSettings(**{**facts, **changes})  # type: ignore[arg-type]


def write_to(store: Store) -> Journal:
    """Return the journal of a store that has no other writer."""

    def journal(records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        store.append(records, artifacts=artifacts)

    return journal


def wait_for(condition: Callable[[], object]) -> None:
    """Return once the condition holds."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "it does not come about"
        time.sleep(0.02)


def install() -> None:
    """Let the kernel hash and sign: for processes that are no test's."""
    kernel.install()

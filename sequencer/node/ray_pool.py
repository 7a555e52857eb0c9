"""Proofs on a Ray cluster: an actor for each proof at a time. Whatever it answers is checked as any other proof is.

Ray is large, so it is an extra of its own (requirements/ray.in) and is imported only where it is asked for. The
cluster's machines need this package, and the proving key in the same folder.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from sequencer.errors import OptionInvalid
from sequencer.node.proof_worker import ProofAnswer, ProofJob, prove_job
from sequencer.node.proving_errors import ProofTimeout, ProverLost
from sequencer.node.proving_pool import ProofPool, ProverSettings

__all__ = ["RayProver", "open_ray_pool"]

_START_TIMEOUT_S: Final = 60.0


class RayProver:
    """A `Prover` that is an actor somewhere; made with the first job, and anew after each loss."""

    def __init__(self, ray: Any, settings: ProverSettings) -> None:  # noqa: ANN401 # a module that may be absent
        """Start nothing yet."""
        self._ray, self._settings = ray, settings
        self._actor: Any = None
        self._is_closed = False

    def prove(self, job: ProofJob, timeout_s: float) -> ProofAnswer:
        """See `proving_pool.Prover`."""
        try:
            answer: ProofAnswer = self._ray.get(self._get_actor(job).run.remote(job), timeout=timeout_s)
        except self._ray.exceptions.GetTimeoutError:
            self._drop()
            raise ProofTimeout(job.name, timeout_s) from None
        except self._ray.exceptions.RayTaskError as error:  # raised over there: the batch or the key was refused
            raise error.cause from None
        except self._ray.exceptions.RayError as error:
            self._drop()
            raise ProverLost(job.name, f"{type(error).__name__}: {error}"[:200]) from None
        return answer

    def close(self) -> None:
        """See `proving_pool.Prover`."""
        self._is_closed = True
        self._drop()

    def _get_actor(self, job: ProofJob) -> Any:  # noqa: ANN401 # Ray's
        if self._is_closed:
            raise ProverLost(job.name, "the pool was closed")
        if self._actor is None:
            threads = self._settings.threads
            environment = {"env_vars": {"RAYON_NUM_THREADS": str(threads)}}
            actor = self._ray.remote(num_cpus=threads, max_restarts=0, runtime_env=environment)(_Actor)
            self._actor = actor.remote(self._settings)
        return self._actor

    def _drop(self) -> None:
        actor, self._actor = self._actor, None
        if actor is not None:
            self._ray.kill(actor)


class _Actor:
    """What runs over there."""

    def __init__(self, settings: ProverSettings) -> None:
        self._settings = settings

    def run(self, job: ProofJob) -> ProofAnswer:
        """Return the proof."""
        return prove_job(job, self._settings.keys_dir)


def open_ray_pool(address: str, settings: ProverSettings) -> ProofPool:
    """Return a pool on the cluster of this address ("host:port", "auto", "local": one on this machine for itself).

    Raises OptionInvalid where Ray is not installed, or the cluster does not answer.
    """
    try:
        ray = import_module("ray")
    except ImportError:
        raise OptionInvalid("--ray", address, "the ray package: pip install -r requirements/ray.in") from None
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False, ignore_reinit_error=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise OptionInvalid("--ray", address, f"a cluster that answers: {error}"[:200]) from error
    return ProofPool([RayProver(ray, settings) for _ in range(settings.workers)], settings)

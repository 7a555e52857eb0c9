"""Proofs in one process: keys mapped once, proofs in turn, none begun without the memory that it may need."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from prover import kernel
from prover.errors import MemoryShort, ProofCancelled
from prover.memory import give_back, read_available_bytes

__all__ = ["ProverService", "get_service"]

_MAX_KEYS: Final = 4  # mapped at once: batches of two shapes, exits, and one more
_LOOK_S: Final = 0.1  # how often who waits looks whether it was cancelled


class ProverService:
    """Makes proofs for any thread of this process, first come, first served.

    One proof uses all threads of the kernel's pool, nine tenths of the time; two at once take about as long as one
    after the other, and twice the memory (docs/kernel.md). So one is in flight unless told otherwise. However many are,
    the pool's threads are the same few: nothing is oversubscribed.
    """

    def __init__(self, *, in_flight: int = 1, memory_limit_bytes: int | None = None) -> None:
        """in_flight: proofs in the making at once. memory_limit_bytes: for all of them, else what is available then."""
        assert in_flight > 0, "nothing would ever be proved"
        self._in_flight, self._limit_bytes = in_flight, memory_limit_bytes
        self._keys: OrderedDict[tuple[str, int, int, int, int], kernel.ProvingKey] = OrderedDict()
        self._keys_lock = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._running = self._reserved_bytes = 0

    @property
    def n_waiting(self) -> int:
        """Proofs asked for and not begun."""
        return len(self._waiting)

    def load_key(self, path: Path) -> kernel.ProvingKey:
        """Return the key of a file: mapped and its checksum held once, as long as the file stays the same.

        Raises ValueError and OSError as `kernel.ProvingKey.load`.
        """
        with self._keys_lock:  # who else wants it waits, and has it then
            facts = path.stat()
            identity = (str(path.resolve()), facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
            if identity not in self._keys:
                self._keys[identity] = kernel.ProvingKey.load(path)
            self._keys.move_to_end(identity)
            if len(self._keys) > _MAX_KEYS:
                self._keys.popitem(last=False)
            return self._keys[identity]

    def prove(
        self,
        key: kernel.ProvingKey,
        circuit: kernel.Circuit,
        witness: kernel.Witness,
        *,
        who: str,
        cancel: kernel.CancelToken | None = None,
        seed: bytes | None = None,
        progress: Callable[[str, int, int], object] | None = None,
    ) -> bytes:
        """Return the proof, as `kernel.prove`, once it is this one's turn. `who` names it in errors.

        Raises what `kernel.prove` does, MemoryShort before it begins, and ProofCancelled: within a tenth of a second
        while it waits, in the making within a quarter at 2**20 (docs/kernel.md); what it held is free by then.
        """
        with self._turn(who, key.proof_memory_bytes, cancel):
            try:
                return kernel.prove(key, circuit, witness, seed=seed, progress=progress, cancel=cancel)
            except kernel.Cancelled as error:
                give_back()
                raise ProofCancelled(who, str(error)) from None

    @contextmanager
    def _turn(self, who: str, needed_bytes: int, cancel: kernel.CancelToken | None) -> Iterator[None]:
        if self._limit_bytes is not None and needed_bytes > self._limit_bytes:
            raise MemoryShort(who, needed_bytes, self._limit_bytes)
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._waiting[0] is ticket and self._has_room(who, needed_bytes)):
                    if cancel is not None and cancel.is_cancelled:
                        raise ProofCancelled(who, "waiting")
                    self._changed.wait(_LOOK_S)
                self._running += 1
                self._reserved_bytes += needed_bytes
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._reserved_bytes -= needed_bytes
                self._changed.notify_all()

    def _has_room(self, who: str, needed_bytes: int) -> bool:
        """Whether the first in line may begin. Raises MemoryShort where no proof's end would help."""
        if self._running == self._in_flight:
            return False
        available_bytes = read_available_bytes() if self._limit_bytes is None else self._limit_bytes
        # What others have taken already is counted twice without a limit of ours: then this one waits, no more.
        if available_bytes is None or self._reserved_bytes + needed_bytes <= available_bytes:
            return True
        if self._running:
            return False
        raise MemoryShort(who, needed_bytes, available_bytes)


@lru_cache(maxsize=1)
def get_service() -> ProverService:
    """Return this process's service."""
    return ProverService()

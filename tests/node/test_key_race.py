"""The key cache, asked by several at once: one of them makes the key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from prover import kernel
from sequencer.keys import LoadedKey, load_or_make_key
from tests.prover.tiny import build_cubic_circuit

N = 4


@dataclass(frozen=True)
class _Named:
    name: str


def test_who_comes_at_once_gets_the_same_key_and_one_makes_it(tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    barrier = Barrier(N)

    def ask(_: int) -> LoadedKey:
        barrier.wait()
        return load_or_make_key(tmp_path / "keys", _Named("race"), circuit, lambda *_: None)

    with ThreadPoolExecutor(N) as pool:
        loaded = list(pool.map(ask, range(N)))
    assert sorted(one.is_new for one in loaded) == [False] * (N - 1) + [True]
    assert len({one.key.verifying_key_be for one in loaded}) == 1
    (path,) = (tmp_path / "keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert kernel.ProvingKey.load(path).circuit_digest == circuit.digest

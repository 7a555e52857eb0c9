"""One case: everybody sets up, loads, and then proves in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.prover.cases import Case
from benchmarks.prover.contestants import Line
from benchmarks.prover.peer import Contestant, PeerFailed, Prepared, Server, prepare

__all__ = ["CaseResult", "compute_ratios", "run_case"]

Tell = Callable[[str], None]


@dataclass
class CaseResult:
    """What a case took, by contestant."""

    runs_s: dict[str, list[float]] = field(default_factory=dict)
    cpu_runs_s: dict[str, list[float]] = field(default_factory=dict)
    setup_s: dict[str, float] = field(default_factory=dict)
    setup_peak_bytes: dict[str, int] = field(default_factory=dict)
    peak_bytes: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def medians_s(self) -> dict[str, float]:
        """The median of each contestant's runs."""
        return {name: statistics.median(runs) for name, runs in self.runs_s.items()}

    @property
    def medians_cpu_s(self) -> dict[str, float]:
        """The median processor seconds: of all threads, and what a busy machine changes least."""
        return {name: statistics.median(runs) for name, runs in self.cpu_runs_s.items()}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> CaseResult:
        """Return what `to_json` wrote."""
        return cls(**{one.name: facts[one.name] for one in fields(cls)})

    def to_json(self) -> dict[str, object]:
        """Return everything, medians and ratios included."""
        medians = {"medians_s": self.medians_s, "medians_cpu_s": self.medians_cpu_s}
        return asdict(self) | medians | {"ratios": compute_ratios(self.medians_s)}


def compute_ratios(medians_s: dict[str, float]) -> dict[str, float]:
    """Return ours over each peer's, as `ours-portable/gnark-native`: below 1, we are faster."""
    ours = [name for name in medians_s if name.startswith("ours")]
    peers = [name for name in medians_s if name not in ours]
    return {f"{our}/{peer}": medians_s[our] / medians_s[peer] for our in ours for peer in peers}


def run_case(case: Case, line: Line, runs: int, work: Path, tell: Tell) -> CaseResult:
    """Return what `runs` rounds took. Who fails is left out with the reason, from then on."""
    contestants, left_out = line
    result = CaseResult(left_out=dict(left_out))
    with TemporaryDirectory(prefix=f"{case.name}-", dir=work) as name:
        servers = _start(case, contestants, Path(name), result, tell)
        try:
            for number in range(runs):
                tell(f"{case.name}: round {number + 1} of {runs}")
                _run_round(servers[number % len(servers) :] + servers[: number % len(servers)], result)
            for server in servers:
                if server.name in result.runs_s:
                    result.peak_bytes[server.name] = server.finish()
        finally:
            for server in servers:
                server.kill()
    return result


def _start(case: Case, contestants: list[Contestant], folder: Path, result: CaseResult, tell: Tell) -> list[Server]:
    if case.group is None:
        tell(f"{case.name}: circuit and witness")
        subprocess.run(
            [sys.executable, "-m", "benchmarks.prover.ours", "write", case.name, str(folder)],
            stdout=subprocess.DEVNULL,
            check=True,
        )
    servers = []
    for contestant in contestants:
        tell(f"{case.name}: setup of {contestant.name}")
        out = folder / contestant.name
        out.mkdir()
        try:
            _note(result, contestant.name, prepare(contestant, folder, out))
            arguments = (str(folder), str(out)) if case.group is None else (case.group, str(case.log2))
            servers.append(Server(contestant, arguments))
        except PeerFailed as failed:
            result.left_out[contestant.name] = str(failed)
    return servers


def _note(result: CaseResult, name: str, prepared: Prepared | None) -> None:
    if prepared is not None:
        result.setup_s[name], result.setup_peak_bytes[name] = prepared.setup_s, prepared.peak_bytes


def _run_round(servers: list[Server], result: CaseResult) -> None:
    for server in servers:
        if server.name in result.left_out:
            continue
        try:
            seconds, cpu_s = server.prove()
            result.runs_s.setdefault(server.name, []).append(seconds)
            result.cpu_runs_s.setdefault(server.name, []).append(cpu_s)
        except PeerFailed as failed:
            result.left_out[server.name] = str(failed)
            result.runs_s.pop(server.name, None)
            result.cpu_runs_s.pop(server.name, None)

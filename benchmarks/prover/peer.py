"""A contestant as child processes, and how one talks to it.

`prepare` runs once and prints `{"setup_s": seconds}`. `serve` prints `{"ready": true}` when key and witness are loaded;
then it answers each line of standard input by a proof, verified by its own verifier off the clock:
`{"seconds": s, "verified": true}`. At the end of its input it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Contestant", "PeerFailed", "Prepared", "Server", "prepare"]

_BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
_TAIL = 600


class PeerFailed(Exception):
    """A contestant ended, or did not say what it should."""


@dataclass(frozen=True)
class Contestant:
    """Who proves, and by which commands; the folders of case and keys are appended to both."""

    name: str
    serve: tuple[str, ...]
    prepare: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    kernel: str | None = None  # the path that our kernel must say it takes


@dataclass(frozen=True)
class Prepared:
    """What a setup took."""

    setup_s: float
    peak_bytes: int


class Child:
    """A child process that speaks JSON lines; what it writes to standard error is kept for the message."""

    def __init__(self, name: str, command: tuple[str, ...], env: Mapping[str, str]) -> None:
        """Start it."""
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 # lives as long as the child
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **env},
        )

    def send(self) -> None:
        """Ask for one more."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self.describe_end()) from None

    def receive(self) -> dict[str, Any]:
        """Return its next line. Raises PeerFailed where it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(self.describe_end())
        facts: dict[str, Any] = json.loads(line)
        return facts

    def read_cpu_s(self) -> float:
        """Return the processor seconds it has used, of all its threads (proc(5): utime and stime)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def finish(self) -> int:
        """Close its input and return its peak memory in bytes. Raises PeerFailed unless its status is 0."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode != 0:
            raise PeerFailed(self.describe_end())
        return usage.ru_maxrss * _BYTES_PER_MAXRSS

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def describe_end(self) -> str:
        """Return its exit status and the end of what it wrote to standard error."""
        status = self._process.wait()
        self._errors.seek(0)
        return f"{self.name}: exit status {status}: {' '.join(self._errors.read()[-_TAIL:].split())}"


def prepare(contestant: Contestant, case: Path, out: Path) -> Prepared | None:
    """Set up into the folder `out`; None where there is nothing to set up. Raises PeerFailed."""
    if contestant.prepare is None:
        return None
    child = Child(contestant.name, (*contestant.prepare, str(case), str(out)), contestant.env)
    try:
        setup_s = float(child.receive()["setup_s"])
        return Prepared(setup_s, child.finish())
    finally:
        child.kill()


class Server:
    """A contestant with key and witness loaded."""

    def __init__(self, contestant: Contestant, arguments: tuple[str, ...]) -> None:
        """Start it and wait until it is ready. Raises PeerFailed, also where our kernel takes another path."""
        self._child = Child(contestant.name, (*contestant.serve, *arguments), contestant.env)
        self.name = contestant.name
        try:
            said = self._child.receive().get("kernel")
            if said != contestant.kernel:
                raise PeerFailed(f"{self.name}: the kernel takes the path {said}")
        except PeerFailed:
            self._child.kill()
            raise

    def prove(self) -> tuple[float, float]:
        """Return the seconds of one verified proof, and of processor, verifying included. Raises PeerFailed."""
        before_s = self._child.read_cpu_s()
        self._child.send()
        facts = self._child.receive()
        if facts.get("verified") is not True:
            raise PeerFailed(f"{self.name}: its own proof does not verify")
        return float(facts["seconds"]), self._child.read_cpu_s() - before_s

    def finish(self) -> int:
        """End it and return its peak memory in bytes."""
        return self._child.finish()

    def kill(self) -> None:
        """End it, whatever it does."""
        self._child.kill()

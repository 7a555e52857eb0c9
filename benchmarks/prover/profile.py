"""`python -m benchmarks.prover.profile`: where a proof's time goes, beside what its instructions alone would take."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table

from benchmarks.prover.__main__ import describe_machine, pin
from benchmarks.prover.bounds import compute_bound_s
from benchmarks.prover.cases import Case, parse_case
from benchmarks.prover.contestants import ROOT
from benchmarks.prover.ours import load_case
from prover import kernel

_KEYS = ROOT / ".cache" / "prover-bench" / "profile"
_KERNEL = ROOT / "prover" / "native"


@dataclass(frozen=True)
class Part:
    """One part: seconds of all threads together, operations, and the bound in seconds where there is one."""

    seconds: float
    operations: int
    bound_s: float | None


@dataclass(frozen=True)
class Profile:
    """The fastest of some proofs of a case."""

    wall_s: float
    threads: int
    path: str
    parts: dict[str, Part]

    @property
    def idle_s(self) -> float:
        """Seconds of threads that no part used: there is too little to do for all, or something else ran."""
        return self.wall_s * self.threads - sum(part.seconds for part in self.parts.values())

    def to_json(self) -> dict[str, object]:
        """Return everything, `parts` by name."""
        return {
            "wall_s": self.wall_s,
            "threads": self.threads,
            "kernel": self.path,
            "idle_s": self.idle_s,
            "parts": {name: vars(part) for name, part in self.parts.items()},
        }


def measure_clock_hz() -> float:
    """Return the clock by `lanes/examples/clock.rs`. Raises click.ClickException where cargo is missing."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise click.ClickException("no cargo here to measure the clock with; give it by --clock-ghz")
    command = [cargo, "run", "--quiet", "--release", "--locked", "--package", "zkmargin-lanes", "--example", "clock"]
    done = subprocess.run(command, cwd=_KERNEL, check=True, capture_output=True, text=True)
    return float(done.stdout) * 1e9


def load_key(case: Case, circuit: kernel.Circuit) -> kernel.ProvingKey:
    """Return a key for development, kept between runs."""
    path = _KEYS / f"{case.name}-{circuit.digest.hex()[:16]}.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        kernel.setup(circuit, path)
    return kernel.ProvingKey.load(path)


def profile(case: Case, runs: int, threads: int, clock_hz: float) -> Profile:
    """Return the profile of the fastest of some proofs, after one that is not counted; each is verified."""
    circuit, witness = load_case(case.name)
    key, public_be = load_key(case, circuit), witness.public_inputs_be()
    kernel.prove(key, circuit, witness)
    path, timed = kernel.get_path(), []
    for _ in range(runs):
        started = time.perf_counter()
        proof, found = kernel.prove_timed(key, circuit, witness)
        timed.append((time.perf_counter() - started, found))
        assert kernel.verify(key.verifying_key_be, proof, public_be), f"{case.name}: a proof does not verify"
    wall_s, found = min(timed, key=lambda one: one[0])
    counts = {name: operations for name, (_, operations) in found.items()}
    bounds = {name: compute_bound_s(name, counts, clock_hz) if path == "ifma" else None for name in found}
    parts = {name: Part(*facts, bounds[name]) for name, facts in found.items()}
    return Profile(wall_s, threads, path, parts)


def make_table(name: str, one: Profile) -> Table:
    """Return a line for each part that took time."""
    table = Table(
        "part", "seconds", "of all", "operations", "bound, s", "times the bound", title=_make_title(name, one)
    )
    all_s = one.wall_s * one.threads
    for part_name, part in one.parts.items():
        if part.seconds >= 0.0005:
            bound = ("", "") if not part.bound_s else (f"{part.bound_s:.3f}", f"{part.seconds / part.bound_s:.1f}")
            row = (part_name, f"{part.seconds:.3f}", f"{part.seconds / all_s:.1%}", f"{part.operations:,}", *bound)
            table.add_row(*row)
    table.add_row("idle", f"{one.idle_s:.3f}", f"{one.idle_s / all_s:.1%}", "", "", "")
    bound_s = sum(part.bound_s or 0 for part in one.parts.values())
    table.add_row("all", f"{all_s:.3f}", "", "", f"{bound_s:.3f}", f"{all_s / bound_s:.1f}" if bound_s else "")
    return table


def _make_title(name: str, one: Profile) -> str:
    return f"{name}, {one.path}: {one.wall_s:.3f} s by the clock, {one.threads} threads"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", default="small,block,chain-20", show_default=True, help="Cases, joined by commas.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), help="Proofs; the fastest counts.")
@click.option("--cores", default=2, show_default=True, type=click.IntRange(1, 1024), help="Cores to pin to.")
@click.option("--clock-ghz", type=float, help="The clock, else it is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def main(cases: str, runs: int, cores: int, clock_ghz: float | None, as_json: bool) -> None:
    """Profile proofs by the path that ZKMARGIN_KERNEL names, else the fastest."""
    try:
        chosen = [parse_case(name) for name in cases.split(",")]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--cases") from error
    if sums := [case.name for case in chosen if case.group is not None]:
        raise click.BadParameter(f"{sums[0]} is a sum, not a proof", param_hint="--cases")
    clock_hz = clock_ghz * 1e9 if clock_ghz else measure_clock_hz()
    pinned = pin(cores)
    machine = describe_machine(pinned) | {"clock_ghz": round(clock_hz / 1e9, 3)}
    found = {case.name: profile(case, runs, len(pinned), clock_hz) for case in chosen}
    if as_json:
        profiles = {name: one.to_json() for name, one in found.items()}
        click.echo(json.dumps({"machine": machine, "profiles": profiles}, indent=2))
        return
    console = Console(width=110, highlight=False)
    console.print(", ".join(f"{what}: {value}" for what, value in machine.items()))
    for name, one in found.items():
        console.print(make_table(name, one))


if __name__ == "__main__":
    main()

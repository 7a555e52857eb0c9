"""`python -m benchmarks.prover`: our prover, gnark, arkworks and snarkjs on the same constraint systems, in turn."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks.prover.cases import DEFAULT_CASES, parse_case
from benchmarks.prover.contestants import ROOT, list_contestants
from benchmarks.prover.report import list_left_out, make_ratio_table, make_table, to_json
from benchmarks.prover.rounds import CaseResult, run_case

_THREADS = ("GOMAXPROCS", "RAYON_NUM_THREADS")
_COLUMNS = 140


def pin(cores: int) -> list[int]:
    """Pin this process and its children to the first cores it may use, threads of Go and Rust as many; return them."""
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    os.sched_setaffinity(0, chosen)
    os.environ.update(dict.fromkeys(_THREADS, str(len(chosen))))
    return chosen


def describe_machine(chosen: list[int]) -> dict[str, object]:
    """Return what the figures depend on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "avx512_ifma": "avx512ifma" in info,
        "pinned_cores": chosen,
        "system": platform.platform(),
        "load_average": os.getloadavg()[0],
        "date": datetime.now(UTC).date().isoformat(),
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", default=",".join(DEFAULT_CASES), show_default=True, help="Cases, joined by commas.")
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 100), help="Rounds of each case.")
@click.option("--cores", default=2, show_default=True, type=click.IntRange(1, 1024), help="Cores to pin all to.")
@click.option("--without", default="", help="Contestants to leave out, joined by commas, by the start of their names.")
@click.option(
    "--also",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Results of an earlier run on this machine (--json), shown with these.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw the medians into a file: SVG, PNG or PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def main(
    cases: str, runs: int, cores: int, without: str, also: tuple[Path, ...], plot: Path | None, as_json: bool
) -> None:
    """Prove the same constraint systems by each, in alternating runs, every proof verified."""
    try:
        chosen = [parse_case(name) for name in cases.split(",") if name]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--cases") from error
    machine = describe_machine(pin(cores))
    work = ROOT / ".cache" / "prover-bench"
    work.mkdir(parents=True, exist_ok=True)
    progress = Console(stderr=True, highlight=False)
    results = _read_results(also, machine)
    skipped = [name for name in without.split(",") if name]
    for case in chosen:
        progress.print(f"{case.name}: building who is not built yet")
        line = list_contestants(case, skipped)
        results[case.name] = run_case(case, line, runs, work, progress.print)
    if plot is not None:
        from benchmarks.prover.plot import plot_results  # here: a child's peak memory starts at its parent's

        plot_results(results, f"{machine['processor']}, pinned to {cores} cores", plot)
    if as_json:
        click.echo(json.dumps(to_json(results, machine), indent=2))
        return
    console = Console(width=_COLUMNS, highlight=False)
    console.print(", ".join(f"{what}: {value}" for what, value in machine.items()))
    console.print(make_table(results), make_ratio_table(results), *list_left_out(results), sep="\n")


def _read_results(paths: tuple[Path, ...], machine: Mapping[str, object]) -> dict[str, CaseResult]:
    """Return the cases of earlier runs. Raises BadParameter for another machine's."""
    results: dict[str, CaseResult] = {}
    for path in paths:
        found = json.loads(path.read_bytes())
        if (other := found["machine"]["processor"]) != machine["processor"]:
            message = f"{path}: measured on {other}, this is {machine['processor']}"
            raise click.BadParameter(message, param_hint="--also")
        results |= {case: CaseResult.from_json(facts) for case, facts in found["cases"].items()}
    return results


if __name__ == "__main__":
    main()

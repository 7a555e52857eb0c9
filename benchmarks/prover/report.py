"""The results as tables, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from benchmarks.prover.rounds import CaseResult, compute_ratios

__all__ = ["list_left_out", "make_ratio_table", "make_table", "to_json"]

Results = Mapping[str, CaseResult]


def make_table(results: Results) -> Table:
    """Return a line for each contestant of each case, the fastest first."""
    table = Table(
        "case",
        "who",
        "median, s",
        "fastest, s",
        "median, CPU s",
        "runs",
        "setup, s",
        "peak of setup, MB",
        "peak of proofs, MB",
    )
    for case, result in results.items():
        for who, median_s in sorted(result.medians_s.items(), key=lambda item: item[1]):
            runs = result.runs_s[who]
            setup_s = format(result.setup_s[who], ".1f") if who in result.setup_s else ""
            peaks = (_format_mb(result.setup_peak_bytes.get(who)), _format_mb(result.peak_bytes.get(who)))
            seconds = (f"{median_s:.3f}", f"{min(runs):.3f}", f"{result.medians_cpu_s[who]:.2f}")
            table.add_row(case, who, *seconds, str(len(runs)), setup_s, *peaks)
    return table


def list_left_out(results: Results) -> list[str]:
    """Return a line for each contestant that a case went without, with the reason."""
    return [
        f"{case}: {who} left out: {why}" for case, result in results.items() for who, why in result.left_out.items()
    ]


def make_ratio_table(results: Results) -> Table:
    """Return ours over each peer's, by case."""
    table = Table("case", "ratio of medians", "times the peer's")
    for case, result in results.items():
        for pair, ratio in compute_ratios(result.medians_s).items():
            table.add_row(case, pair, f"{ratio:.3f}")
    return table


def _format_mb(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 1e6:,.0f}"


def to_json(results: Results, machine: Mapping[str, object]) -> dict[str, object]:
    """Return the machine, `medians_s` and `ratios` by case, and everything behind them."""
    cases = {case: result.to_json() for case, result in results.items()}
    return {
        "machine": dict(machine),
        "medians_s": {case: facts["medians_s"] for case, facts in cases.items()},
        "ratios": {case: facts["ratios"] for case, facts in cases.items()},
        "cases": cases,
    }

"""All figures of docs/benchmarks.md in one run: `python -m benchmarks [--json]`; a few minutes on two cores."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import hashes, verification
from circuits.batch import (
    build_batch_circuit,
    cash_lane_template,
    fund_lane_template,
    quote_lane_template,
    rescue_lane_template,
    tick_template,
    trade_lane_template,
)
from rollup.shapes import BLOCK, SMALL
from sequencer.stats import count_gadgets

# what the issue asked for, by row; and what others publish or what was counted elsewhere
CEILINGS = {
    "eddsa_verify": (3_400, "circomlib 4,217"),
    "poseidon2": (240, "circomlib 240"),
    "poseidon8": (402, "circomlib 402"),
    "poseidon16": (609, "circomlib 609"),
    "Tick": (60_000, ""),
    "TradeLane(1), one order": (17_500, "Loopring about 65,000 an order, Hermez 59,450 a transfer"),
    "TradeLane(16), an order": (8_700, ""),
    "QuoteLane(16), an order": (6_000, ""),
    "CashLane": (14_000, ""),
    "RescueLane": (12_500, ""),
    "FundLane": (11_000, ""),
}


def count_constraints() -> dict[str, int]:
    """Return constraint counts by row of the table."""
    gadgets = count_gadgets()
    lanes = {
        "Tick": tick_template().n_rows,
        "TradeLane(1), one order": trade_lane_template(1).n_rows,
        "TradeLane(16), an order": trade_lane_template(16).n_rows // 16,
        "QuoteLane(16), an order": quote_lane_template(16).n_rows // 16,
        "CashLane": cash_lane_template().n_rows,
        "RescueLane": rescue_lane_template().n_rows,
        "FundLane": fund_lane_template().n_rows,
    }
    shapes = {f"shape {shape.name}": build_batch_circuit(shape).n_constraints for shape in (SMALL, BLOCK)}
    return {name: gadgets[name] for name in CEILINGS if name in gadgets} | lanes | shapes


def measure_proving(shape: str, n_proofs: int) -> dict[str, float]:
    """Return the figures of one shape, measured in a process of its own so that peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.proving", shape, str(n_proofs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--shape",
    "shape_names",
    multiple=True,
    default=("small", "block"),
    show_default=True,
    type=click.Choice(("tiny", "small", "block")),
    help="What is proved; again for another.",
)
@click.option(
    "--runs", default=3, show_default=True, type=click.IntRange(1, 100), help="Proofs, and verifications by py-ecc."
)
@click.option("--keys", type=click.Path(path_type=Path), help="Keeps the key of the verification's proof.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def main(shape_names: tuple[str, ...], runs: int, keys: Path | None, as_json: bool) -> None:
    """Measure constraints, templates, witness, proof, hashes; compare with peers."""
    progress = Console(stderr=True)
    figures: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
    }
    figures["constraints"] = count_constraints()
    shapes = {}
    for shape in shape_names:
        progress.print(f"{shape}: templates, setup, witness, proofs: {runs}")
        shapes[shape] = measure_proving(shape, runs)
    progress.print("hashes and signatures")
    micros = hashes.measure()
    progress.print("verification")
    millis = verification.measure(runs, keys)
    figures |= {"shapes": shapes, "microseconds": micros, "verification_ms": millis}
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(*make_tables(figures), sep="\n")


def make_tables(figures: Mapping[str, Any]) -> list[Table]:
    """Return tables 1 to 4 of docs/benchmarks.md."""
    return [
        _constraint_table(figures["constraints"]),
        _proving_table(figures["shapes"]),
        _hash_table(figures["microseconds"]),
        _verification_table(figures["verification_ms"]),
    ]


def _constraint_table(constraints: dict[str, int]) -> Table:
    table = Table("constraints", "measured", "at most", "for comparison")
    for name, n in constraints.items():
        ceiling, others = CEILINGS.get(name, (None, ""))
        table.add_row(name, f"{n:,}", f"{ceiling:,}" if ceiling else "", others)
    return table


def _proving_table(shapes: dict[str, dict[str, float]]) -> Table:
    table = Table("stage", *shapes)
    rows: list[tuple[str, str, float, str]] = [
        ("constraints", "constraints", 1, ","),
        ("orders, all filled", "orders", 1, ","),
        ("domain, log2", "domain_log2", 1, ""),
    ]
    rows += [(f"{stage}, s", f"{stage}_s", 1, ".2f") for stage in ("build", "setup", "witness", "prove")]
    rows += [("verify, ms", "verify_s", 1e-3, ".1f")]
    rows += [
        (f"{what}, MB", f"{name}_bytes", 1e6, ".0f")
        for what, name in (("key", "key"), ("peak building", "build_peak"), ("peak", "peak"))
    ]
    for label, key, unit, form in rows:
        table.add_row(
            label, *(format(figures[key] / unit if unit != 1 else figures[key], form) for figures in shapes.values())
        )
    table.add_row("proving, ms an order", *(f"{1e3 * f['prove_s'] / f['orders']:.0f}" for f in shapes.values()))
    return table


def _hash_table(micros: dict[str, dict[str, float]]) -> Table:
    who = list(next(iter(micros.values())))
    table = Table("microseconds a call", *who, "kernel, times faster than circomlibjs")
    for op, by in micros.items():
        ratio = f"{by['circomlibjs'] / by['kernel']:.1f}" if "circomlibjs" in by else "not installed"
        table.add_row(op, *(f"{by[name]:.1f}" for name in who), ratio)
    return table


def _verification_table(millis: dict[str, float]) -> Table:
    table = Table("verifier", "milliseconds a proof", "times the kernel's")
    for who, milliseconds in millis.items():
        table.add_row(who, f"{milliseconds:.1f}", f"{milliseconds / millis['kernel']:.0f}")
    return table


if __name__ == "__main__":
    main()

"""`zkmargin demo`: the whole way of real trades, in one command."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from sequencer.cli.compare import make_compare_table
from sequencer.cli.demo_tables import make_account_table, make_cash_table, make_liquidation_table
from sequencer.cli.options import (
    base_layer_option,
    key_file_option,
    keys_option,
    open_layer,
    resolve_keys_dir,
    shape_option,
)
from sequencer.cli.output import json_option, make_console, print_json, show_stage
from sequencer.cli.replay import make_batch_table, summarise
from sequencer.cli.settle import make_settle_table, spell_settled, summarise_settled
from sequencer.cli.status import EXIT_NOT_VALID
from sequencer.cli.verify import make_check_table

if TYPE_CHECKING:
    from sequencer.checking import CheckedRun
    from sequencer.comparing import Comparison
    from sequencer.manifest import Manifest
    from sequencer.proofs import ProvingRecord
    from sequencer.replay import Replay
    from sequencer.settlement.settling import SettledRun
    from verifier.base_layer import BaseLayer

__all__ = ["demo"]

_TAPE: Final = Path(__file__).parents[2] / "examples" / "avax-2025-10-10.csv.gz"
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # rich's fonts from the web: any monospace will do


@click.command()
@keys_option
@shape_option
@click.option("--batches", default=6, show_default=True, help="Slices of the tape, equally many trades each.")
@click.option("--accounts", default=10, show_default=True, help="Traders and market makers together.")
@click.option("--tape", type=click.Path(path_type=Path), default=_TAPE, metavar="FILE", help="Another trade tape.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the run's files there.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Also draw the tables into an SVG file.")
@base_layer_option
@key_file_option
@json_option
def demo(
    keys_dir: Path | None,
    shape_name: str,
    batches: int,
    accounts: int,
    tape: Path,
    out: Path | None,
    svg: Path | None,
    base_layer: str,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Take real trades through deposits, auction, liquidations, proof, settlement with a blob, and withdrawal.

    Replays an extract of the AVAX tape of 10 October 2025 in a few batches, proves each, verifies the proofs in three
    ways, settles them by the Rollup contract on a base layer, and holds the result against direct settlement. On a node
    the tape ends when that chain is now.

    Example: zkmargin demo
    """
    from sequencer.base_layers import EMBEDDED

    started_s = time.monotonic()
    layer = open_layer(base_layer, key_file)
    ends_at_s = None if base_layer == EMBEDDED else layer.get_head().timestamp_s
    with nullcontext(out) if out else tempfile.TemporaryDirectory(prefix="zkmargin-demo-") as folder:
        run = _run(tape, Path(folder), resolve_keys_dir(keys_dir), shape_name, batches, accounts, layer, ends_at_s)
    manifest, _, record, checked, settled, comparison = run
    is_good = checked.is_valid and comparison.is_equal and not settled.reason
    seconds = round(time.monotonic() - started_s, 1)
    if as_json:
        proofs = {"constraints": record.proofs[0].constraints, "key": record.key, "proofs": len(record.proofs)}
        verdict = {"valid": checked.is_valid, "equal": comparison.is_equal, "seconds": seconds}
        print_json({**summarise(manifest), **proofs, **verdict, "settlement": summarise_settled(settled)})
    else:
        _print_run(*run, seconds=seconds, svg=svg)
    return 0 if is_good else EXIT_NOT_VALID


def _run(
    tape: Path,
    folder: Path,
    keys_dir: Path,
    shape_name: str,
    n_batches: int,
    n_accounts: int,
    layer: BaseLayer,
    ends_at_s: int | None,
) -> tuple[Manifest, Replay, ProvingRecord, CheckedRun, SettledRun, Comparison]:
    from prover import kernel
    from prover.circuit import load_batch
    from rollup.shapes import get_shape
    from sequencer.batches import select_batches
    from sequencer.checking import check_run
    from sequencer.comparing import compare_run
    from sequencer.exit_proofs import ExitProver
    from sequencer.keys import load_or_make_key
    from sequencer.proving import prove_batches
    from sequencer.replay import ReplayOptions, replay_tape
    from sequencer.settlement.opening import open_settler
    from sequencer.settlement.record import write_settlement
    from sequencer.settlement.run_files import read_run
    from sequencer.settlement.settling import settle_all

    kernel.install()
    shape = get_shape(shape_name)
    options = ReplayOptions(shape, n_batches, n_accounts, chain_id=layer.chain_id, ends_at_s=ends_at_s)
    with show_stage(f"1/6 replay of {tape.name}") as stage:
        manifest, replay = replay_tape(tape, folder, options, stage.report)
    with show_stage(f"2/6 circuit and key of shape {shape.name}") as stage:
        load_or_make_key(keys_dir, shape, load_batch(shape).circuit, stage.report)
    with show_stage(f"3/6 proofs of {len(manifest.batches)} batches") as stage:
        record, _ = prove_batches(select_batches(folder), folder, keys_dir, stage.report)
    with show_stage("4/6 verification by kernel, py-ecc and EVM") as stage:
        checked = check_run(folder, stage.report)
    with show_stage("5/6 settlement by the Rollup contract") as stage:
        prover = ExitProver(keys_dir, stage.report)
        settled = settle_all(open_settler(read_run(folder), layer, prover), stage.report)
        write_settlement(folder, settled)
    with show_stage("6/6 comparison with direct settlement") as stage:
        comparison = compare_run(folder, stage.report, checked)
    return manifest, replay, record, checked, settled, comparison


def _print_run(
    manifest: Manifest,
    replay: Replay,
    record: ProvingRecord,
    checked: CheckedRun,
    settled: SettledRun,
    comparison: Comparison,
    *,
    seconds: float,
    svg: Path | None,
) -> None:
    console = make_console(is_recorded=svg is not None)
    tables = (
        make_batch_table(manifest),
        make_liquidation_table(replay),
        make_cash_table(replay),
        make_account_table(replay),
        make_check_table(checked),
        make_settle_table(settled),
        make_compare_table(comparison),
    )
    for table in tables:
        console.print(table, "")
    verdict = "valid" if checked.is_valid else f"NOT VALID: {checked.reason}"
    equal = "equal" if comparison.is_equal else f"NOT EQUAL: {comparison.reason}"
    fills = sum(batch.fills for batch in manifest.batches)
    gas = sum(group.settle.gas for group in settled.groups)
    console.print(f"Proofs {verdict}; balances {equal} to direct settlement. {fills} fills, {gas:,} gas, {seconds} s.")
    console.print(spell_settled(settled))
    if svg is not None:
        from sequencer.files import write_atomically

        picture = _FONT_FACE.sub("", console.export_svg(title="zkmargin demo"))
        write_atomically(svg, picture.encode())

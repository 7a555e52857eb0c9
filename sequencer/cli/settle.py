"""`zkmargin settle`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from sequencer.cli.options import base_layer_option, key_file_option, keys_option, open_layer, resolve_keys_dir
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.settle_exits import make_exit_table, spell_departure, summarise_departure
from sequencer.cli.status import EXIT_NOT_VALID
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from sequencer.settlement.leaving import Departure
    from sequencer.settlement.settling import SettledRun

__all__ = ["make_settle_table", "settle", "spell_settled", "summarise_settled"]

_E6_PER_USD = 10**6


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@keys_option
@click.option("--freeze", is_flag=True, help="Then let the sequencer fall silent: freeze, and everybody exits.")
@base_layer_option
@key_file_option
@json_option
def settle(
    folder: Path, keys_dir: Path | None, freeze: bool, base_layer: str, key_file: Path | None, as_json: bool
) -> int:
    """Settle a proved run by the Rollup contract, deployed for it: deposits, groups with their blobs, withdrawals.

    Every deposit and forced request is sent by its owner, whose key follows from the run's seed; each group is
    committed with its blob and proved in one transaction; every payment is claimed. Exit status 0 where the contract
    then stands at the run's last state root and holds just what it owes, else 1. What it cost
    is kept as settlement.json.

    With --freeze, on the embedded EVM, days then pass in which nobody serves the queue: anyone freezes the rollup, a
    deposit goes back, every account registers an exit by a proof and is paid its share of what the vault has.

    Example: zkmargin settle run --freeze
    """
    from prover import kernel
    from sequencer.base_layers import is_embedded
    from sequencer.exit_proofs import ExitProver
    from sequencer.settlement.leaving import leave
    from sequencer.settlement.opening import open_settler
    from sequencer.settlement.record import write_settlement
    from sequencer.settlement.run_files import read_run
    from sequencer.settlement.settling import settle_all

    if freeze and not is_embedded(base_layer):
        raise OptionInvalid("--freeze", base_layer, "the embedded EVM: days pass, and only its clock can be moved")
    kernel.install()
    layer = open_layer(base_layer, key_file)
    with show_stage("settle") as stage:
        prover = ExitProver(resolve_keys_dir(keys_dir), stage.report)
        settler = open_settler(read_run(folder), layer, prover)
        settled = settle_all(settler, stage.report)
        write_settlement(folder, settled)
    departure = None
    if freeze:
        with show_stage("freeze and exit") as stage:
            departure = leave(settler, prover, stage.report)
    _print(settled, departure, as_json)
    return EXIT_NOT_VALID if settled.reason or (departure and departure.reason) else 0


def _print(settled: SettledRun, departure: Departure | None, as_json: bool) -> None:
    if as_json:
        print_json(summarise_settled(settled) | ({"exit": summarise_departure(departure)} if departure else {}))
        return
    print_tables(make_settle_table(settled), *([make_exit_table(departure)] if departure else []))
    click.echo(spell_settled(settled))
    if departure:
        click.echo(spell_departure(departure))


def make_settle_table(settled: SettledRun) -> Table:
    """Return one row a group."""
    columns = (
        *("group", "batches", "orders", "gas to settle", "an order", "blob gas", "entries", "gas each"),
        *("payments", "USD", "gas each"),
    )
    rows = [
        (
            *(group.group, group.batches, group.orders, group.settle.gas, _share(group.settle.gas, group.orders)),
            *(group.blob_gas, group.entries, _share(group.queue.gas, group.entries)),
            *(group.payments, f"{group.paid_e6 / _E6_PER_USD:,.2f}", _share(group.claims.gas, group.payments)),
        )
        for group in settled.groups
    ]
    return make_table("Settled by the Rollup contract", columns, rows)


def spell_settled(settled: SettledRun) -> str:
    """Return in words where the contract stands."""
    if settled.reason:
        return f"not settled: {settled.reason}"
    vault = f"{settled.vault_e6 / _E6_PER_USD:,.2f}"
    return f"settled: contract 0x{settled.contract.hex()} stands at root {settled.state_root:#x} and holds {vault} USD"


def summarise_settled(settled: SettledRun) -> dict[str, object]:
    """Return what --json prints; what may exceed 2**53 as decimal strings."""
    why = {"reason": settled.reason} if settled.reason else {}
    return {
        "settled": not settled.reason,
        **why,
        "contract": f"0x{settled.contract.hex()}",
        "state_root": str(settled.state_root),
        "vault_e6": str(settled.vault_e6),
        "gas": sum(group.settle.gas for group in settled.groups),
        "blob_gas": sum(group.blob_gas for group in settled.groups),
        "groups": [asdict(group) for group in settled.groups],
    }


def _share(gas: int, count: int) -> int | str:
    return round(gas / count) if count else "-"

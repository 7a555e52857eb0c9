"""`zkmargin setup`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from sequencer.cli.options import CIRCUIT_HELP, keys_option, resolve_keys_dir
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage

__all__ = ["setup"]


@click.command()
@click.option("--shape", "shape_name", default="small", show_default=True, help=CIRCUIT_HELP)
@keys_option
@json_option
def setup(shape_name: str, keys_dir: Path | None, as_json: bool) -> None:
    """Make the proving key of a shape of batches or of the exit circuit, for development, unless it is cached.

    Whoever runs this could keep the secrets it draws and forge proofs: the key is for development and says so.

    Example: zkmargin setup --shape small
    """
    from sequencer.keys import load_or_make_key
    from sequencer.named_circuits import load_circuit

    with show_stage(f"setup of shape {shape_name}") as stage:
        named = load_circuit(shape_name)
        circuit = named.circuit
        loaded = load_or_make_key(resolve_keys_dir(keys_dir), named.assembly, circuit, stage.report)
    facts = {
        "shape": shape_name,
        "constraints": circuit.n_constraints,
        "domain_log2": circuit.domain_log2,
        "circuit_digest": circuit.digest.hex(),
        "key": "development" if loaded.key.is_development else "ceremony",
        "key_file": str(loaded.path),
        "key_bytes": loaded.path.stat().st_size,
        "new": loaded.is_new,
    }
    if as_json:
        print_json(facts)
    else:
        print_tables(make_table("Proving key", ("what", "value"), list(facts.items())))

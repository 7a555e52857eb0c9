"""`zkmargin key export` and `zkmargin key import`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from sequencer.cli.options import CIRCUIT_HELP, out_file_option
from sequencer.cli.output import format_figure, json_option, print_json, show_stage

__all__ = ["key"]

_FILE = click.Path(path_type=Path)
circuit_option = click.option("--circuit", "circuit_name", default="small", show_default=True, help=CIRCUIT_HELP)


@click.group()
def key() -> None:
    """Convert proving keys from and to snarkjs's .zkey.

    Example: zkmargin key export exit.key --circuit exit --out exit.zkey
    """


@key.command()
@click.argument("key_file", type=_FILE, metavar="KEY")
@circuit_option
@out_file_option
@json_option
def export(key_file: Path, circuit_name: str, out: Path, as_json: bool) -> None:
    """Write a key as .zkey: snarkjs and others prove with it.

    Contributions of a ceremony do not go into the file: keep the key.

    Example: zkmargin key export exit.key --circuit exit --out exit.zkey
    """
    from sequencer.converting import export_key
    from sequencer.named_circuits import load_circuit

    with show_stage(f"key export, circuit {circuit_name}") as stage:
        circuit = load_circuit(circuit_name).circuit
        exported = export_key(key_file, circuit, out, stage.report)
    _print(
        {
            "circuit": circuit_name,
            "circuit_digest": circuit.digest.hex(),
            "key": "development" if exported.is_development else "ceremony",
            "zkey_file": str(out),
            "zkey_bytes": out.stat().st_size,
        },
        as_json,
    )


@key.command(name="import")
@click.argument("zkey_file", type=_FILE, metavar="ZKEY")
@circuit_option
@out_file_option
@json_option
def import_(zkey_file: Path, circuit_name: str, out: Path, as_json: bool) -> None:
    """Make a key of a circuit from its .zkey. Every point is checked; who made the key is not: it is for development.

    Example: zkmargin key import exit.zkey --circuit exit --out exit.key
    """
    from sequencer.converting import import_key
    from sequencer.named_circuits import load_circuit

    with show_stage(f"key import, circuit {circuit_name}") as stage:
        circuit = load_circuit(circuit_name).circuit
        import_key(zkey_file, circuit, out, stage.report)
    _print(
        {
            "circuit": circuit_name,
            "circuit_digest": circuit.digest.hex(),
            "key": "development",
            "key_file": str(out),
            "key_bytes": out.stat().st_size,
        },
        as_json,
    )


def _print(facts: dict[str, object], as_json: bool) -> None:
    """Print facts: as lines, since a table would cut digests off."""
    if as_json:
        print_json(facts)
        return
    for what, value in facts.items():
        click.echo(f"{what}: {format_figure(value)}")

"""`zkmargin ceremony new`, `contribute`, `beacon` and `verify`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.options import CIRCUIT_HELP, out_file_option
from sequencer.cli.output import format_figure, json_option, print_json, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from sequencer.ceremony import Contribution

__all__ = ["ceremony"]

_FILE = click.Path(path_type=Path)
circuit_option = click.option("--circuit", "circuit_name", default="small", show_default=True, help=CIRCUIT_HELP)
powers_option = click.option(
    "--powers", "powers_file", type=_FILE, required=True, metavar="FILE", help="Powers of tau, a .ptau file."
)
key_argument = click.argument("key_file", type=_FILE, metavar="KEY")
name_option = click.option("--name", required=True, metavar="TEXT", help="Who contributes: 1 to 128 bytes, public.")


@click.group()
def ceremony() -> None:
    """Make a proving key by many parties: one of them honest is enough.

    Example: zkmargin ceremony new --circuit exit --powers powers.ptau --out exit-0.key
    """


@ceremony.command()
@circuit_option
@powers_option
@out_file_option
@json_option
def new(circuit_name: str, powers_file: Path, out: Path, as_json: bool) -> None:
    """Make the first key of a circuit from powers of tau. Until somebody contributes, anybody can forge under it.

    Example: zkmargin ceremony new --circuit exit --powers powers.ptau --out exit-0.key
    """
    from sequencer.ceremony import start_ceremony
    from sequencer.named_circuits import load_circuit

    with show_stage(f"ceremony new, circuit {circuit_name}") as stage:
        circuit = load_circuit(circuit_name).circuit
        started = start_ceremony(circuit, powers_file, out, stage.report)
    facts = {
        "circuit": circuit_name,
        "constraints": circuit.n_constraints,
        "domain_log2": circuit.domain_log2,
        "circuit_digest": circuit.digest.hex(),
        "powers_blake2b": started.powers.digest.hex(),
        "powers_prepared": started.powers.is_prepared,
        "key_file": str(out),
        "key_bytes": out.stat().st_size,
        "start": started.start,
    }
    _print(facts, as_json)


@ceremony.command()
@key_argument
@out_file_option
@name_option
@click.option("--ask-text", is_flag=True, help="Also ask for text typed at random, mixed into the randomness.")
@json_option
def contribute(key_file: Path, out: Path, name: str, ask_text: bool, as_json: bool) -> None:
    """Multiply a key's delta by a factor that is drawn here and forgotten.

    Publish the link that is printed: by it anyone can see that your contribution is in the last key.

    Example: zkmargin ceremony contribute exit-0.key --out exit-1.key --name Ada
    """
    from sequencer.ceremony import add_contribution

    text = click.prompt("text typed at random", hide_input=True, err=True) if ask_text else ""
    with show_stage(f"contribution of {name}") as stage:
        link = add_contribution(key_file, out, name, text.encode(), stage.report)
    _print({"name": name, "key_file": str(out), "link": link}, as_json)


@ceremony.command()
@key_argument
@out_file_option
@click.option("--name", default="beacon", show_default=True, metavar="TEXT", help="What the value is, public.")
@click.option("--value", required=True, metavar="HEX", help="The public value, 1 to 256 bytes, hexadecimal.")
@click.option(
    "--iterations-log2",
    type=click.IntRange(10, 32),
    default=20,
    show_default=True,
    metavar="N",
    help="SHA-256 is iterated 2^N times: 10 to 32.",
)
@json_option
def beacon(key_file: Path, out: Path, name: str, value: str, iterations_log2: int, as_json: bool) -> None:
    """Contribute a public value that nobody could know before the last party was done, such as a block's hash.

    Example: zkmargin ceremony beacon exit-3.key --out exit.key --value 00aa..
    """
    from sequencer.ceremony import add_beacon

    digits = value.removeprefix("0x")
    if not re.fullmatch(r"([0-9a-fA-F]{2}){1,256}", digits, re.ASCII):
        raise click.BadParameter(f"{value[:80]!r} is no hexadecimal of 1 to 256 bytes", param_hint="--value")
    with show_stage(f"beacon {name}") as stage:
        link = add_beacon(key_file, out, name, bytes.fromhex(digits), iterations_log2, stage.report)
    _print({"name": name, "key_file": str(out), "link": link}, as_json)


@ceremony.command()
@key_argument
@circuit_option
@powers_option
@json_option
def verify(key_file: Path, circuit_name: str, powers_file: Path, as_json: bool) -> int:
    """Check that a key is what the circuit, the powers of tau and the contributions it lists make.

    Exit status 0 where it is, else 1.

    Example: zkmargin ceremony verify exit.key --circuit exit --powers powers.ptau
    """
    from sequencer.ceremony import verify_ceremony
    from sequencer.errors import CeremonyInvalid
    from sequencer.named_circuits import load_circuit

    with show_stage("ceremony verify") as stage:
        circuit = load_circuit(circuit_name).circuit
        try:
            verified = verify_ceremony(circuit, powers_file, key_file, stage.report)
        except CeremonyInvalid as error:
            return _print_refusal(error.fact, as_json)
    facts = {
        "valid": True,
        "circuit": circuit_name,
        "circuit_digest": circuit.digest.hex(),
        "key": "development" if verified.is_development else "ceremony",
        "powers_blake2b": verified.powers.digest.hex(),
    }
    entries = [_spell(entry) for entry in verified.contributions]
    if as_json:
        print_json(facts | {"contributions": entries})
        return 0
    _print(facts, as_json)
    for position, entry in enumerate(entries, 1):
        source = f", beacon {entry['beacon']}, 2^{entry['iterations_log2']} iterations" if entry["beacon"] else ""
        click.echo(f"{position}. {entry['name']}{source}: {entry['link']}")
    click.echo("valid")
    return 0


def _spell(entry: Contribution) -> dict[str, object]:
    beacon = None if entry.beacon is None else entry.beacon.hex()
    return {"name": entry.name, "beacon": beacon, "iterations_log2": entry.iterations_log2, "link": entry.link}


def _print_refusal(reason: str, as_json: bool) -> int:
    if as_json:
        print_json({"valid": False, "reason": reason})
    else:
        click.echo(f"not valid: {reason}")
    return EXIT_NOT_VALID


def _print(facts: dict[str, object], as_json: bool) -> None:
    """Print facts: as lines, since a table would cut digests of 128 digits off."""
    if as_json:
        print_json(facts)
        return
    for what, value in facts.items():
        click.echo(f"{what}: {format_figure(value)}")

"""`ceremony`: four commands from powers of tau to a key that the exit is proved under; what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover import kernel
from prover.circuit import load_exit
from sequencer.ceremony import add_contribution, start_ceremony, verify_ceremony
from sequencer.cli.main import run_cli
from sequencer.errors import CeremonyInvalid, FileMissing, OptionInvalid, PowersUnusable
from sequencer.keys import get_key_path
from sequencer.progress import ignore_progress
from sequencer.snapshots import SNAPSHOT
from tests.cli.helpers import assert_refused, flip_bit, run_json, truncate
from tests.prover.tiny import build_cubic_circuit

Capsys = pytest.CaptureFixture[str]
NAMES = ("Ada", "Bob", "Cy")
EXIT = ("--circuit", "exit", "--powers")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with powers.ptau and the exit circuit's keys 0.key to 4.key, by the command line."""
    folder = tmp_path_factory.mktemp("held")
    powers = folder / "powers.ptau"
    kernel.make_development_powers(powers, load_exit().circuit.domain_log2 + 1, prepared=True)
    keys = [str(folder / f"{step}.key") for step in range(5)]
    assert run_cli(["ceremony", "new", *EXIT, str(powers), "--out", keys[0]]) == 0
    for step, name in enumerate(NAMES):
        assert run_cli(["ceremony", "contribute", keys[step], "--out", keys[step + 1], "--name", name]) == 0
    beacon = ["--value", "0x00aa", "--iterations-log2", "12"]
    assert run_cli(["ceremony", "beacon", keys[3], "--out", keys[4], *beacon]) == 0
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with powers.ptau and the first key of a small circuit."""
    folder = tmp_path_factory.mktemp("small")
    kernel.make_development_powers(folder / "powers.ptau", 5)
    start_ceremony(build_cubic_circuit(3), folder / "powers.ptau", folder / "0.key", ignore_progress)
    return folder


def test_verify_lists_the_contributions(held: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "ceremony", "verify", held / "4.key", *EXIT, held / "powers.ptau")
    assert (found["valid"], found["key"]) == (True, "ceremony")
    entries = [(entry["name"], entry["beacon"], entry["iterations_log2"]) for entry in found["contributions"]]
    assert entries == [*((name, None, None) for name in NAMES), ("beacon", "00aa", 12)]
    assert run_cli(["ceremony", "verify", str(held / "4.key"), *EXIT, str(held / "powers.ptau")]) == 0
    said = capsys.readouterr().out
    assert all(f"{entry['name']}" in said and entry["link"] in said for entry in found["contributions"])


def test_verify_of_a_first_key_says_development(held: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "ceremony", "verify", held / "0.key", *EXIT, held / "powers.ptau")
    assert (found["valid"], found["key"], found["contributions"]) == (True, "development", [])


def test_exit_is_proved_under_the_key(held: Path, proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    circuit = load_exit()
    path = get_key_path(tmp_path / "keys", circuit.assembly, circuit.circuit)
    path.parent.mkdir()
    path.write_bytes((held / "4.key").read_bytes())
    options = ("--account", "2", "--out", tmp_path / "exit", "--keys", path.parent)
    found = run_json(capsys, "exit", "prove", proved_run / SNAPSHOT, *options)
    assert (found["key"], found["new_key"]) == ("ceremony", False)
    assert run_json(capsys, "exit", "verify", tmp_path / "exit")["valid"] is True


def test_contribution_prints_the_link_that_verify_lists(small: Path, tmp_path: Path, capsys: Capsys) -> None:
    said = run_json(capsys, "ceremony", "contribute", small / "0.key", "--out", tmp_path / "1.key", "--name", "Ada")
    verified = verify_ceremony(build_cubic_circuit(3), small / "powers.ptau", tmp_path / "1.key", ignore_progress)
    assert [entry.link for entry in verified.contributions] == [said["link"]]
    assert (tmp_path / "1.key").stat().st_mode & 0o077 == 0


def test_verify_of_a_dropped_contribution_is_no(held: Path, tmp_path: Path, capsys: Capsys) -> None:
    powers = held / "powers.ptau"
    (tmp_path / "bad.key").write_bytes((held / "4.key").read_bytes())
    truncate(tmp_path / "bad.key")
    found = run_json(capsys, "ceremony", "verify", tmp_path / "bad.key", *EXIT, powers, status=1)
    assert found["valid"] is False
    assert "truncated" in found["reason"]
    (tmp_path / "bad.key").write_bytes((held / "4.key").read_bytes())
    flip_bit(tmp_path / "bad.key", 100_000)
    assert run_cli(["ceremony", "verify", str(tmp_path / "bad.key"), *EXIT, str(powers)]) == 1
    assert "not valid: the checksum" in capsys.readouterr().out


def test_invalid_powers(small: Path, tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "0.key"
    assert_refused(capsys, "no such file", "ceremony", "new", *EXIT, tmp_path / "absent", "--out", out)
    assert_refused(capsys, "twice the circuit", "ceremony", "new", *EXIT, small / "powers.ptau", "--out", out)
    (tmp_path / "p.ptau").write_bytes(b"zkey" + (small / "powers.ptau").read_bytes()[4:])
    assert_refused(capsys, "not powers of tau", "ceremony", "new", *EXIT, tmp_path / "p.ptau", "--out", out)
    with pytest.raises(PowersUnusable):
        start_ceremony(build_cubic_circuit(3), tmp_path / "p.ptau", out, ignore_progress)
    assert not out.exists()


def test_invalid_source_or_target(small: Path, tmp_path: Path, capsys: Capsys) -> None:
    name, first = ("--name", "Ada"), small / "0.key"
    taken = ("ceremony", "contribute", first, "--out", first, *name)
    assert_refused(capsys, "a file that is not there yet", *taken)
    assert_refused(
        capsys, "no such file", "ceremony", "contribute", tmp_path / "no", "--out", tmp_path / "1.key", *name
    )
    with pytest.raises(OptionInvalid):
        add_contribution(first, first, "Ada", b"", ignore_progress)
    with pytest.raises(FileMissing):
        add_contribution(tmp_path / "no", tmp_path / "1.key", "Ada", b"", ignore_progress)
    kernel.setup(build_cubic_circuit(3), tmp_path / "setup.key")
    with pytest.raises(CeremonyInvalid, match="no ceremony made this key"):
        add_contribution(tmp_path / "setup.key", tmp_path / "1.key", "Ada", b"", ignore_progress)
    assert not (tmp_path / "1.key").exists()


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (("--value", "xyz"), "no hexadecimal"),
        (("--value", "0x"), "no hexadecimal"),
        (("--value", "00" * 257), "no hexadecimal"),
        (("--value", "00", "--iterations-log2", "9"), "10<=x<=32"),
        (("--value", "00", "--name", ""), "a name of 0 bytes"),
    ],
)
def test_invalid_beacon(small: Path, tmp_path: Path, capsys: Capsys, options: tuple[str, ...], fact: str) -> None:
    assert_refused(capsys, fact, "ceremony", "beacon", small / "0.key", "--out", tmp_path / "b.key", *options)
    assert list(tmp_path.iterdir()) == []


def test_invalid_circuit(small: Path, tmp_path: Path, capsys: Capsys) -> None:
    options = ("--circuit", "huge", "--powers", small / "powers.ptau", "--out", tmp_path / "0.key")
    assert_refused(capsys, "huge", "ceremony", "new", *options)

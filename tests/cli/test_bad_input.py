"""Every command on bad input: status 2, one line that says what and where, nothing half-written. A wrong proof: 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prover.circuit import load_batch
from rollup.codec import decode_trace, encode_trace
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from sequencer import manifest, proofs, tape
from sequencer.keys import get_key_path
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import assert_refused, edit_json, flip_bit, list_files, run_json, truncate

Capsys = pytest.CaptureFixture[str]


# replay, demo, setup


@pytest.mark.parametrize("command", ["replay", "demo"])
@pytest.mark.parametrize("damage", [truncate, lambda path: flip_bit(path, 5000), lambda path: path.write_text("a,b\n")])
def test_invalid_tape(command: str, damage: Callable[[Path], object], tmp_path: Path, capsys: Capsys) -> None:
    source, out = tmp_path / "tape.csv.gz", tmp_path / "out"
    source.write_bytes(EXAMPLE.read_bytes())
    damage(source)
    arguments = ["--tape", source] if command == "demo" else [source]
    assert_refused(capsys, "tape.csv.gz, line ", command, *arguments, "--out", out)
    assert not out.exists()


def test_invalid_replay_of_a_missing_tape(tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "absent: no such file", "replay", "absent", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_invalid_replay_of_an_oversized_tape(tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "MAX_PACKED_BYTES", 1000)
    assert_refused(capsys, "at most 1000 are read", "replay", EXAMPLE, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (["--shape", "huge"], "no shape 'huge'"),
        (["--batches", "0"], "--batches 0"),
        (["--batches", "4901"], "--batches 4901"),
        (["--batches", "many"], "many"),
        (["--accounts", "2"], "--accounts 2"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_invalid_replay_option(options: list[str], fact: str, tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, fact, "replay", EXAMPLE, "--out", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_invalid_replay_onto_a_file(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "out").write_text("kept")
    assert_refused(capsys, "no such folder (a file has its name)", "replay", EXAMPLE, "--out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "kept"


def test_invalid_setup_of_an_unknown_shape(tmp_path: Path, capsys: Capsys) -> None:
    fact = "no shape 'huge'; known: tiny, small, block, exit"
    assert_refused(capsys, fact, "setup", "--shape", "huge", "--keys", tmp_path / "keys")
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("damage", [truncate, lambda path: flip_bit(path, -1), lambda path: flip_bit(path, 0)])
def test_invalid_cached_key(
    damage: Callable[[Path], object], proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys
) -> None:
    source = get_key_path(keys_dir, TINY, load_batch(TINY).circuit)
    copy = tmp_path / "keys" / source.name
    copy.parent.mkdir()
    copy.write_bytes(source.read_bytes())
    damage(copy)
    out = tmp_path / "proof"
    assert_refused(capsys, source.name, "prove", proved_run, "--out", out, "--keys", copy.parent)
    assert not out.exists()


# prove


def _hold(path: Path, answer: object) -> object:
    """Return the first batch's entry with another answer about the identity."""
    return json.loads(path.read_text())["batches"][0] | {"identity_held": answer}


def _change_version(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8] = 99
    path.write_bytes(bytes(data))


def _change_trace(change: Callable[[BatchTrace], BatchTrace]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(encode_trace(change(decode_trace(path.read_bytes()))))


def _raise_price(trace: BatchTrace) -> BatchTrace:
    return replace(trace, clearing_prices_ticks=(trace.clearing_prices_ticks[0] + 1, *trace.clearing_prices_ticks[1:]))


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (Path.unlink, "no such file"),
        (truncate, "truncated"),
        (lambda path: flip_bit(path, 300), "SHA-256"),
        (_change_version, "format version 99"),
        (lambda path: path.write_bytes(b"PK" + bytes(100)), "expected b'ZKMBATCH'"),
        (lambda path: path.write_bytes(bytes(17 * 2**20)), "bytes"),
        (_change_trace(lambda trace: replace(trace, shape_name="huge")), "shape: got 'huge'"),
        (_change_trace(lambda trace: replace(trace, shape_name="small")), "lanes: got"),
        (_change_trace(lambda trace: replace(trace, cash_lanes=trace.cash_lanes[1:])), "lanes: got"),
        (_change_trace(lambda trace: replace(trace, rescue_lanes=trace.rescue_lanes[1:])), "2 RescueLanes"),
        (_change_trace(_raise_price), "no proof exists"),
    ],
)
def test_invalid_batch_file(
    damage: Callable[[Path], object], fact: str, proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys
) -> None:
    batch, out = proved_run / "batch-0001.zkm", tmp_path / "proof"
    damage(batch)
    assert_refused(capsys, "batch-0001.zkm", "prove", batch, "--out", out, "--keys", keys_dir)
    assert_refused(capsys, fact, "prove", batch, "--out", out, "--keys", keys_dir)
    assert not out.exists()


def test_invalid_prove_keeps_earlier_proofs(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    _change_trace(_raise_price)(proved_run / "batch-0001.zkm")
    before = list_files(proved_run)
    assert_refused(capsys, "sha256", "prove", proved_run, "--out", proved_run, "--keys", keys_dir)
    batch = proved_run / "batch-0001.zkm"
    assert_refused(capsys, "constraint ", "prove", batch, "--out", proved_run, "--keys", keys_dir)
    assert list_files(proved_run) == before


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (Path.unlink, "manifest.json: no such file"),
        (truncate, "manifest.json: file"),
        (lambda path: edit_json(path, version=1), "version: got 1"),
        (lambda path: edit_json(path, format="other"), "format: got 'other'"),
        (lambda path: edit_json(path, batches={}), "batches"),
        (lambda path: edit_json(path, batches=[]), "one shape"),
        (lambda path: edit_json(path, batches=[{"file": "x"}]), "batches[0]"),
        (lambda path: edit_json(path, seed="1"), "seed"),
        (lambda path: edit_json(path, batches=[_hold(path, "yes")]), "identity_held"),
        (lambda path: path.write_text("[" * 100_000), "JSON"),
        (lambda path: path.write_text("[]"), "an object"),
    ],
)
@pytest.mark.parametrize("command", ["prove", "compare"])
def test_invalid_manifest(
    command: str, damage: Callable[[Path], object], fact: str, proved_run: Path, tmp_path: Path, capsys: Capsys
) -> None:
    damage(proved_run / "manifest.json")
    options: list[str | Path] = ["--out", tmp_path / "proof"] if command == "prove" else []
    assert_refused(capsys, fact, command, proved_run, *options)
    assert not (tmp_path / "proof").exists()


@pytest.mark.parametrize("command", ["prove", "compare"])
def test_invalid_manifest_names_a_file_elsewhere(
    command: str, proved_run: Path, tmp_path: Path, capsys: Capsys
) -> None:
    path = proved_run / "manifest.json"
    batches = json.loads(path.read_text())["batches"]
    edit_json(path, batches=[batches[0] | {"file": "../run/batch-0000.zkm"}])
    options: list[str | Path] = ["--out", tmp_path / "proof"] if command == "prove" else []
    assert_refused(capsys, "a name without folders", command, proved_run, *options)


def test_invalid_oversized_manifest(proved_run: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MAX_MANIFEST_BYTES", 10)
    assert_refused(capsys, "at most 10 are read", "compare", proved_run)


# verify: what cannot be read is status 2, what reads and does not hold is status 1


def test_invalid_export_of_a_missing_batch(tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(
        capsys, "absent.zkm: no such file", "circuit", "export", "absent.zkm", "--out", tmp_path / "artefacts"
    )
    assert not (tmp_path / "artefacts").exists()


def test_invalid_export_of_an_unknown_circuit(tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "artefacts"
    assert_refused(capsys, "no shape 'huge'", "circuit", "export", "--circuit", "huge", "--out", out)
    assert not out.exists()


@pytest.mark.parametrize("chosen", [[], ["batch.zkm", "--circuit", "exit"]], ids=["neither", "both"])
def test_invalid_export_of_neither_or_both(chosen: list[str], tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "artefacts"
    assert_refused(capsys, "either BATCH or --circuit", "circuit", "export", *chosen, "--out", out)
    assert not out.exists()


def test_invalid_export_of_a_truncated_batch(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    batch = proved_run / "batch-0000.zkm"
    truncate(batch)
    assert_refused(capsys, "batch-0000.zkm", "circuit", "export", batch, "--out", tmp_path / "artefacts")
    assert not (tmp_path / "artefacts").exists()


@pytest.mark.parametrize(
    ("name", "damage", "fact"),
    [
        ("proving.json", Path.unlink, "proving.json: no such file"),
        ("proving.json", truncate, "JSON"),
        ("proving.json", lambda path: edit_json(path, version=1), "version: got 1"),
        ("proving.json", lambda path: edit_json(path, proofs=[]), "a list with a proof"),
        ("proving.json", lambda path: edit_json(path, groups=[]), "a list with a number"),
        ("proving.json", lambda path: edit_json(path, groups=[0, 0]), "each once and rising"),
        ("proving.json", lambda path: edit_json(path, groups=[-1]), "from 0 on"),
        ("proving.json", lambda path: edit_json(path, groups=["0"]), "a list with a number"),
        ("verification_key.json", Path.unlink, "verification_key.json"),
        ("verification_key.json", truncate, "JSON"),
        ("verification_key.json", lambda path: edit_json(path, curve="bls12381"), "curve: got bls12381"),
        ("verification_key.json", lambda path: edit_json(path, protocol="plonk"), "protocol: got plonk"),
        ("batch-0000.proof.json", Path.unlink, "batch-0000.proof.json"),
        ("batch-0000.proof.json", truncate, "JSON"),
        ("batch-0000.proof.json", lambda path: edit_json(path, curve="bls12381"), "curve: got bls12381"),
        ("batch-0000.proof.json", lambda path: edit_json(path, pi_a=["1"]), "pi_a"),
        ("batch-0001.public.json", truncate, "JSON"),
        ("batch-0001.public.json", lambda path: path.write_bytes(b" " * (2**20 + 1)), "at most 1048576 bytes"),
    ],
)
def test_invalid_file_among_proofs(
    name: str, damage: Callable[[Path], object], fact: str, proved_run: Path, capsys: Capsys
) -> None:
    damage(proved_run / name)
    assert_refused(capsys, name, "verify", proved_run)
    assert_refused(capsys, fact, "verify", proved_run)


def test_invalid_verify_of_a_missing_folder(capsys: Capsys) -> None:
    assert_refused(capsys, "proving.json: no such file", "verify", "absent")


def test_invalid_oversized_proving_record(proved_run: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MAX_RECORD_BYTES", 10)
    assert_refused(capsys, "at most 10 are read", "verify", proved_run)


def test_invalid_proof_name_elsewhere(proved_run: Path, capsys: Capsys) -> None:
    path = proved_run / "proving.json"
    entries = json.loads(path.read_text())["proofs"]
    edit_json(path, proofs=[entries[0] | {"batch": "../run/batch-0000"}])  # the name is refused before the number
    assert_refused(capsys, "a name without folders", "verify", proved_run)


def _raise_number(path: Path, index: int) -> None:
    numbers = json.loads(path.read_text())
    numbers[index] = str(int(numbers[index]) + 1)
    path.write_text(json.dumps(numbers))


def _swap_proofs(run: Path) -> None:
    one, two = run / "batch-0000.proof.json", run / "batch-0001.proof.json"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _move_point(run: Path) -> None:
    path = run / "batch-0000.proof.json"
    point = json.loads(path.read_text())["pi_c"]
    edit_json(path, pi_c=[str(int(point[0]) + 1), *point[1:]])


def _drop_input(run: Path) -> None:
    path = run / "batch-0000.public.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:-1]))


def _reverse(run: Path) -> None:
    path = run / "proving.json"
    edit_json(path, proofs=json.loads(path.read_text())["proofs"][::-1])


def _repeat(run: Path) -> None:
    path = run / "proving.json"
    edit_json(path, proofs=json.loads(path.read_text())["proofs"][:1] * 2)


@pytest.mark.parametrize(
    ("tamper", "fact"),
    [
        *(
            (lambda run, index=index: _raise_number(run / "batch-0000.public.json", index), "batch-0000: kernel")
            for index in range(9)
        ),
        (_swap_proofs, "batch-0000: kernel"),
        (_move_point, "batch-0000: kernel"),
        (_drop_input, "batch-0000: kernel"),
        (_reverse, "OldStateRootWrong"),
        (_repeat, "batch-0000: EVM: OldStateRootWrong"),
    ],
)
def test_invalid_proof(tamper: Callable[[Path], object], fact: str, proved_run: Path, capsys: Capsys) -> None:
    tamper(proved_run)
    found = run_json(capsys, "verify", proved_run, status=1)
    assert found["valid"] is False
    assert fact in found["reason"]


# compare


def _pay_more(trace: BatchTrace) -> BatchTrace:
    lane = trace.fund_lane
    after = replace(lane.treasury_after, cash_atoms=lane.treasury_after.cash_atoms + 1)
    return replace(trace, fund_lane=replace(lane, treasury_after=after))


def test_invalid_state_by_one_atom(proved_run: Path, capsys: Capsys) -> None:
    from hashlib import sha256

    batch, path = proved_run / "batch-0001.zkm", proved_run / "manifest.json"
    _change_trace(_pay_more)(batch)
    entries = json.loads(path.read_text())["batches"]
    entries[1]["sha256"] = sha256(batch.read_bytes()).hexdigest()
    edit_json(path, batches=entries)
    found = run_json(capsys, "compare", proved_run, status=1)
    assert (found["equal"], found["batches"][0]["equal"]) == (False, True)
    assert found["reason"].startswith("batch-0001: account 1: rollup ")


def test_invalid_compare_of_a_file(capsys: Capsys) -> None:
    assert_refused(capsys, "no such folder", "compare", EXAMPLE)


def test_invalid_compare_with_a_damaged_batch(proved_run: Path, capsys: Capsys) -> None:
    flip_bit(proved_run / "batch-0000.zkm", 200)
    assert_refused(capsys, "batch-0000.zkm: sha256", "compare", proved_run)


@pytest.mark.parametrize("options", [["--first", "1"], ["--plot", "gas.svg"]])
def test_invalid_options_of_compare_without_evm(proved_run: Path, capsys: Capsys, options: list[str]) -> None:
    assert_refused(capsys, "--evm", "compare", proved_run, *options)


def test_invalid_plot_of_compare(proved_run: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "gas.txt", "compare", proved_run, "--evm", "--plot", "gas.txt")


def test_invalid_circuit_command(capsys: Capsys) -> None:
    assert_refused(capsys, "nonsense", "circuit", "nonsense")

"""Every command on good input: exit status, the JSON keys that scripts rely on, the files it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rollup.codec import decode_trace, encode_trace
from sequencer.cli.main import run_cli
from sequencer.named_circuits import load_circuit
from tests.cli.conftest import EXAMPLE, ROOT
from tests.cli.helpers import list_files, run_json

COMMANDS = (
    "demo",
    "setup",
    "ceremony",
    "key",
    "replay",
    "prove",
    "verify",
    "compare",
    "report",
    "circuit",
    "account",
    "oracle",
    "exit",
    "rebuild",
    "audit",
    "doctor",
    "bench",
    "top",
)


def test_replay_gives_totals_and_batches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    options = ("--out", out, "--shape", "small", "--batches", "6", "--accounts", "10", "--seed", "1")
    found = run_json(capsys, "replay", EXAMPLE, *options)
    assert {"orders", "fills", "liquidations"} <= found.keys()
    assert found["liquidations"] > 0
    assert found["fills"] > found["liquidations"]
    batches = [f"batch-{i:04}.zkm" for i in range(6)]
    others = ["genesis.zks", "group-0000.blob", "group-0000.json", "manifest.json", "queue.json", "snapshot.zks"]
    assert sorted(list_files(out)) == [*batches, *others]
    assert [batch["file"] for batch in found["batches"]] == batches
    assert found["groups"] == 1


def test_replay_is_deterministic_by_seed(tmp_path: Path) -> None:
    folders = {}
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        options = ["--out", str(tmp_path / name), "--shape", "tiny", "--batches", "2", "--accounts", "4"]
        assert run_cli(["replay", str(EXAMPLE), *options, "--seed", seed]) == 0
        folders[name] = list_files(tmp_path / name)
    assert folders["a"] == folders["b"]
    assert folders["a"] != folders["c"]


def test_replayed_batches_go_on_from_one_another(proved_run: Path) -> None:
    first, second = (decode_trace((proved_run / f"batch-000{i}.zkm").read_bytes()) for i in (0, 1))
    assert second.header_before == first.header_after


def test_setup_is_cached(keys_dir: Path, proved_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "setup", "--shape", "tiny", "--keys", keys_dir)
    assert (found["shape"], found["key"], found["new"]) == ("tiny", "development", False)
    assert Path(found["key_file"]).stat().st_mode & 0o077 == 0


def test_setup_of_the_exit_circuit_makes_the_key_that_exit_prove_finds(
    proved_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    found = run_json(capsys, "setup", "--shape", "exit", "--keys", keys)
    assert (found["shape"], found["key"], found["new"], found["domain_log2"]) == ("exit", "development", True, 13)
    assert Path(found["key_file"]) == keys / f"exit-{found['circuit_digest'][:16]}.key"
    assert run_json(capsys, "setup", "--shape", "exit", "--keys", keys)["new"] is False
    options = ("--account", "2", "--out", tmp_path / "exit", "--keys", keys)
    proved = run_json(capsys, "exit", "prove", proved_run / "snapshot.zks", *options)
    assert (proved["new_key"], proved["circuit_digest"]) == (False, found["circuit_digest"])


def test_prove_one_batch_file(
    proved_run: Path, tmp_path: Path, keys_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "proof"
    found = run_json(capsys, "prove", proved_run / "batch-0001.zkm", "--out", out, "--keys", keys_dir)
    (batch,) = found["batches"]
    assert {"constraints", "witness_s", "prove_s", "peak_rss_bytes"} <= batch.keys()
    expected = {f"batch-0001.{part}.json" for part in ("proof", "public")} | {"proving.json", "verification_key.json"}
    assert set(list_files(out)) == expected | {"group-0000.blob", "group-0000.json", "queue.json"}
    found = run_json(capsys, "verify", out)
    assert (found["valid"], found["groups"][0]["batches"], found["groups"][0]["proved"]) == (True, 2, 1)


def test_verify_honest_run(proved_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "verify", proved_run)
    assert found["valid"] is True
    assert "reason" not in found
    for batch in found["batches"]:
        assert all(batch[column] is True for column in ("kernel", "py_ecc", "evm", "data", "blob"))
        assert 200_000 < batch["gas"] <= 300_000
    assert found["groups"] == [{"group": 0, "batches": 2, "proved": 2, "blob": True, "reason": ""}]


def test_compare_honest_run(proved_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "compare", proved_run)
    assert (found["equal"], found["orders"]) == (True, sum(batch["orders"] for batch in found["batches"]))
    columns = {"constraints", "witness_s", "prove_s", "settlement_bytes", "direct_bytes", "gas"}
    assert all(batch[column] is not None for batch in found["batches"] for column in columns)


def test_compare_without_proofs(proved_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (proved_run / "proving.json").unlink()
    found = run_json(capsys, "compare", proved_run)
    assert found["equal"] is True
    assert all(batch["gas"] is None for batch in found["batches"])


def test_circuit_stats(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "circuit", "stats")
    assert {"eddsa_verify", "poseidon2", "poseidon8", "poseidon16"} <= found["gadgets"].keys()
    lane = found["lanes"]["TradeLane(1)"]
    assert sum(lane["by_scope"].values()) == lane["constraints"]
    assert found["shapes"]["block"]["orders"] == 86
    assert {"constraints", "orders", "domain_log2"} == found["shapes"]["block"].keys()
    assert {"constraints", "domain_log2", "by_scope"} == found["exit"].keys()


def test_circuit_stats_know_every_operation(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "circuit", "stats")
    rows = found["operations"]
    assert {row["lane"] for row in rows} == found["lanes"].keys()
    assert all(row["constraints"] == found["lanes"][row["lane"]]["constraints"] for row in rows)
    operations = {row["operation"] for row in rows}
    rules = (ROOT / "docs" / "rules.md").read_text()
    table = rules.split("| kind | signed | effect |")[1].split("\n\n")[0].splitlines()[2:]
    for kind in (cell for row in table for cell in row.split("|")[1].strip().split(" / ")):
        assert {kind, f"transfer {kind}"} & operations, kind
    assert {"takeover", "deleveraging: victim", "deleveraging: counterparty", "liquidation"} <= operations


def test_circuit_export_of_one_batch(proved_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "artefacts"
    found = run_json(capsys, "circuit", "export", proved_run / "batch-0001.zkm", "--out", out)
    assert (found["shape"], sorted(list_files(out))) == ("tiny", ["batch-0001.wtns", "circuit.r1cs"])
    assert [(out / name).read_bytes()[:4] for name in ("circuit.r1cs", "batch-0001.wtns")] == [b"r1cs", b"wtns"]
    assert [file["bytes"] for file in found["files"]] == [Path(file["file"]).stat().st_size for file in found["files"]]


@pytest.mark.parametrize("name", ["tiny", "exit"])
def test_circuit_export_without_a_witness(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "artefacts"
    found = run_json(capsys, "circuit", "export", "--circuit", name, "--out", out)
    assert found == {"shape": name, "files": [{"file": str(out / "circuit.r1cs"), "bytes": count_bytes(out)}]}
    # github.com/iden3/r1csfile: magic, version, 3 sections; the header section first, its last field the constraints
    header = (out / "circuit.r1cs").read_bytes()[:88]
    assert header[:4] == b"r1cs"
    assert int.from_bytes(header[84:88], "little") == load_circuit(name).circuit.n_constraints


def count_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def list_demo_arguments(*options: str | Path) -> list[str]:
    return [*map(str, ("demo", "--shape", "tiny", "--batches", "1", "--accounts", "3", *options))]


def test_demo_goes_the_whole_way(tmp_path: Path, keys_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svg = tmp_path / "demo.svg"
    assert run_cli(list_demo_arguments("--keys", keys_dir, "--svg", svg)) == 0
    assert "Proofs valid; balances equal to direct settlement." in capsys.readouterr().out
    assert svg.read_text().startswith("<svg")


def test_demo_gives_its_figures(keys_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, *list_demo_arguments("--keys", keys_dir))
    assert (found["valid"], found["equal"], found["proofs"]) == (True, True, 1)
    assert {"orders", "fills", "liquidations", "deposits", "withdrawals", "constraints"} <= found.keys()
    assert found["settlement"]["settled"] is True
    assert found["deposits"] > 0


def test_tables_go_to_stdout_and_progress_to_stderr(proved_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run_cli(["verify", str(proved_run)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "valid"
    assert captured.err.startswith("verify ...")


SUBCOMMANDS = [
    *(("circuit", name) for name in ("stats", "export")),
    *(("account", name) for name in ("show", "proof", "verify")),
    *(("exit", name) for name in ("prove", "verify")),
    *(("ceremony", name) for name in ("new", "contribute", "beacon", "verify")),
    *(("key", name) for name in ("export", "import")),
    ("bench", "node"),
]


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), *SUBCOMMANDS])
def test_help_has_an_example(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([*command, "--help"]) == 0
    assert "Example: zkmargin" in capsys.readouterr().out


def test_documentation_names_every_option() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    from sequencer.cli.main import cli

    for name in COMMANDS:
        command = cli.get_command(None, name)  # type: ignore[arg-type] # the group needs no context to find one
        assert command is not None
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        assert f"## `zkmargin {name}" in text
        assert [option for option in options if f"`{option}" not in text] == []


def test_documentation_names_every_option_of_a_subcommand() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    from sequencer.cli.main import cli

    for group_name, name in SUBCOMMANDS:
        group = cli.get_command(None, group_name)  # type: ignore[arg-type] # the group needs no context to find one
        assert isinstance(group, click.Group)
        section = text.split(f"## `zkmargin {group_name} {name}")[1].split("\n## ")[0] + text.split("\n## ")[0]
        options = [option for parameter in group.commands[name].params for option in parameter.opts]
        assert [option for option in options if option.startswith("--") and f"`{option}" not in section] == []


@pytest.mark.parametrize(("arguments", "status"), [(["--version"], 0), (["verify", "absent"], 2), (["nonsense"], 2)])
def test_the_program_ends_with_the_status(arguments: list[str], status: int, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "sequencer.cli", *arguments]
    assert subprocess.run(program, cwd=ROOT, capture_output=True, check=False).returncode == status


def test_the_entry_point_loads_nothing_heavy() -> None:
    heavy = ("numpy", "eth", "py_ecc", "prover._kernel")
    code = f"import sys, sequencer.cli; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_manifest_names_the_bytes_of_the_tape(proved_run: Path) -> None:
    from hashlib import sha256

    manifest = json.loads((proved_run / "manifest.json").read_text())
    assert manifest["tape_sha256"] == sha256(EXAMPLE.read_bytes()).hexdigest()


def test_batch_files_are_canonical(proved_run: Path) -> None:
    data = (proved_run / "batch-0000.zkm").read_bytes()
    assert encode_trace(decode_trace(data)) == data

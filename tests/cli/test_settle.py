"""`zkmargin settle`: a run by the Rollup contract on the embedded EVM, and the way out with a vault that is short."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from prover import kernel
from rollup.shapes import TINY
from rollup.state import make_genesis
from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, SetTier
from sequencer.cli.main import run_cli
from sequencer.cli.output import make_console
from sequencer.cli.settle_exits import make_exit_table, spell_departure, summarise_departure
from sequencer.errors import DataFault, DeploymentElsewhere
from sequencer.market import make_params
from sequencer.oracle_feed import make_signers
from sequencer.settlement.deploying import LIMITS, Deployed, VerifyingKey, deploy_run
from sequencer.settlement.leaving import Departure, PaidExit
from sequencer.settlement.people import STRANGER, derive_address, find_deployment, list_people, name_owner
from sequencer.settlement.queueing import QueueFiller
from sequencer.settlement.record import read_settlement
from sequencer.snapshots import read_snapshot
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import assert_refused, edit_entries, edit_json, run_json
from tests.verifier.rollup_scene import BATCH_SETUP, EXIT_SETUP
from verifier.addresses import DEVELOPMENT_CHAIN_ID
from verifier.base_layer import EmbeddedEvm
from verifier.keys import encode_verifying_key
from verifier.queue_entries import Entry

Capsys = pytest.CaptureFixture[str]
SEED = 3
MARK_TICKS = 25_000_000


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory, keys_dir: Path) -> Path:
    """A run that ends in the middle of the fall: one account owes more than fund and treasury have."""
    kernel.install()
    folder = tmp_path_factory.mktemp("short")
    options = ["--shape", "tiny", "--batches", "6", "--accounts", "5", "--group", "4"]
    assert run_cli(["replay", str(EXAMPLE), "--out", str(folder), *options]) == 0
    assert run_cli(["prove", str(folder), "--out", str(folder), "--keys", str(keys_dir)]) == 0
    return folder


def test_settled_run_stands_where_its_state_does(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "settle", proved_run, "--keys", keys_dir)
    last, (group,) = read_snapshot(proved_run / "snapshot.zks"), found["groups"]
    assert found["settled"] is True
    assert found["state_root"] == str(last.state.state_root)
    assert found["contract"] == f"0x{last.params.contract:040x}"
    fees_e6 = LIMITS.deposit_fee_e6 * group["entries"]
    assert found["vault_e6"] == str(last.state.header.vault_e6 + fees_e6)
    assert (group["batches"], group["blob_gas"], found["gas"]) == (2, 2**17, group["settle"]["gas"])
    assert group["settle"]["transactions"] == 1
    kept = read_settlement(proved_run)
    facts = (kept.contract, kept.state_root, kept.vault_e6)
    assert facts == (found["contract"], found["state_root"], found["vault_e6"])
    assert [asdict(one) for one in kept.groups] == found["groups"]
    assert run_cli(["settle", str(proved_run), "--keys", str(keys_dir)]) == 0
    assert "settled: contract 0x" in capsys.readouterr().out


def test_vault_that_is_short_pays_one_share(short_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "settle", short_run, "--keys", keys_dir, "--freeze")
    left = found["exit"]
    header = read_snapshot(short_run / "snapshot.zks").state.header
    claims = {exit_["account"]: int(exit_["claim_e6"]) for exit_ in left["exits"]}
    paid = {exit_["account"]: int(exit_["paid_e6"]) for exit_ in left["exits"]}
    pool_e6, users_e6 = int(left["pool_e6"]), sum(claim for account, claim in claims.items() if account > 1)
    entries = sum(group["entries"] for group in found["groups"])
    assert found["settled"] is left["paid_out"] is True
    assert pool_e6 == header.vault_e6 + LIMITS.deposit_fee_e6 * (entries + 1) < users_e6
    assert left["share"] == pool_e6 / users_e6
    assert len(found["groups"]) == 2
    assert paid == {a: claim * pool_e6 // users_e6 if a > 1 else 0 for a, claim in claims.items()}
    assert 0 <= int(left["vault_e6"]) == pool_e6 - sum(paid.values()) < len(paid)
    assert left["refunded_e6"] == "25000000"


def test_departure_in_words() -> None:
    exits = (PaidExit(0, 5_000_000, 0, 1, 2), PaidExit(7, 80_000_000, 60_000_000, 3, 4))
    short = Departure(9, 1, 25_000_000, 2, 60_000_000, 0, exits, "")
    console = make_console(is_recorded=True)
    console.print(make_exit_table(short))
    shown = console.export_text()
    assert "0 insurance fund" in shown
    assert "75.00%" in shown
    assert spell_departure(short).startswith(
        "frozen: users claim 80.00 USD of a pool of 60.00 USD and are paid 75.00%; "
    )
    assert spell_departure(replace(short, reason="no")) == "exits do not add up: no"
    assert summarise_departure(replace(short, reason="no"))["reason"] == "no"
    assert replace(short, exits=()).share == 1


def test_tape_moved_in_time(tmp_path: Path, keys_dir: Path, capsys: Capsys) -> None:
    options = ["--shape", "tiny", "--batches", "2", "--accounts", "3", "--ends-at", "1800000000", "--chain-id", "5"]
    found = run_json(capsys, "replay", EXAMPLE, "--out", tmp_path, *options)
    assert found["batches"][-1]["timestamp_s"] == 1_800_000_000
    assert read_snapshot(tmp_path / "genesis.zks").params.chain_id == 5
    assert_refused(capsys, "--ends-at 1 s: expected", "replay", EXAMPLE, "--out", tmp_path / "x", "--ends-at", "1")
    run_json(capsys, "prove", tmp_path, "--out", tmp_path, "--keys", keys_dir)
    assert_refused(capsys, "chain id: got 31337; the run is bound to 5", "settle", tmp_path, "--keys", keys_dir)


def test_invalid_run_to_settle(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    settle = ["settle", proved_run, "--keys", keys_dir]
    assert_refused(capsys, "--freeze http://127.0.0.1:9", *settle, "--freeze", "--base-layer", "http://127.0.0.1:9")
    proving = json.loads((proved_run / "proving.json").read_text())
    edit_json(proved_run / "proving.json", proofs=proving["proofs"][:1], n_batches=1)
    assert_refused(capsys, "batch-0001 is not proved; to settle it takes a proof of every batch", *settle)


def test_invalid_seed(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    edit_json(proved_run / "manifest.json", seed=2)
    assert_refused(capsys, "the run is bound to 0x", "settle", proved_run, "--keys", keys_dir)


def test_invalid_queue_that_was_not_proved(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    def raise_amount(entries: list[str]) -> list[str]:
        first = bytearray.fromhex(entries[0][2:])
        first[11] ^= 1  # the last byte of the amount
        return [f"0x{first.hex()}", *entries[1:]]

    edit_entries(proved_run, raise_amount)
    assert_refused(capsys, "base layer reverted", "settle", proved_run, "--keys", keys_dir)


def test_invalid_proof(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    numbers = json.loads((proved_run / "batch-0001.public.json").read_text())
    numbers[6] = str(int(numbers[6]) ^ 1)  # blob_value_low
    (proved_run / "batch-0001.public.json").write_text(json.dumps(numbers))
    assert_refused(capsys, "base layer reverted", "settle", proved_run, "--keys", keys_dir)
    (proved_run / "batch-0001.public.json").write_text(json.dumps(numbers[:8]))
    assert_refused(capsys, "number of public inputs: got 8, expected 9", "settle", proved_run, "--keys", keys_dir)
    (proved_run / "batch-0001.public.json").write_text(json.dumps([*numbers[:7], str(2**200), numbers[8]]))
    assert_refused(capsys, "blob value: got", "settle", proved_run, "--keys", keys_dir)


def deploy(layer: EmbeddedEvm, seed: int = SEED, names_seed: int = SEED) -> Deployed:
    """Return a deployment whose keys have known secrets: no proof is made."""
    oracle_keys = tuple(signer.public_key for signer in make_signers(SEED))
    params = make_params(oracle_keys, find_deployment(names_seed, DEVELOPMENT_CHAIN_ID))
    genesis = make_genesis((MARK_TICKS,), 1_700_000_000)
    keys = [VerifyingKey(encode_verifying_key(setup.get_key()), True) for setup in (BATCH_SETUP, EXIT_SETUP)]
    return deploy_run(layer, seed, list_people((2, 3)), params, genesis.header, TINY, (keys[0], keys[1]))


def test_invalid_contract_at_another_address() -> None:
    layer = EmbeddedEvm()
    deployed = deploy(layer)
    assert int.from_bytes(deployed.rollup.address, "big") == find_deployment(SEED, DEVELOPMENT_CHAIN_ID).contract
    assert deployed.rollup.call("isDevelopmentKey") is True
    with pytest.raises(DeploymentElsewhere, match="its deployer sent transactions before"):
        deploy(layer)
    with pytest.raises(DeploymentElsewhere, match=f"contract of seed {SEED + 2}: got 0x"):
        deploy(layer, names_seed=SEED + 1, seed=SEED + 2)


def test_queue_takes_every_kind_of_entry_from_whom_it_names() -> None:
    owners = [int.from_bytes(derive_address(SEED, name_owner(account)), "big") for account in (2, 3)]
    stranger = int.from_bytes(derive_address(SEED, STRANGER), "big")
    first = Deposit(2, 90_000_000, owners[0], (11, 12))
    entries: tuple[Entry, ...] = (
        first,
        Deposit(3, 1_000_000, owners[1], (13, 14)),
        Deposit(2, 1_500_000, stranger, (11, 12)),
        ForcedWithdraw(2, 5_000_000, owners[0]),
        ForcedCancelAll(3, owners[1]),
        ForcedKeyChange(2, owners[0], (15, 16)),
        ForcedTrade((2, 3), (owners[0], owners[1]), 0, 1, 10**6, MARK_TICKS),
        SetTier(3, 2),
    )
    deployed = deploy(EmbeddedEvm())
    filler = QueueFiller(deployed, entries)
    for entry in entries:
        filler.send(entry)
    assert deployed.rollup.call("progress")[3] == len(entries)
    assert deployed.rollup.call("owed")[0] == 92_500_000
    with pytest.raises(DataFault, match=f"entry {len(entries)}: owner: got 0x0{'0' * 38}9"):
        filler.send(replace(first, owner=9))


def test_invalid_entry_out_of_turn() -> None:
    owner = int.from_bytes(derive_address(SEED, name_owner(2)), "big")
    deployed = deploy(EmbeddedEvm())
    filler = QueueFiller(deployed, ())
    QueueFiller(deployed, ()).send(ForcedCancelAll(2, owner))
    with pytest.raises(DataFault, match=r"queue\.json: entry 0: got 1: "):
        filler.send(ForcedCancelAll(2, owner))

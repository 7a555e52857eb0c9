"""What a node is started with: its chain, its contract, its secrets, its prices."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rollup.oracle import pick_usable
from rollup.signature import derive_public_key
from rollup.signature_cache import SignatureCache
from sequencer.errors import DeploymentElsewhere
from sequencer.market import make_params
from sequencer.node.config import NodeConfig
from sequencer.node.config_loading import load_config
from sequencer.node.oracle import FixedPrices, TapePrices, open_signers
from sequencer.node.oracle_opening import open_prices
from sequencer.node.price_refusals import OracleForeign
from sequencer.node.secret_files import read_secret
from sequencer.node.starting import prepare_node
from sequencer.oracle_keys import spell_public_key
from sequencer.progress import ignore_progress
from sequencer.settlement.people import Deployment
from sequencer.tape import Trade
from verifier.base_layer.node_errors import KeyFileInvalid

ROOT = Path(__file__).parents[2]
KEYS = ROOT / ".cache" / "test-keys"


def write_config(folder: Path, **changes: str) -> NodeConfig:
    """Return the configuration of a tiny node in a folder."""
    text = f'[node]\ndata = "data"\nshape = "tiny"\n[proving]\nkeys = "{KEYS}"\n[base_layer]\n'
    (folder / "node.toml").write_text(text + "".join(f"{name} = {value}\n" for name, value in changes.items()))
    return load_config(folder / "node.toml", {})


def test_node_is_prepared_once(tmp_path: Path) -> None:
    first = prepare_node(write_config(tmp_path), ignore_progress)
    again = prepare_node(write_config(tmp_path), ignore_progress)
    assert first.node.genesis.state.state_root == again.node.genesis.state.state_root
    assert (first.node.receipt_key, first.pipeline) == (again.node.receipt_key, again.pipeline)
    assert (first.snapshot_records, first.min_interval_s, first.prices_s) == (100_000, 0.25, 1.0)
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.glob("*.key")} == {0o600}
    contract = f"0x{first.node.genesis.params.contract:040X}"
    assert prepare_node(write_config(tmp_path, contract=f'"{contract}"'), ignore_progress).folder == first.folder
    with pytest.raises(DeploymentElsewhere, match="chain id: got 31337; the run is bound to 5"):
        prepare_node(write_config(tmp_path, chain_id="5"), ignore_progress)
    with pytest.raises(DeploymentElsewhere, match=f"contract: got {contract.lower()}"):
        prepare_node(write_config(tmp_path, contract=f'"0x{"1" * 40}"'), ignore_progress)


def test_node_with_an_oracle_outside_is_bound_to_its_keys(tmp_path: Path) -> None:
    keys = [spell_public_key(derive_public_key(bytes([n]) * 32)) for n in (1, 2, 3)]
    text = f'[oracle]\nsource = "outside"\nprices_ticks = [7, 8]\npublic_keys = {keys}\n'
    write_config(tmp_path)
    path = tmp_path / "node.toml"
    path.write_text(path.read_text() + text)
    config = load_config(path, {})
    genesis = prepare_node(config, ignore_progress).node.genesis
    assert [spell_public_key(key) for key in genesis.params.oracle_keys] == keys
    assert genesis.state.header.marks_ticks[:2] == (7, 8)
    assert open_prices(config, genesis) is None
    assert list((tmp_path / "data").glob("oracle*")) == []
    path.write_text(path.read_text().replace(keys[1], spell_public_key(derive_public_key(bytes([9]) * 32))))
    with pytest.raises(OracleForeign, match="oracle signer 1: the configured key is 0x"):
        prepare_node(load_config(path, {}), ignore_progress)


def test_invalid_signer_keys_that_are_not_the_deployments(tmp_path: Path) -> None:
    prepare_node(write_config(tmp_path), ignore_progress)
    (tmp_path / "data" / "oracle-2.key").unlink()  # another one is made in its place
    with pytest.raises(OracleForeign) as refused:
        prepare_node(write_config(tmp_path), ignore_progress)
    assert refused.value.signer == 2


@pytest.mark.parametrize(
    ("text", "mode", "fact"),
    [
        (None, 0o600, "No such file"),
        ("11" * 32, 0o640, "mode 0640"),
        ("11" * 31, 0o600, "not 32 bytes"),
        ("11" * 33, 0o600, "not 32 bytes"),
        ("zz" * 32, 0o600, "not 32 bytes"),
    ],
)
def test_invalid_secret(text: str | None, mode: int, fact: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if text is not None:
        path.touch(mode=mode)
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(KeyFileInvalid, match=fact) as caught:
        read_secret(path, 32)
    assert text is None or text not in str(caught.value)


def test_invalid_secret_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    (tmp_path / "secret").symlink_to(tmp_path / "file")
    with pytest.raises(KeyFileInvalid):
        read_secret(tmp_path / "secret", 32)
    with pytest.raises(KeyFileInvalid, match="not a regular file"):
        read_secret(tmp_path, 32)


def test_signers_sign_what_a_batch_can_use(tmp_path: Path) -> None:
    signers = open_signers(tmp_path)
    assert open_signers(tmp_path) == signers
    params = make_params(tuple(signer.public_key for signer in signers), Deployment(1, 2))
    fixed = FixedPrices(signers, (25, 4), params.domain).sign(1_000)
    assert pick_usable(fixed, params, (0, 0, 0), 1_000, SignatureCache()) == fixed
    trades = tuple(Trade(5_000 + 2_000 * i, True, (10 + i) * 10**9, 1) for i in range(3))
    tape = TapePrices(signers, trades, 1_000, params.domain)
    prices = [tape.sign(time_s)[0].prices_ticks[0] for time_s in (990, 1_000, 1_001, 1_002, 1_004, 9_999)]
    assert prices == [price * 10**6 for price in (10, 10, 10, 11, 12, 12)]

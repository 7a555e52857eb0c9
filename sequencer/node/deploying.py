"""A node's contracts: deployed once, with keys that are made once, and found again at every start.

The folder of a node holds `deployer.key` and `sequencer.key` (mode 0600, random), `genesis.zks`, and `deployment.json`.
Each is written before what depends on it is sent, so a start that was cut off is taken up where it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from eth_account import Account
from eth_keys.datatypes import PrivateKey
from eth_utils.abi import function_signature_to_4byte_selector

from rollup.params import Params
from rollup.shapes import Shape
from rollup.state import State
from sequencer.errors import DeploymentElsewhere
from sequencer.exit_proofs import ExitProver
from sequencer.files import sync_folder, write_atomically
from sequencer.keys import load_or_make_key
from sequencer.number_files import parse_hex, spell_hex
from sequencer.progress import Report
from sequencer.records import decode_record, encode_versioned, read_versioned
from sequencer.settlement.deploying import Parts, VerifyingKey, deploy_parts, deploy_settlement
from sequencer.settlement.people import Deployment
from sequencer.snapshots import GENESIS, SnapshotFile, write_snapshot
from verifier.addresses import predict_address
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract
from verifier.base_layer.key_file import read_keys
from verifier.rollup_contract import Start

__all__ = [
    "DEPLOYMENT",
    "NodeDeployment",
    "deploy_node",
    "load_verifying_keys",
    "read_deployment",
    "read_sequencer_key",
]

DEPLOYMENT: Final = "deployment.json"
DEPLOYER_KEY: Final = "deployer.key"  # governs; its first transaction creates the Rollup
SEQUENCER_KEY: Final = "sequencer.key"  # settles
_FORMAT: Final = "zkmargin deployment"
_VERSION: Final = 1
_MAX_BYTES: Final = 2**16
_ADDRESS_BYTES: Final = 20
_DEPLOYER_WEI: Final = 10**18
_STATE_ROOT: Final = function_signature_to_4byte_selector("stateRoot()")

MakeGenesis: TypeAlias = Callable[[Deployment], tuple[Params, State]]
"""Makes parameters bound to a chain and a contract, and the state that both begin with."""


@dataclass(frozen=True)
class _Record:
    chain_id: int
    contract: str
    token: str
    batch_verifier: str
    exit_verifier: str
    sequencer: str
    first_block: int


@dataclass(frozen=True)
class NodeDeployment:
    """Where a node settles. Addresses are 20 bytes."""

    chain_id: int
    contract: bytes
    parts: Parts
    sequencer: bytes
    first_block: int  # nothing of the contract is in blocks before it

    def open_rollup(self, layer: BaseLayer) -> Contract:
        """Return the settlement contract on a layer that has it."""
        return Contract(layer, load_artifact("Rollup"), self.contract)

    def open_token(self, layer: BaseLayer) -> Contract:
        """Return the token that is deposited."""
        return Contract(layer, load_artifact("TestToken"), self.parts.token)


def load_verifying_keys(keys_dir: Path, shape: Shape, report: Report) -> tuple[VerifyingKey, VerifyingKey]:
    """Return the keys of batches of a shape and of exits, cached or made for development. Raises KeyUnusable."""
    from prover.circuit import load_batch

    batches = load_or_make_key(keys_dir, shape, load_batch(shape).circuit, report).key
    exits = ExitProver(keys_dir, report).loaded.key
    return (
        VerifyingKey(batches.verifying_key_be, batches.is_development),
        VerifyingKey(exits.verifying_key_be, exits.is_development),
    )


def deploy_node(
    layer: BaseLayer,
    folder: Path,
    shape: Shape,
    keys: tuple[VerifyingKey, VerifyingKey],
    make_genesis: MakeGenesis,
    *,
    sequencer_wei: int = 10**18,
) -> NodeDeployment:
    """Return the node's contracts, deployed where they are not there yet; `genesis.zks` in the folder has its state.

    The layer's first sender pays, and leaves the sequencer with this many wei at least. `make_genesis` is called once
    in a node's life. Raises DeploymentElsewhere where the folder is of another chain, KeyFileInvalid, FileMalformed,
    BaseLayerError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    deployer, sequencer = (_open_key(folder / name) for name in (DEPLOYER_KEY, SEQUENCER_KEY))
    layer.add_senders([deployer.to_bytes(), sequencer.to_bytes()])
    governor, settler = (key.public_key.to_canonical_address() for key in (deployer, sequencer))
    contract = predict_address(governor, 0)
    genesis = _open_genesis(folder, Deployment(layer.chain_id, int.from_bytes(contract, "big")), make_genesis)
    if not (folder / DEPLOYMENT).exists():
        first_block = layer.get_head().number
        _leave_with(layer, governor, _DEPLOYER_WEI)
        _leave_with(layer, settler, sequencer_wei)
        _write(folder, NodeDeployment(layer.chain_id, contract, deploy_parts(layer, keys), settler, first_block))
    deployment = read_deployment(folder)
    _check(deployment, layer, contract)
    if layer.call(contract, _STATE_ROOT) == b"":  # no code there yet
        layer.wait_until(genesis.header.timestamp_s)
        header = genesis.header
        roles = (governor, settler, governor)
        start = Start(header.state_root, header.clock, genesis.params.params_hash, *roles)
        deployed = deploy_settlement(layer, deployment.parts, keys, start, shape)
        if deployed.address != contract:
            got = f"0x{deployed.address.hex()}, for its deployer sent transactions before"
            raise DeploymentElsewhere("contract", got, f"0x{contract.hex()}")
    return deployment


def read_deployment(folder: Path) -> NodeDeployment:
    """Return what `deploy_node` left there. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / DEPLOYMENT
    record = decode_record(path, "file", _Record, read_versioned(path, _MAX_BYTES, _FORMAT, _VERSION))

    def parse(field: str) -> bytes:
        return parse_hex(path, field, getattr(record, field), _ADDRESS_BYTES)

    parts = Parts(parse("batch_verifier"), parse("exit_verifier"), parse("token"))
    return NodeDeployment(record.chain_id, parse("contract"), parts, parse("sequencer"), record.first_block)


def read_sequencer_key(folder: Path) -> bytes:
    """Return the private key that settles. Raises KeyFileInvalid."""
    return bytes(read_keys(folder / SEQUENCER_KEY)[0].key)


def _open_key(path: Path) -> PrivateKey:
    """Return the key of a file, which is made, random, where it is not there. Raises KeyFileInvalid."""
    if not path.exists():
        key: bytes = Account.create(secrets.token_bytes(32)).key
        write_atomically(path, f"{key.hex()}\n".encode(), is_secret=True)
        sync_folder(path.parent)
    return PrivateKey(bytes(read_keys(path)[0].key))


def _open_genesis(folder: Path, deployment: Deployment, make_genesis: MakeGenesis) -> SnapshotFile:
    path = folder / GENESIS
    if not path.exists():
        write_snapshot(path, *make_genesis(deployment))
        sync_folder(folder)
    genesis = SnapshotFile(path)  # it may be long, and a start needs no accounts of it
    bound = (genesis.params.chain_id, genesis.params.contract)
    if bound != (deployment.chain_id, deployment.contract):
        expected = f"{deployment.chain_id}, 0x{deployment.contract:040x}"
        raise DeploymentElsewhere("chain id and contract of genesis.zks", f"{bound[0]}, 0x{bound[1]:040x}", expected)
    return genesis


def _leave_with(layer: BaseLayer, address: bytes, wanted_wei: int) -> None:
    if (missing_wei := wanted_wei - layer.get_balance_wei(address)) > 0:
        layer.transact(address, b"", value_wei=missing_wei)


def _write(folder: Path, deployment: NodeDeployment) -> None:
    parts = deployment.parts
    record = _Record(
        chain_id=deployment.chain_id,
        contract=spell_hex(deployment.contract),
        token=spell_hex(parts.token),
        batch_verifier=spell_hex(parts.batch_verifier),
        exit_verifier=spell_hex(parts.exit_verifier),
        sequencer=spell_hex(deployment.sequencer),
        first_block=deployment.first_block,
    )
    write_atomically(folder / DEPLOYMENT, encode_versioned(_FORMAT, _VERSION, record))
    sync_folder(folder)


def _check(deployment: NodeDeployment, layer: BaseLayer, contract: bytes) -> None:
    """Raise DeploymentElsewhere where the folder's deployment is not this layer's, or not its keys'."""
    if deployment.chain_id != layer.chain_id:
        raise DeploymentElsewhere("chain id", str(layer.chain_id), str(deployment.chain_id))
    if deployment.contract != contract:
        raise DeploymentElsewhere("contract of the key", f"0x{contract.hex()}", f"0x{deployment.contract.hex()}")
    if layer.call(deployment.parts.token, function_signature_to_4byte_selector("decimals()")) == b"":
        got = f"nothing at 0x{deployment.parts.token.hex()}"
        raise DeploymentElsewhere("token", got, f"a token at block {deployment.first_block} or later")

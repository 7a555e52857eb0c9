"""From a configuration to a running node: the contract deployed if it is not there, the store opened, the API served.

`serve_node` is the whole life of the process: it returns after a signal, with everything written.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from prover import kernel
from rollup.params import Params
from rollup.shapes import get_shape
from rollup.state import Resources, State, make_genesis
from sequencer.base_layers import is_embedded, open_base_layer
from sequencer.errors import DeploymentElsewhere
from sequencer.files import sync_folder, write_atomically
from sequencer.keys import get_default_keys_dir
from sequencer.market import make_params
from sequencer.node.api.app import make_app
from sequencer.node.api.development import add_development
from sequencer.node.api.limits import ApiLimits
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.api.server import serving
from sequencer.node.base_messages import PublisherSettings
from sequencer.node.config import NodeConfig
from sequencer.node.deploying import deploy_node
from sequencer.node.kept_keys import keep_verifying_keys
from sequencer.node.logs import get_logger
from sequencer.node.node import NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.oracle_opening import check_oracle, open_prices, read_first_prices, read_oracle_keys
from sequencer.node.pipeline_types import PipelineSettings
from sequencer.node.priorities import react_soon
from sequencer.node.proving_pool import ProofExecutor, ProverSettings, open_local_pool
from sequencer.node.running import RunningNode, RunSettings, running_node
from sequencer.node.secret_files import read_secret
from sequencer.progress import Report
from sequencer.settlement.people import Deployment
from sequencer.snapshots import GENESIS, SnapshotFile
from verifier.base_layer import BaseLayer

__all__ = ["prepare_node", "serve_node"]

_KEY_BYTES: Final = 32
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def prepare_node(config: NodeConfig, report: Report) -> RunSettings:
    """Return what a node is run with. Its folder, keys and contract are made at the first start.

    Raises DeploymentElsewhere, OracleForeign, KeyUnusable, KeyFileInvalid, FileMalformed, BaseLayerError.
    """
    kernel.install()
    folder, shape = config.node.data, get_shape(config.node.shape)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = keep_verifying_keys(folder, config.proving.keys or get_default_keys_dir(), shape, report)
    name = config.read_base_layer()
    layer = open_base_layer(name, config.base_layer.key_file, is_real_time=is_embedded(name))
    try:
        _check_chain(config, layer)
        deployment = deploy_node(layer, folder, shape, keys, lambda where: _make_genesis(config, layer, where))
    finally:
        layer.close()
    if config.base_layer.contract.lower() not in ("", got := f"0x{deployment.contract.hex()}"):
        raise DeploymentElsewhere("contract", got, config.base_layer.contract)
    genesis = SnapshotFile(folder / GENESIS)
    check_oracle(config, genesis.params)
    node = NodeSettings(
        genesis=genesis,
        shape_name=shape.name,
        receipt_key=_open_receipt_key(config.receipt_key_path),
        tick_s=config.auction.tick_s,
        withdraw_only=config.node.withdraw_only,
    )
    pipeline = PipelineSettings(
        shape=shape,
        params_hash=genesis.params.params_hash,
        verifying_key_be=keys[0].key_be,
        is_development_key=keys[0].is_development,
        workers=config.proving.workers,
        group_size=config.groups.max_batches,
        group_age_s=config.groups.max_age_s,
    )
    publisher = PublisherSettings(
        poll_s=config.watcher.poll_s,
        max_pause_s=config.watcher.max_pause_s,
        min_balance_wei=config.base_layer.min_balance_wei,
    )
    limits = (config.store.snapshot_records, config.auction.min_interval_s, config.oracle.interval_s)
    return RunSettings(folder, name, node, pipeline, publisher, *limits, config.store.keep_settled_days)


async def serve_node(config: NodeConfig, settings: RunSettings) -> None:
    """Run the node and its API until SIGINT or SIGTERM. Raises StoreError, OSError where the port is taken."""
    react_soon()
    log, stopped = get_logger(), asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with open_store(config.store_target, is_verified=False) as store:
        executor = _open_executor(config)
        async with (
            running_node(store, settings, executor, open_prices(config, settings.node.genesis)) as running,
            _serving(config, running, _get_proving(settings.pipeline)) as port,
        ):
            header = running.node.live.state.header
            facts = {"batch": header.batch_number, "sequence": store.last_sequence, "epoch": store.epoch}
            log.info("node serves", host=config.api.host, port=port, **facts)
            await stopped.wait()
            log.info("node stops")
    log.info("node has stopped")


@asynccontextmanager
async def _serving(config: NodeConfig, running: RunningNode, proving: ProvingFacts) -> AsyncIterator[int]:
    api = config.api
    limits = ApiLimits(
        max_body_bytes=api.max_body_bytes,
        max_connections=api.max_connections,
        max_connections_per_address=api.max_connections_per_address,
        send_s=api.send_s,
        requests_per_s_per_address=api.requests_per_s_per_address,
        commands_per_s_per_address=api.commands_per_s_per_address,
        commands_per_s_per_account=api.commands_per_s_per_account,
    )
    app = make_app(running.node, limits, origins=api.origins, proving=proving)
    if config.embedded_chain is not None:
        add_development(app, running.publisher.ask)
    async with serving(app, api.host, api.port) as port:
        yield port


def _get_proving(pipeline: PipelineSettings) -> ProvingFacts:
    return ProvingFacts(pipeline.shape, pipeline.verifying_key_be, pipeline.is_development_key)


def _check_chain(config: NodeConfig, layer: BaseLayer) -> None:
    if layer.chain_id != config.base_layer.chain_id:
        raise DeploymentElsewhere("chain id", str(layer.chain_id), str(config.base_layer.chain_id))


def _open_executor(config: NodeConfig) -> ProofExecutor:
    proving = config.proving
    settings = ProverSettings(
        keys_dir=proving.keys or get_default_keys_dir(),
        workers=proving.workers,
        threads=proving.threads,
        timeout_s=proving.timeout_s,
        max_tries=proving.retries + 1,
        niceness=proving.nice,
    )
    if proving.ray_address:
        # imported here: an extra that only those who use a cluster have
        from sequencer.node.ray_pool import open_ray_pool

        return open_ray_pool(proving.ray_address, settings)
    return open_local_pool(settings)


def _open_receipt_key(path: Path) -> bytes:
    """Return the key that signs receipts, made at random where there is none."""
    if not path.exists():
        write_atomically(path, secrets.token_bytes(_KEY_BYTES).hex().encode(), is_secret=True)
        sync_folder(path.parent)
    return read_secret(path, _KEY_BYTES)


def _make_genesis(config: NodeConfig, layer: BaseLayer, deployment: Deployment) -> tuple[Params, State]:
    """Return parameters and state of a new deployment: nobody has anything, marks are the oracle's first."""
    params = make_params(read_oracle_keys(config), deployment)
    proving, leaf, bandwidth = params.min_base_fee
    fees = Resources(base_fees=(proving, leaf, bandwidth))
    return params, make_genesis(read_first_prices(config), layer.get_head().timestamp_s, fees)

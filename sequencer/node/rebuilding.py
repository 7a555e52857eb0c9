"""`zkmargin node --rebuild-from-base-layer`: an empty store filled with what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from prover import kernel
from rollup.shapes import get_shape
from sequencer.base_layers import is_embedded, open_base_layer
from sequencer.errors import DeploymentElsewhere, FileMissing
from sequencer.node.base_history import HistoricLayer
from sequencer.node.base_rebuild import RebuiltNode, check_store_empty, fill_store, rebuild_state, start_receipts_anew
from sequencer.node.blob_sources import open_blob_sources
from sequencer.node.config import NodeConfig
from sequencer.node.deploying import DEPLOYMENT, SEQUENCER_KEY, NodeDeployment, read_deployment
from sequencer.node.opening import open_store
from sequencer.progress import Report
from sequencer.snapshots import GENESIS, read_snapshot
from verifier.base_layer import EmbeddedEvm

__all__ = ["rebuild_node"]

_NEEDED = (DEPLOYMENT, GENESIS, SEQUENCER_KEY)


def rebuild_node(config: NodeConfig, blobs: Path | None, report: Report, *, beacons: Sequence[str] = ()) -> RebuiltNode:
    """Return what was rebuilt, once the store holds it. `blobs`: a folder of blobs that the base layer no longer gives.

    `beacons`: addresses of beacon nodes, asked before those of the configuration. The data folder must hold deployment,
    genesis and the sequencer's key, which nothing else can tell. Raises FileMissing, StoreRequestInvalid where the
    store is not empty, DeploymentElsewhere, DataFault, StoreError, BaseLayerError, OSError.
    """
    kernel.install()
    folder = config.node.data
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise FileMissing(str(folder / name), "file, and the base layer does not hold what is in it")
    deployment, genesis = read_deployment(folder), read_snapshot(folder / GENESIS)
    with open_store(config.store_target) as store:
        check_store_empty(store)
        with (
            closing(_connect(config, deployment)) as layer,
            open_blob_sources(layer, blobs, (*beacons, *config.read_beacons())) as get_blob,
        ):
            place = (layer, deployment, genesis, get_shape(config.node.shape))
            rebuilt = rebuild_state(*place, get_blob, report)
        # first: with the store as it will be, the old key could sign a second history
        start_receipts_anew(folder, config.receipt_key_path)
        fill_store(store, rebuilt)
    return rebuilt


def _connect(config: NodeConfig, deployment: NodeDeployment) -> HistoricLayer:
    name = config.read_base_layer()
    if not is_embedded(name):
        from verifier.base_layer.json_rpc import JsonRpcNode  # web3 takes a second

        return JsonRpcNode(name, chain_id=deployment.chain_id)
    layer = open_base_layer(name, None, is_real_time=True)
    assert isinstance(layer, EmbeddedEvm)
    if layer.chain_id != deployment.chain_id:
        layer.close()
        raise DeploymentElsewhere("chain id", str(layer.chain_id), str(deployment.chain_id))
    return layer

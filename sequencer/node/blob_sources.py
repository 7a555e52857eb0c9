"""Where a rebuild finds blobs: a folder, the embedded chain that kept them, beacon nodes; asked in this order.

None of them is trusted: whoever uses a blob holds it to its versioned hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from rollup.blob import BLOB_BYTES
from verifier import kzg
from verifier.base_layer import BaseLayerError, ChainReader, EmbeddedEvm
from verifier.base_layer.node_errors import NodeUnreachable
from verifier.beacon import BeaconNode

__all__ = ["GetBlob", "open_beacons", "open_blob_folder", "open_blob_sources"]

GetBlob = Callable[[bytes, int], bytes | None]
"""Returns the blob of a versioned hash that stands in a block of this number, None where it is not known."""

# a node that does not answer, or has had enough of us, is asked again for some four seconds
_RETRYING: Final = Retrying(
    retry=retry_if_exception_type(NodeUnreachable),
    wait=wait_exponential(multiplier=0.5),
    stop=stop_after_attempt(4),
    reraise=True,
)


@contextmanager
def open_blob_sources(layer: ChainReader, folder: Path | None, beacons: Sequence[str]) -> Iterator[GetBlob]:
    """Yield where blobs are found. `beacons`: addresses of beacon nodes. Raises as `open_beacons`."""
    sources = [] if folder is None else [open_blob_folder(folder)]
    if isinstance(layer, EmbeddedEvm):
        sources.append(partial(_ask_embedded, layer))
    with open_beacons(layer, beacons) as from_beacons:
        yield partial(_ask_in_turn, (*sources, from_beacons))


def open_blob_folder(folder: Path) -> GetBlob:
    """Return where blobs are found that stand in a folder as `*.blob`, whatever their names."""
    paths = {}
    for path in sorted(folder.glob("*.blob")):
        if path.stat().st_size == BLOB_BYTES:
            paths[kzg.versioned_hash(kzg.commit(path.read_bytes()))] = path
    return lambda versioned_hash, _: paths[versioned_hash].read_bytes() if versioned_hash in paths else None


@contextmanager
def open_beacons(layer: ChainReader, urls: Sequence[str]) -> Iterator[GetBlob]:
    """Yield what asks these nodes, one after the other, for blobs of a layer's blocks.

    What the last one raises comes out where none has the blob: BeaconBlobMissing, BeaconBlobWrong, NodeUnreachable,
    NodeRefused, NodeAnswerInvalid. Raises NodeUrlInvalid.
    """
    with ExitStack() as stack:
        nodes = [stack.enter_context(closing(BeaconNode(url))) for url in urls]
        yield partial(_ask_beacons, layer, nodes)


def _ask_in_turn(sources: Sequence[GetBlob], versioned_hash: bytes, number: int) -> bytes | None:
    return next((blob for get_blob in sources if (blob := get_blob(versioned_hash, number)) is not None), None)


def _ask_embedded(layer: EmbeddedEvm, versioned_hash: bytes, _: int) -> bytes | None:
    return layer.get_blob(versioned_hash)


def _ask_beacons(layer: ChainReader, nodes: Sequence[BeaconNode], versioned_hash: bytes, number: int) -> bytes | None:
    if not nodes:
        return None
    block, failure = layer.get_block(number), BaseLayerError()
    for node in nodes:
        try:
            return _RETRYING(node.get_blob, versioned_hash, block)
        except BaseLayerError as error:  # another one may have it
            failure = error
    raise failure

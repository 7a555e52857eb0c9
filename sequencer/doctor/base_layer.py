"""The base layer: reached, of the right chain, its clock and ours, contract and root, what pays; its beacon nodes."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from eth_utils.abi import function_signature_to_4byte_selector

from rollup.errors import RollupError
from sequencer.doctor.checks import Check, note, ok, wrong
from sequencer.doctor.roots import KnownRoots
from sequencer.files import read_limited
from sequencer.node.config import NodeConfig
from verifier.base_layer import BaseLayer

__all__ = ["check_base_layer"]

DEPLOYMENT: Final = "deployment.json"
_MAX_BYTES: Final = 2**16
_STATE_ROOT: Final = function_signature_to_4byte_selector("stateRoot()")
_WORD_BYTES: Final = 32
AHEAD_S: Final = 15  # of a head's time before ours: a block's time is its proposer's, a slot is 12 s
BEHIND_S: Final = 300


def check_base_layer(config: NodeConfig, known: KnownRoots) -> Iterator[Check]:
    """Yield what the base layer says. An embedded chain is of the node alone: only its file is looked at."""
    if config.embedded_chain is not None:
        yield _check_embedded(config)
        return
    # imported here: web3 takes a second, which only those who use a node should wait
    from verifier.base_layer.json_rpc import JsonRpcNode
    from verifier.base_layer.key_file import read_keys

    try:
        keys = () if config.base_layer.key_file is None else read_keys(config.base_layer.key_file)
        layer = JsonRpcNode(config.read_base_layer(), keys, chain_id=config.base_layer.chain_id)
        yield ok("base layer", f"{config.base_layer.url or 'the address in url_file'}: chain {layer.chain_id}")
        yield _check_clock(layer)
        yield _check_contract(config, layer, known)
        yield _check_balance(config, layer)
        yield from _check_beacons(config, layer)
    except RollupError as error:
        yield wrong("base layer", str(error), "see base_layer.url, chain_id and key_file, and that the node is up")
    except OSError as error:
        yield wrong("base layer", f"{error.filename}: {error.strerror}", "see base_layer.url_file, beacon_url_file")


def _check_beacons(config: NodeConfig, layer: BaseLayer) -> Iterator[Check]:
    from verifier.beacon import BeaconNode

    head, name = layer.get_head(), "beacon node"
    for url in config.read_beacons():
        try:
            with closing(BeaconNode(url)) as beacon:
                yield ok(name, f"{beacon.node}: the head is its block {beacon.name_block(head)}")
        except RollupError as error:
            yield wrong(name, str(error), "see base_layer.beacon_urls: a rebuild would ask it for blobs")


def _check_embedded(config: NodeConfig) -> Check:
    path = config.embedded_chain
    assert path is not None
    if not path.exists():
        return note("base layer", f"embedded, {path}: not there yet", "it is made at the first start")
    if not os.access(path, os.R_OK | os.W_OK):
        return wrong("base layer", f"embedded, {path}: not to be read and written", "let this user read and write it")
    return ok("base layer", f"embedded, {path}: for development")


def _check_clock(layer: BaseLayer) -> Check:
    head = layer.get_head()
    behind_s = time.time() - head.timestamp_s
    found = f"block {head.number} is {behind_s:.0f} s old"
    if behind_s < -AHEAD_S:
        return wrong(
            "clock", f"block {head.number} is {-behind_s:.0f} s in the future", "set this machine's clock (NTP)"
        )
    if behind_s > BEHIND_S:
        return wrong("clock", found, "wait until the node has caught up with its chain, or set this machine's clock")
    return ok("clock", found)


def _check_contract(config: NodeConfig, layer: BaseLayer, known: KnownRoots) -> Check:
    name, address = "contract", _find_contract(config)
    if address is None:
        return note(name, f"no address in base_layer.contract nor {DEPLOYMENT}", "it is deployed at the first start")
    answer = layer.call(address, _STATE_ROOT)
    where = f"0x{address.hex()}"
    if len(answer) != _WORD_BYTES:
        return wrong(name, f"{where}: no Rollup on chain {layer.chain_id}", "see base_layer.contract and chain_id")
    root = int.from_bytes(answer, "big")
    if not known.is_known:
        return note(
            name, f"{where}: at root {root}", "what the store knows could not be read: see the line of the store"
        )
    if not known.holds(root):
        found = f"{where}: at root {root}, which the store does not know"
        return wrong(name, found, "restore the store of this rollup: never start anew beside it")
    return ok(name, f"{where}: at a root of the store")


def _find_contract(config: NodeConfig) -> bytes | None:
    """Return the address, as configured or as the node's folder has it."""
    text = config.base_layer.contract
    path = config.node.data / DEPLOYMENT
    if not text and path.is_file():
        try:
            raw = json.loads(read_limited(path, _MAX_BYTES))
            text = str(raw["contract"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
    return bytes.fromhex(text[2:]) if re.fullmatch(r"0x[0-9a-fA-F]{40}", text) else None


def _check_balance(config: NodeConfig, layer: BaseLayer) -> Check:
    balance_wei, needed_wei = layer.get_balance_wei(layer.sender), config.base_layer.min_balance_wei
    found = f"0x{layer.sender.hex()} has {balance_wei / 10**18:.4f} ETH"
    if balance_wei < needed_wei:
        return wrong("balance", found, f"send it some: there is an alarm below {needed_wei / 10**18:.4f} ETH")
    return ok("balance", found)

"""The node's configuration, section by section: docs/node-config.md has the same keys, and a test compares the two.

Secrets are never in it: a key, a password or an address that holds an access key is named by the path of a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit

from rollup.shapes import SHAPES
from rollup.units import PRICE_BITS
from sequencer.node.config_keys import ConfigInvalid, KeySpec
from sequencer.oracle_keys import find_key_fault

__all__ = [
    "ApiSection",
    "AuctionSection",
    "BaseLayerSection",
    "ConfigInvalid",
    "GroupsSection",
    "LogSection",
    "NodeConfig",
    "NodeSection",
    "OracleSection",
    "ProvingSection",
    "StoreSection",
    "WatcherSection",
]

_SECRET_OPTIONS: Final = {"password", "sslpassword"}


def _find_secret(text: str) -> str | None:
    """Return what is wrong with an address that holds a secret; never the secret."""
    parts = urlsplit(text)
    if parts.password is not None or _SECRET_OPTIONS & {name for name, _ in parse_qsl(parts.query)}:
        return "an address with a password in it"
    return None


def _check_base_layer(text: str) -> str | None:
    if re.fullmatch(r"embedded:.+", text) or text == "":
        return None
    return _check_http(text)


def _check_http(text: str) -> str | None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "another kind of address"
    return "an address with a user in it" if parts.username else None


def _check_contract(text: str) -> str | None:
    return None if re.fullmatch(r"(0x[0-9a-fA-F]{40})?", text) else repr(text)[:80]


@dataclass(frozen=True)
class NodeSection:
    """What the node is, and where it keeps what it keeps."""

    data: Annotated[Path, KeySpec("path", "folder of the node, mode 0700; required")]
    shape: Annotated[str, KeySpec("str", "lanes of a batch", choices=tuple(SHAPES))] = "small"
    receipt_key_file: Annotated[
        Path | None,
        KeySpec("path", "32 bytes in hexadecimal that sign receipts, mode 0600; empty: receipt.key in the data folder"),
    ] = None
    withdraw_only: Annotated[bool, KeySpec("bool", "take cancels, withdrawals and closes alone")] = False


@dataclass(frozen=True)
class StoreSection:
    """Log, snapshots and artefacts (docs/node-storage.md)."""

    target: Annotated[
        str, KeySpec("str", "a folder (SQLite) or postgresql://; empty: store in the data folder", check=_find_secret)
    ] = ""
    password_file: Annotated[
        Path | None, KeySpec("path", "PostgreSQL's passfile, mode 0600: host:port:database:user:password")
    ] = None
    snapshot_records: Annotated[int, KeySpec("int", "records between two snapshots", low=1_000, high=10_000_000)] = (
        100_000
    )
    keep_settled_days: Annotated[
        float,
        KeySpec("float", "days that settled batches and their log are kept; 0: for ever", low=0, high=36_500),
    ] = 0.0


@dataclass(frozen=True)
class BaseLayerSection:
    """Where batches settle (docs/base-layer.md)."""

    url: Annotated[str, KeySpec("str", "embedded:PATH or http(s)://", check=_check_base_layer)] = (
        "embedded:chain.sqlite3"
    )
    url_file: Annotated[
        Path | None, KeySpec("path", "file with the address, mode 0600, where it holds an access key")
    ] = None
    beacon_urls: Annotated[
        tuple[str, ...],
        KeySpec("strs", "beacon nodes, asked in turn for the blobs of a rebuild: http(s)://", check=_check_http),
    ] = ()
    beacon_url_file: Annotated[
        Path | None, KeySpec("path", "file with more of them, one a line, mode 0600, where they hold access keys")
    ] = None
    key_file: Annotated[
        Path | None, KeySpec("path", "keys that pay, one a line in hexadecimal, mode 0600; a node needs one")
    ] = None
    chain_id: Annotated[int, KeySpec("int", "EIP-155 chain id; another chain is refused", low=1, high=2**63 - 1)] = (
        31_337
    )
    contract: Annotated[
        str, KeySpec("str", "address of the Rollup; empty: that of deployment.json", check=_check_contract)
    ] = ""
    min_balance_wei: Annotated[
        int, KeySpec("int", "of the sequencer's address, below which there is an alarm", low=0, high=10**24)
    ] = 5 * 10**16


@dataclass(frozen=True)
class ApiSection:
    """Who may ask, and how much."""

    host: Annotated[str, KeySpec("str", "address to listen on")] = "127.0.0.1"
    port: Annotated[int, KeySpec("int", "port; 0: any that is free", low=0, high=65_535)] = 8_645
    max_body_bytes: Annotated[int, KeySpec("int", "of one request", low=2**10, high=2**26)] = 2**20
    max_connections: Annotated[int, KeySpec("int", "at once", low=1, high=100_000)] = 1_024
    max_connections_per_address: Annotated[int, KeySpec("int", "at once", low=1, high=100_000)] = 256
    requests_per_s_per_address: Annotated[
        int, KeySpec("int", "with a burst of twice as much", low=1, high=1_000_000)
    ] = 5_000
    commands_per_s_per_address: Annotated[
        int, KeySpec("int", "with a burst of twice as much", low=1, high=1_000_000)
    ] = 10_000
    commands_per_s_per_account: Annotated[
        int, KeySpec("int", "with a burst of twice as much", low=1, high=1_000_000)
    ] = 10_000
    send_s: Annotated[
        float, KeySpec("float", "seconds after which a client that takes nothing is cut off", low=0.1, high=600)
    ] = 10.0
    origins: Annotated[tuple[str, ...], KeySpec("strs", "web pages that browsers may ask from (CORS)")] = ()


@dataclass(frozen=True)
class AuctionSection:
    """How often markets clear."""

    tick_s: Annotated[float, KeySpec("float", "seconds between two looks at the books", low=0.01, high=60)] = 0.25
    min_interval_s: Annotated[
        float, KeySpec("float", "seconds between two auctions; grows with the backlog", low=0.01, high=3600)
    ] = 0.25


@dataclass(frozen=True)
class ProvingSection:
    """Who proves, and how patiently."""

    workers: Annotated[int, KeySpec("int", "proofs at once", low=1, high=1_024)] = 1
    threads: Annotated[int, KeySpec("int", "of each worker", low=1, high=1_024)] = 1
    nice: Annotated[int, KeySpec("int", "of workers; 19: what nobody else wants", low=0, high=19)] = 19
    ray_address: Annotated[str, KeySpec("str", "a Ray cluster; empty: processes here", check=_find_secret)] = ""
    retries: Annotated[int, KeySpec("int", "of one proof, then there is an alarm", low=0, high=1_000)] = 3
    timeout_s: Annotated[float, KeySpec("float", "seconds for one proof", low=1, high=86_400)] = 900.0
    keys: Annotated[
        Path | None, KeySpec("path", "folder of proving keys; empty: zkmargin/keys in the cache folder")
    ] = None


@dataclass(frozen=True)
class GroupsSection:
    """When batches that share a blob are sealed."""

    max_batches: Annotated[int, KeySpec("int", "of one group", low=1, high=64)] = 16
    max_age_s: Annotated[
        float, KeySpec("float", "seconds after which a group is sealed with what there is", low=0, high=3600)
    ] = 10.0


@dataclass(frozen=True)
class OracleSection:
    """Who says what prices are: an oracle outside, or three signers inside this process, for development."""

    source: Annotated[
        str,
        KeySpec("str", "fixed prices, those of a tape, or what signers send", choices=("fixed", "tape", "outside")),
    ] = "fixed"
    prices_ticks: Annotated[
        tuple[int, ...],
        KeySpec("ints", "by market, for fixed; the first marks, for outside", low=1, high=2**PRICE_BITS - 1),
    ] = (25_000_000,)
    public_keys: Annotated[
        tuple[str, ...],
        KeySpec("strs", "for outside: the signers' keys, three, by zkmargin oracle key", check=find_key_fault),
    ] = ()
    tape: Annotated[Path | None, KeySpec("path", "trades, as replay reads them, for tape")] = None
    key_files: Annotated[
        tuple[Path, ...], KeySpec("paths", "the signers' keys, three, mode 0600; empty: made in the data folder")
    ] = ()
    interval_s: Annotated[
        float, KeySpec("float", "seconds between two looks of the signers at their prices", low=0.1, high=15)
    ] = 1.0


@dataclass(frozen=True)
class WatcherSection:
    """How the base layer is followed. An entry of the queue counts once its block is final."""

    poll_s: Annotated[float, KeySpec("float", "seconds between two looks", low=0.05, high=3600)] = 1.0
    max_pause_s: Annotated[float, KeySpec("float", "longest pause while a node does not answer", low=1, high=3600)] = (
        60.0
    )


@dataclass(frozen=True)
class LogSection:
    """What the node says of itself, on stderr."""

    level: Annotated[str, KeySpec("str", "least that is said", choices=("debug", "info", "warning", "error"))] = "info"
    json: Annotated[bool, KeySpec("bool", "one JSON object a line; else text for people")] = True


@dataclass(frozen=True)
class NodeConfig:
    """The whole of it. `load_config` makes one."""

    file: Path
    node: NodeSection
    store: StoreSection
    base_layer: BaseLayerSection
    api: ApiSection
    auction: AuctionSection
    proving: ProvingSection
    groups: GroupsSection
    oracle: OracleSection
    watcher: WatcherSection
    log: LogSection

    @property
    def store_target(self) -> str:
        """What `open_store` takes: a folder, or the URL with its passfile."""
        target, passfile = self.store.target, self.store.password_file
        if not target:
            return str(self.node.data / "store")
        if "://" not in target:
            return str(self.file.parent / Path(target).expanduser())
        if passfile is None:
            return target
        return f"{target}{'&' if '?' in target else '?'}passfile={passfile}"

    @property
    def receipt_key_path(self) -> Path:
        """The file with the key that signs receipts."""
        return self.node.receipt_key_file or self.node.data / "receipt.key"

    @property
    def embedded_chain(self) -> Path | None:
        """The file of the embedded chain, taken from the data folder; None where the base layer is a node."""
        if self.base_layer.url_file is not None or not self.base_layer.url.startswith("embedded:"):
            return None
        return self.node.data / Path(self.base_layer.url.removeprefix("embedded:")).expanduser()

    def read_base_layer(self) -> str:
        """Return the base layer's name: `embedded:PATH`, or an address, from its file where one is named.

        Raises OSError.
        """
        if self.embedded_chain is not None:
            return f"embedded:{self.embedded_chain}"
        if self.base_layer.url_file is not None:
            return self.base_layer.url_file.read_text().strip()
        return self.base_layer.url

    def read_beacons(self) -> tuple[str, ...]:
        """Return the addresses of beacon nodes, those of their file last. Raises OSError."""
        path = self.base_layer.beacon_url_file
        return (*self.base_layer.beacon_urls, *(path.read_text(errors="replace").split() if path is not None else ()))

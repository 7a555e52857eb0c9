"""The oracle of a configuration: whose keys the deployment is bound to, its first prices, who signs in this process.

With the signers outside nobody does: their messages come by the API.
"""

from __future__ import annotations

from rollup.babyjubjub import Point
from rollup.params import Params
from rollup.snapshot import Snapshot
from sequencer.market import compute_price_ticks
from sequencer.node.config import NodeConfig
from sequencer.node.oracle import FixedPrices, PriceSource, TapePrices, open_signers
from sequencer.node.price_refusals import OracleForeign
from sequencer.oracle_feed import OracleSigner
from sequencer.oracle_keys import parse_public_key, spell_public_key
from sequencer.snapshots import SnapshotFile
from sequencer.tape import read_tape

__all__ = ["check_oracle", "open_prices", "read_first_prices", "read_oracle_keys"]


def read_oracle_keys(config: NodeConfig) -> tuple[Point, ...]:
    """Return the signers' public keys. Raises KeyFileInvalid."""
    if config.oracle.source == "outside":
        return tuple(map(parse_public_key, config.oracle.public_keys))
    return tuple(signer.public_key for signer in _open_signers(config))


def check_oracle(config: NodeConfig, params: Params) -> None:
    """Raise OracleForeign where a signer's key is not the deployment's: no batch could use what it says."""
    for signer, pair in enumerate(zip(read_oracle_keys(config), params.oracle_keys, strict=True)):
        got, expected = map(spell_public_key, pair)
        if got != expected:
            raise OracleForeign(signer, got, expected)


def read_first_prices(config: NodeConfig) -> tuple[int, ...]:
    """Return the first marks, by market."""
    if config.oracle.source == "tape" and config.oracle.tape is not None:
        return (compute_price_ticks(read_tape(config.oracle.tape)[0].price_e9),)
    return config.oracle.prices_ticks


def open_prices(config: NodeConfig, genesis: Snapshot | SnapshotFile) -> PriceSource | None:
    """Return who signs prices inside this process; None where the oracle is outside."""
    domain = genesis.params.domain
    if config.oracle.source == "outside":
        return None
    if config.oracle.source == "tape" and config.oracle.tape is not None:
        started_s = genesis.header.timestamp_s
        return TapePrices(_open_signers(config), tuple(read_tape(config.oracle.tape)), started_s, domain)
    return FixedPrices(_open_signers(config), config.oracle.prices_ticks, domain)


def _open_signers(config: NodeConfig) -> tuple[OracleSigner, ...]:
    return open_signers(config.node.data, config.oracle.key_files)

"""Who a replay's people are on the base layer: secp256k1 keys derived from its seed, and the contract they deal with.

Whoever knows the seed has every key: they are for replays, and what they hold is test money.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from verifier.addresses import predict_address

__all__ = [
    "DEPLOYER",
    "SEQUENCER",
    "STRANGER",
    "Deployment",
    "derive_address",
    "derive_base_key",
    "find_deployment",
    "list_people",
    "name_owner",
]

DEPLOYER: Final = "deployer"  # its first transaction creates the Rollup; it governs
SEQUENCER: Final = "sequencer"  # commits and settles groups
STRANGER: Final = "stranger"  # deposits for accounts that others own
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1 (SEC 2, 2.4.1)


@dataclass(frozen=True)
class Deployment:
    """What signatures and proofs of a run are bound to."""

    chain_id: int
    contract: int  # 160-bit address


def derive_base_key(seed: int, name: str) -> PrivateKey:
    """Return the key of that name."""
    digest = keccak(b"zkmargin replay base layer" + seed.to_bytes(32, "big", signed=True) + name.encode())
    return PrivateKey((int.from_bytes(digest, "big") % (_ORDER - 1) + 1).to_bytes(32, "big"))


def derive_address(seed: int, name: str) -> bytes:
    """Return the 20-byte address of that name's key."""
    return derive_base_key(seed, name).public_key.to_canonical_address()


def name_owner(account: int) -> str:
    """Return the name of an account's owner."""
    return f"owner {account}"


def list_people(accounts: Iterable[int]) -> tuple[str, ...]:
    """Return everybody's name, the owners of these accounts last."""
    return (DEPLOYER, SEQUENCER, STRANGER, *map(name_owner, accounts))


def find_deployment(seed: int, chain_id: int) -> Deployment:
    """Return the chain with the address of the contract that the seed's deployer creates first, on any chain."""
    return Deployment(chain_id, int.from_bytes(predict_address(derive_address(seed, DEPLOYER), 0), "big"))

"""The accounts of a run on the base layer: a secp256k1 key derived from the run's seed, and what it signed so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from sequencer.rival_slots import RivalSlots

__all__ = ["RivalSigner", "RivalSigners", "derive_rival_key"]

_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1 (SEC 2, 2.4.1)


def derive_rival_key(seed: int, account: int) -> PrivateKey:
    """Return the key of an account. Whoever knows the seed has it: it is for replays."""
    digest = keccak(b"zkmargin rival" + seed.to_bytes(32, "big") + account.to_bytes(32, "big"))
    return PrivateKey((int.from_bytes(digest, "big") % (_ORDER - 1) + 1).to_bytes(32, "big"))


@dataclass
class RivalSigner:
    """An account at the rival, which is its address."""

    key: PrivateKey
    slots: RivalSlots = field(default_factory=RivalSlots)
    nonce: int = 0  # of its next request
    epoch: int = 0

    @property
    def address(self) -> bytes:
        """The 20 bytes by which the contract knows it."""
        return self.key.public_key.to_canonical_address()


@dataclass
class RivalSigners:
    """All accounts of a run, made as they are met."""

    seed: int
    _signers: dict[int, RivalSigner] = field(default_factory=dict)

    def get(self, account: int) -> RivalSigner:
        """Return the signer of an account."""
        if account not in self._signers:
            self._signers[account] = RivalSigner(derive_rival_key(self.seed, account))
        return self._signers[account]

"""The accounts of a run at the rival: each owner's key on the base layer, and what it signed so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_keys.datatypes import PrivateKey

from sequencer.rival_slots import RivalSlots
from sequencer.settlement.people import derive_base_key, name_owner

__all__ = ["RivalSigner", "RivalSigners"]


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
            self._signers[account] = RivalSigner(derive_base_key(self.seed, name_owner(account)))
        return self._signers[account]

"""The oracle as the node shows it."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Big

__all__ = ["Oracle", "OracleSigner"]


class OracleSigner(msgspec.Struct):
    """One signer, and what it said last. is_fresh: a batch now could use it."""

    signer: int
    key: tuple[Big, Big]
    time_s: int | None
    is_fresh: bool
    prices_ticks: tuple[int, ...]


class Oracle(msgspec.Struct):
    """The oracle. Without fresh messages of two signers nothing trades: is_stale."""

    is_stale: bool
    max_age_s: int
    signers: tuple[OracleSigner, ...]

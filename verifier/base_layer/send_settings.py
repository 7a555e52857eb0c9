"""How transactions are sent to a node. Apart from what sends them: that takes web3, which takes a second."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.base_layer.fees import GWEI

__all__ = ["SendSettings"]


@dataclass(frozen=True)
class SendSettings:
    """How patient and how generous."""

    receipt_timeout_s: float = 180.0
    raise_fees_after_s: float = 36.0  # three slots of Ethereum
    poll_interval_s: float = 0.5
    max_price_wei: int = 500 * GWEI  # for a unit of gas, and for one of blob gas
    takes_over: bool = False  # nobody else sends under these keys: what an earlier process left unmined is replaced

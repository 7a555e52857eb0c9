"""Cash operations: one file a kind, each a frozen record with its message, checks and effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rollup.accounts import Account
from rollup.signature import Signature
from rollup.tick import Tick
from rollup.txs.cancel import Cancel
from rollup.txs.cancel_all import CancelAll
from rollup.txs.close_account import CloseAccount
from rollup.txs.deposit import Deposit
from rollup.txs.effect import NO_FLOWS, Effect, Flows, sum_flows
from rollup.txs.evict import Evict, find_evictable
from rollup.txs.forced_cancel_all import ForcedCancelAll
from rollup.txs.forced_key_change import ForcedKeyChange
from rollup.txs.forced_trade import ForcedTrade
from rollup.txs.forced_withdraw import ForcedWithdraw
from rollup.txs.key_change import KeyChange
from rollup.txs.queue import BridgeWords, QueueEntry
from rollup.txs.set_tier import SetTier
from rollup.txs.signed import SignedOp
from rollup.txs.transfer import Transfer, TransferIn
from rollup.txs.withdraw import Withdraw

__all__ = [
    "NO_FLOWS",
    "Cancel",
    "CancelAll",
    "CashOp",
    "CashRequest",
    "CloseAccount",
    "Deposit",
    "Effect",
    "Evict",
    "Flows",
    "ForcedCancelAll",
    "ForcedKeyChange",
    "ForcedTrade",
    "ForcedWithdraw",
    "KeyChange",
    "QueueEntry",
    "SetTier",
    "SignedCashOp",
    "SignedOp",
    "Transfer",
    "TransferIn",
    "Withdraw",
    "compute_bridge_words",
    "compute_effect",
    "find_evictable",
    "sum_flows",
]

CashRequest: TypeAlias = QueueEntry | SignedOp | Evict
CashOp: TypeAlias = CashRequest | TransferIn  # what a CashLane carries


@dataclass(frozen=True)
class SignedCashOp:
    """A cash operation as it reached the sequencer; only a `SignedOp` has a signature.

    A forced trade stands in the same queue as other entries, but takes RescueLanes.
    """

    op: CashRequest | ForcedTrade
    signature: Signature | None = None


def compute_effect(op: CashOp, account: Account, tick: Tick) -> Effect:
    """Return what the operation does to its account, all but the signature checked.

    Raises TxRejected: a signed operation or an eviction is refused, an entry of the queue has to wait.
    """
    if isinstance(op, SignedOp):
        op.check(account, tick)
    return op.apply(account, tick)


def compute_bridge_words(op: CashOp | None, owner: int, is_applied: bool, paid_e6: int) -> BridgeWords:
    """Return the four elements a CashLane adds to the data commitment: all zero where nothing crosses the bridge.

    `owner` is the account's before the lane; `paid_e6` is what a forced withdrawal paid, else 0.
    """
    if isinstance(op, QueueEntry):
        return op.bridge_words(is_applied, paid_e6)
    if isinstance(op, Withdraw | CloseAccount):
        return op.bridge_words(owner)
    return 0, 0, 0, 0

"""What a group pays out on the base layer, as one keccak root: the twin of contracts/rollup/PaymentTree.sol."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from verifier.bridge import Payment

__all__ = ["compute_payments_root", "find_path", "hash_payment"]

_EMPTY_ROOT = bytes(32)


def hash_payment(index: int, payment: Payment) -> bytes:
    """Return keccak256(index | owner | amount), 32 bytes each: a payment's leaf, and no node, which has 64 bytes."""
    return keccak(b"".join(value.to_bytes(32, "big") for value in (index, payment.owner, payment.amount_e6)))


def compute_payments_root(payments: Sequence[Payment]) -> bytes:
    """Return the root over a group's payments in order; 32 zero bytes for none."""
    levels = _build_levels(payments)
    return levels[-1][0] if levels else _EMPTY_ROOT


def find_path(payments: Sequence[Payment], index: int) -> list[bytes]:
    """Return what leads from a payment's leaf to the root, leaf first. Levels on which it has no sibling have none."""
    path = []
    for level in _build_levels(payments)[:-1]:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return path


def _build_levels(payments: Sequence[Payment]) -> list[list[bytes]]:
    """Return the leaves, then each level above them; the last of an odd level goes up as it is."""
    level = [hash_payment(index, payment) for index, payment in enumerate(payments)]
    levels = [level] if level else []
    while len(level) > 1:
        level = [_hash_pair(level[i : i + 2]) for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def _hash_pair(pair: Sequence[bytes]) -> bytes:
    """Return the node above one or two children; the smaller comes first, so a path need not say which side it is."""
    return keccak(b"".join(sorted(pair))) if len(pair) == 2 else pair[0]

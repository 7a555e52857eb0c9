"""Private inputs that lanes of every kind have in common: an account's fields, a path, a signature."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.accounts import Account
from rollup.signature import Signature, divide_by_eight
from rollup.trace import Path

__all__ = ["Values", "account_values", "leaf_values", "path_values", "signature_values"]

Values = dict[str, int]


def account_values(account: Account) -> Values:
    """Return the inputs account/.. of an opened leaf whose key may sign."""
    eighth = divide_by_eight(account.key) if account.key != (0, 0) else (0, 0)
    values = leaf_values(account) | {"key_div_8_x": eighth[0], "key_div_8_y": eighth[1]}
    return {f"account/{name}": value for name, value in values.items()}


def leaf_values(account: Account) -> Values:
    """Return the fields of an opened leaf by their names in `circuits/account.py`."""
    values = {
        "key_x": account.key[0],
        "key_y": account.key[1],
        "owner": account.owner,
        "tier": account.tier,
        "cash_nonce": account.cash_nonce,
        "epoch": account.epoch,
        "last_touched": account.last_touched_s,
        "cash": account.cash_atoms,
        "orders_root": account.orders_root,
    }
    for m, size in enumerate(account.sizes_lots):
        values |= {f"sign[{m}]": int(size < 0), f"size[{m}]": abs(size)}
    return values


def signature_values(signature: Signature | None) -> Values:
    """Return the inputs r8_x, r8_y and s, zeros without a signature."""
    r8, s = (signature.r8, signature.s) if signature else ((0, 0), 0)
    return {"r8_x": r8[0], "r8_y": r8[1], "s": s}


def path_values(name: str, path: Path) -> Iterator[tuple[str, int]]:
    """Yield the inputs {name}[h][k] of a tree path."""
    for height, children in enumerate(path):
        for k, child in enumerate(children):
            yield f"{name}[{height}][{k}]", child

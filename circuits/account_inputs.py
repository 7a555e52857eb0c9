"""An account and its path as private inputs by name: what every lane's inputs share."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.accounts import Account
from rollup.trace import Path

Values = dict[str, int]


def account_values(account: Account) -> Values:
    """Return the leaf's fields as account/{field}: sizes absolute, signs apart."""
    values = {
        "account/key_x": account.key[0],
        "account/key_y": account.key[1],
        "account/owner": account.owner,
        "account/tier": account.tier,
        "account/cash_nonce": account.cash_nonce,
        "account/epoch": account.epoch,
        "account/last_touched": account.last_touched_s,
        "account/cash": account.cash_atoms,
        "account/orders_root": account.orders_root,
    }
    for m, size in enumerate(account.sizes_lots):
        values |= {f"account/sign[{m}]": int(size < 0), f"account/size[{m}]": abs(size)}
    return values


def path_values(name: str, path: Path) -> Iterator[tuple[str, int]]:
    """Yield a tree path as {name}[height][child]."""
    for height, children in enumerate(path):
        for k, child in enumerate(children):
            yield f"{name}[{height}][{k}]", child

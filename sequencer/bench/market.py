"""The market a node is measured on: accounts that stand in its genesis, and orders signed before the clock runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Final

from rollup import tags
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.babyjubjub import Point
from rollup.orders import IOC, Order, SignedOrder
from rollup.params import Params
from rollup.signature import derive_public_key, sign
from rollup.state import Resources, State, make_genesis
from rollup.trees import SparseTree
from rollup.units import ACCOUNT_TREE_DEPTH, ATOMS_PER_E6, FIRST_USER_ACCOUNT, MAX_NONCE_STEP, SLOT_BITS
from sequencer.market import MARKET, make_params
from sequencer.node.commands import PlaceOrder
from sequencer.settlement.people import Deployment

__all__ = ["MARK_TICKS", "MIX", "Trader", "make_state", "make_traders", "stream_orders"]

MARK_TICKS: Final = 25_000_000
MIX: Final = {"replace": 60, "new": 30, "crossing": 10}  # per cent
_CASH_E6: Final = 10**12  # a million dollars each
_MAX_FEE_E6: Final = 10**8
_SIZE_LOTS: Final = 10**5
_RESTING_SLOTS: Final = 384  # the others take the crossing orders, which never rest
_LIFE_S: Final = 86_400


@dataclass
class Trader:
    """An account at work; slots and nonces as it has used them."""

    account: int
    key: bytes
    n_resting: int = 0  # slots 0 to this have been used
    n_crossing: int = 0
    nonces: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def make_order(self, kind: str, random: Random, expiry_s: int) -> Order:
        """Return an order that replaces, rests anew, or crosses at once and then is gone.

        Where nothing rests, a replacing one is new; where every slot rests, a new one replaces.
        """
        if kind == "crossing":
            slot = _RESTING_SLOTS + self.n_crossing % ((1 << SLOT_BITS) - _RESTING_SLOTS)
            self.n_crossing += 1
            return self._make(slot, random.randrange(2), -random.randint(2_000, 4_000), IOC, expiry_s)
        if self.n_resting == 0 or (kind == "new" and self.n_resting < _RESTING_SLOTS):
            slot, self.n_resting = self.n_resting, self.n_resting + 1
        else:
            slot = self._pick(random)
        return self._make(slot, slot % 2, random.randint(20, 2_000), 0, expiry_s)

    def _pick(self, random: Random) -> int:
        slots = [random.randrange(self.n_resting) for _ in range(4)]
        return min(slots, key=lambda slot: self.nonces[slot])  # a slot's nonces end, unless it is filled

    def _make(self, slot: int, side: int, away: int, flags: int, expiry_s: int) -> Order:
        """Return an order so many hundred-thousandths from the mark, on its own side of it."""
        self.nonces[slot] += 1
        assert self.nonces[slot] <= MAX_NONCE_STEP, "more orders than the traders' slots take"
        limit = MARK_TICKS + MARK_TICKS * (away if side else -away) // 100_000
        terms = (self.account, MARKET, side, slot, self.nonces[slot], 1, expiry_s, _SIZE_LOTS, limit, _MAX_FEE_E6)
        return Order(*terms, flags=flags)


def make_traders(count: int) -> tuple[Trader, ...]:
    """Return traders of the first accounts of `make_state`."""
    return tuple(Trader(account, _key_of(account)) for account in range(FIRST_USER_ACCOUNT, FIRST_USER_ACCOUNT + count))


def make_state(
    oracle_keys: tuple[Point, ...], deployment: Deployment, now_s: int, n_accounts: int, n_traders: int
) -> tuple[Params, State]:
    """Return parameters and genesis of a market in which so many accounts have cash; those of traders have own keys."""
    params = make_params(oracle_keys, deployment)
    proving, leaf, bandwidth = params.min_base_fee
    state = make_genesis((MARK_TICKS,), now_s, Resources(base_fees=(proving, leaf, bandwidth)))
    accounts = {
        FIRST_USER_ACCOUNT + index: Account(
            key=_derive(_key_of(FIRST_USER_ACCOUNT + (index if index < n_traders else 0))),
            owner=0xA000 + index,
            epoch=1,
            cash_atoms=_CASH_E6 * ATOMS_PER_E6,
            last_touched_s=now_s,
        )
        for index in range(n_accounts)
    }
    leaves = {number: account.leaf_hash() for number, account in accounts.items()}
    tree = SparseTree.build(ACCOUNT_TREE_DEPTH, tags.ACCOUNT_NODE, EMPTY_ACCOUNT.leaf_hash(), leaves)
    header = replace(state.header, accounts_root=tree.root, vault_e6=_CASH_E6 * n_accounts)
    return params, State(header, tree, accounts)


def stream_orders(traders: Sequence[Trader], domain: int, seed: int) -> Iterator[PlaceOrder]:
    """Yield signed orders of these traders for ever, in the mix. Assumes that they are sent in this order."""
    random, expiry_s = Random(seed), int(time.time()) + _LIFE_S
    kinds, weights = tuple(MIX), tuple(MIX.values())
    while True:
        trader = random.choice(traders)
        order = trader.make_order(random.choices(kinds, weights)[0], random, expiry_s)
        yield PlaceOrder(SignedOrder(order, sign(trader.key, order.message(domain))))


def _key_of(account: int) -> bytes:
    return account.to_bytes(32, "big")


@cache
def _derive(key: bytes) -> Point:
    return derive_public_key(key)

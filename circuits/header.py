"""The state header as hashes, and the old one opened. Twin of rollup/state.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import MARKET_COUNT, ORACLE_COUNT, RESOURCE_COUNT

STATE_FIELDS = 7
MARKET_TAGS = {
    "marks": tags.MARKS,
    "funding": tags.FUNDING,
    "premiums": tags.PREMIUMS,
    "open_interest": tags.OPEN_INTEREST,
}


SCALARS = ("congestion", "maintenance_factor", "pending_factor", "pending_since", "fund_budget")


@dataclass(frozen=True)
class Before:
    """The records of the state before the batch. They were in range when they were stored."""

    marks: list[LC]
    funding: list[LC]
    premiums: list[LC]
    open_interest: list[LC]
    base_fees: list[LC]
    signer_times: list[LC]
    congestion: LC
    maintenance_factor: LC
    pending_factor: LC
    pending_since: LC
    fund_budget: LC


def open_before(cs: ConstraintSystem, clock: LC) -> Before:
    """Return the records behind the port old_state_root, of the given clock.

    Private: before/{record}[..]. Ports: accounts_root, queue, vault, old_state_root. Constraints: 3,778.
    """
    with cs.scope("before"):
        markets: dict[str, Any] = {name: _privates(cs, name, MARKET_COUNT) for name in MARKET_TAGS}
        scalars: dict[str, Any] = {name: cs.private(name) for name in SCALARS}
        base_fees, times = _privates(cs, "base_fee", RESOURCE_COUNT), _privates(cs, "signer_time", ORACLE_COUNT)
        hashes = [hash_markets(cs, name, values) for name, values in markets.items()]
        records = [
            hash_all_markets(cs, hashes),
            poseidon(cs, [*base_fees, *scalars.values()], tags.RESOURCES, name="resources"),
            poseidon(cs, times, tags.ORACLE, name="oracle"),
        ]
    heads = [cs.port("queue"), cs.port("vault"), clock]
    root = hash_state(cs, [cs.port("accounts_root"), *records, *heads], name="before/state_root")
    cs.assert_equal(root, cs.port("old_state_root"), name="before/state_root/is_public")
    return Before(**markets, **scalars, base_fees=base_fees, signer_times=times)


def _privates(cs: ConstraintSystem, name: str, count: int) -> list[LC]:
    return [cs.private(f"{name}[{i}]") for i in range(count)]


def hash_markets(cs: ConstraintSystem, record: str, values: Sequence[LC]) -> LC:
    """Return the hash of one record of all markets: marks, funding, premiums or open_interest. Constraints: 609."""
    return poseidon(cs, values, MARKET_TAGS[record], name=record)


def hash_all_markets(cs: ConstraintSystem, hashes: Sequence[LC]) -> LC:
    """Return the markets' hash from those of marks, funding, premiums and open interest. Constraints: 297."""
    return poseidon(cs, hashes, tags.MARKETS, name="markets")


def hash_state(cs: ConstraintSystem, fields: Sequence[LC], *, name: str) -> LC:
    """Return the state root of accounts_root, the hashes of markets, resources and oracle, queue, vault and clock.

    Constraints: 381.
    """
    assert len(fields) == STATE_FIELDS, f"{name}: {len(fields)} fields of a state, expected {STATE_FIELDS}"
    return poseidon(cs, fields, tags.STATE, name=name)

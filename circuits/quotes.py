"""A quote: up to sixteen orders of one account under one signature. Twin of rollup/quotes.py."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.quotes import KIND_QUOTE, QUOTE_ORDERS


def quote_message(
    cs: ConstraintSystem, *, domain: LC, account_id: LC, active: Sequence[LC], messages: Sequence[LC]
) -> LC:
    """Return what is signed of the quote that holds `messages[k]` at place k, for every active k.

    Other places hold what the prover says: the signature covers it, and nothing else reads it. Assumes that the account
    id is in range. Constraints: one a place, 609 and 297; named message/place[k], message/digest/.., message/signed/...
    """
    said = [cs.private(f"message[{k}]") for k in range(QUOTE_ORDERS)]
    places = [
        select(cs, is_active, computed, other, name=f"message/place[{k}]")
        for k, (is_active, computed, other) in enumerate(zip(active, messages, said[: len(active)], strict=True))
    ]
    digest = poseidon(cs, [*places, *said[len(active) :]], tags.QUOTE, name="message/digest")
    return poseidon(cs, [domain, account_id * 2**4 + KIND_QUOTE, digest, 0], name="message/signed")

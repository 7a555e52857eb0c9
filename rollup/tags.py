"""Domain tags: the initial capacity element of each use of Poseidon, so that no two uses can share a preimage.

Tag 0 belongs to what wallets compute with stock libraries: signed messages (4 inputs), the EdDSA challenge (5 inputs).
A tag is part of every hash in the state: numbers are never reused or changed.
"""

from __future__ import annotations

from enum import IntEnum, unique

__all__ = ["Tag"]


@unique
class Tag(IntEnum):
    """One number per use of Poseidon; the table of uses is in docs/architecture.md."""

    ACCOUNT = 1
    POSITIONS = 2
    ACCOUNT_NODE = 3
    ORDERS_NODE = 4
    MARKETS = 5
    MARKS = 6
    FUNDING = 7
    RESOURCES = 8
    STATE = 9
    DOMAIN = 10
    MARKET_PARAMS = 11
    PARAMS = 12
    DATA = 13
    PRICES = 14
    QUOTE = 15
    PREMIUMS = 16
    OPEN_INTEREST = 17
    ORACLE = 18
    ORACLE_KEYS = 19
    MARKET_SIZES = 20


ACCOUNT = Tag.ACCOUNT
POSITIONS = Tag.POSITIONS
ACCOUNT_NODE = Tag.ACCOUNT_NODE
ORDERS_NODE = Tag.ORDERS_NODE
MARKETS = Tag.MARKETS
MARKS = Tag.MARKS
FUNDING = Tag.FUNDING
RESOURCES = Tag.RESOURCES
STATE = Tag.STATE
DOMAIN = Tag.DOMAIN
MARKET_PARAMS = Tag.MARKET_PARAMS
PARAMS = Tag.PARAMS
DATA = Tag.DATA
PRICES = Tag.PRICES
QUOTE = Tag.QUOTE
PREMIUMS = Tag.PREMIUMS
OPEN_INTEREST = Tag.OPEN_INTEREST
ORACLE = Tag.ORACLE
ORACLE_KEYS = Tag.ORACLE_KEYS
MARKET_SIZES = Tag.MARKET_SIZES
__all__ += [tag.name for tag in Tag]

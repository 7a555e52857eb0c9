"""A buyer and a seller in a quiet market, and auctions between them."""

from __future__ import annotations

import pytest

from rollup.units import MARKET_COUNT
from tests.verifier.direct_scenes import (
    Outcome,
    Scene,
    address_of,
    base_of,
    make_order,
    pack_settle,
    pack_turn,
    sign_fill,
)
from verifier.base_layer import Reverted

BUYER, SELLER, STRANGER = 1, 2, 3
MARK, LOTS = 10**6, 5_000
RICH = 10**24
NO_LOTS = [0] * MARKET_COUNT


def make_scene(buyer_lots: int = 0, **changes: bool) -> Scene:
    """A quiet market of mark 1 USD, a buyer and a seller with a million each."""
    count = MARKET_COUNT
    scene = Scene([MARK] * count, [0] * count, [50_000] * count, [30_000] * count, **changes)
    scene.put(address_of(BUYER), RICH, [buyer_lots, *NO_LOTS[1:]])
    scene.put(address_of(SELLER), RICH, NO_LOTS)
    return scene


def sell(lots: int = LOTS, limit: int = MARK) -> bytes:
    return pack_turn([sign_fill(SELLER, make_order(0, -lots, limit), lots)])


def buy(
    lots: int = LOTS, size: int = LOTS, limit: int = MARK, wrong: dict[str, int] | None = None, **terms: int
) -> bytes:
    return pack_turn([sign_fill(BUYER, make_order(0, size, limit, **terms), lots, **(wrong or {}))])


def settle(scene: Scene, *turns: bytes, price: int = MARK) -> Outcome:
    return scene.run("settle", *pack_settle({0: price}, *turns), accounts=[address_of(BUYER), address_of(SELLER)])


def slot_of(scene: Scene, *turns: bytes) -> tuple[int, int]:
    """Return (nonce, filled) of the buyer's slot 0 after an auction."""
    word = scene.run("settle", *pack_settle({0: MARK}, *turns), words=[base_of(address_of(BUYER)) + 1]).words[0]
    return word >> 216 & 2**32 - 1, word >> 168 & 2**48 - 1


def refuse(reason: str, scene: Scene, *turns: bytes, price: int = MARK) -> None:
    with pytest.raises(Reverted) as caught:
        settle(scene, *turns, price=price)
    assert caught.value.reason.startswith(reason), caught.value.reason

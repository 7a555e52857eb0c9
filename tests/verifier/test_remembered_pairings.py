"""What py-evm's bn254 precompiles remember: the same answer, the same gas, and nothing of what is invalid."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from verifier.base_layer import EmbeddedEvm, Reverted
from verifier.base_layer.interface import Receipt
from verifier.points import Q
from verifier.simulator import compute_g1, compute_g2

PAIRING, PRODUCT = (bytes(19) + bytes([number]) for number in (8, 7))
pairing_module: Any = import_module("eth.precompiles.ecpairing")


def encode_pair(g1_scalar: int, g2_scalar: int) -> bytes:
    """Return a pair of points as EIP-197 has them."""
    g1, g2 = compute_g1(g1_scalar), compute_g2(g2_scalar)
    return b"".join(one.to_bytes(32, "big") for one in (g1.x, g1.y, *reversed(g2.x), *reversed(g2.y)))


def send(evm: EmbeddedEvm, address: bytes, data: bytes) -> tuple[bytes, Receipt]:
    """Return what a precompile says when it is called, and the receipt of the same as a transaction."""
    return evm.call(address, data), evm.transact(address, data)


def test_pairing_again_says_and_costs_the_same() -> None:
    evm, right, wrong = EmbeddedEvm(), encode_pair(6, 1) + encode_pair(-2, 3), encode_pair(6, 1) + encode_pair(-2, 4)
    for data, expected in ((right, 1), (wrong, 0)):
        first, again = send(evm, PAIRING, data), send(evm, PAIRING, data)
        assert int.from_bytes(first[0], "big") == int.from_bytes(again[0], "big") == expected
        assert first[1].gas_used == again[1].gas_used


def test_product_again_says_and_costs_the_same() -> None:
    evm, point = EmbeddedEvm(), compute_g1(5)
    data = b"".join(value.to_bytes(32, "big") for value in (point.x, point.y, 7))
    first, again = send(evm, PRODUCT, data), send(evm, PRODUCT, data)
    assert first[0] == again[0] == b"".join(value.to_bytes(32, "big") for value in (compute_g1(35).x, compute_g1(35).y))
    assert first[1].gas_used == again[1].gas_used


@pytest.mark.parametrize("address", [PAIRING, PRODUCT])
def test_invalid_point_is_refused_again(address: bytes) -> None:
    evm, data = EmbeddedEvm(), (Q - 1).to_bytes(32, "big") * 6
    for _ in range(2):
        with pytest.raises(Reverted):
            evm.transact(address, data)

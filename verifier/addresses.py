"""Where contracts come to stand, known before they do."""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

__all__ = ["DEVELOPMENT_CHAIN_ID", "predict_address"]

DEVELOPMENT_CHAIN_ID: Final = 31_337  # of the embedded EVM, and what local nodes give themselves (anvil, hardhat)


def predict_address(sender: bytes, nonce: int) -> bytes:
    """Return the address of the contract that a transaction creates: keccak256(rlp([sender, nonce])) (EIP-161)."""
    digits = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    nonce_rlp = digits if 0 < nonce < 0x80 else bytes([0x80 + len(digits)]) + digits  # Yellow Paper, appendix B
    items = bytes([0x80 + len(sender)]) + sender + nonce_rlp
    return keccak(bytes([0xC0 + len(items)]) + items)[12:]

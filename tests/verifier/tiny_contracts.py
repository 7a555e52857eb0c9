"""Contracts of a few bytes for tests of the base layer, written in opcodes: they pin what a layer hands to code."""

from __future__ import annotations


def make_creation_code(runtime: bytes) -> bytes:
    """Return code that creates a contract of this code. Assumes fewer than 256 bytes."""
    # PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN
    return bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + runtime


def _log_word(*opcodes: int) -> bytes:
    """Return a contract that logs, without topics, the word these opcodes leave."""
    # ..., PUSH0, MSTORE, PUSH1 32, PUSH0, LOG0, STOP
    return make_creation_code(bytes([*opcodes, 0x5F, 0x52, 0x60, 32, 0x5F, 0xA0, 0x00]))


BLOB_HASH_LOGGER = _log_word(0x5F, 0x35, 0x49)  # BLOBHASH(CALLDATALOAD(0))
TIME_LOGGER = _log_word(0x42)  # TIMESTAMP
CALLER_LOGGER = _log_word(0x33)
VALUE_LOGGER = _log_word(0x34)
WORD_LOGGER = _log_word(0x5F, 0x35)  # CALLDATALOAD(0)
REFUSER = make_creation_code(bytes([0x5F, 0x5F, 0xFD]))  # REVERT(0, 0)
INVALID = make_creation_code(bytes([0xFE]))  # burns all its gas
TIME_RETURNER = make_creation_code(bytes([0x42, 0x5F, 0x52, 0x60, 32, 0x5F, 0xF3]))
CALLER_RETURNER = make_creation_code(bytes([0x33, 0x5F, 0x52, 0x60, 32, 0x5F, 0xF3]))

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// The bytes of queue entries (verifier/queue_entries.py, docs/bridge.md): by the first, the kind, the length follows.
library Entries {
    uint256 internal constant DEPOSIT = 1;
    uint256 internal constant FORCED_WITHDRAWAL = 4;
    uint256 internal constant FORCED_CANCEL_ALL = 5;
    uint256 internal constant FORCED_KEY_CHANGE = 6;
    uint256 internal constant FORCED_TRADE = 7;
    uint256 internal constant SET_TIER = 9;
    uint256 private constant MIN_BYTES = 12;
    // the length of each kind, a byte each, kind 0 lowest; 0 where there is no such kind
    uint256 private constant LENGTHS =
        (96 << 8) | (32 << 32) | (24 << 40) | (88 << 48) | (61 << 56) | (12 << 72);

    error EntryMalformed(uint256 offset);
    error CalldataCutOff(uint256 offset);

    /// `byteCount` bytes at `at` as a number. Reverts where the data end before.
    function take(bytes calldata data, uint256 pos, uint256 byteCount) internal pure returns (uint256 value) {
        if (pos + byteCount > data.length) revert CalldataCutOff(pos);
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, byteCount)), calldataload(add(data.offset, pos)))
        }
    }

    /// Bytes of the entry at `at`. Reverts where there is none.
    function lengthAt(bytes calldata entries, uint256 pos) internal pure returns (uint256 length) {
        uint256 kind = take(entries, pos, 1);
        length = kind < 32 ? (LENGTHS >> (8 * kind)) & 0xff : 0;
        if (length == 0 || pos + length > entries.length) revert EntryMalformed(pos);
    }

    /// Entries one after the other: how many, the chain's head after them, and the keccak256 of their own keccak256.
    function chain(bytes calldata entries, bytes32 head)
        internal
        pure
        returns (uint256 count, bytes32 headAfter, bytes32 digest)
    {
        headAfter = head;
        bytes memory hashes = new bytes(32 * (entries.length / MIN_BYTES));
        for (uint256 pos = 0; pos < entries.length; ++count) {
            uint256 length = lengthAt(entries, pos);
            assembly ("memory-safe") {
                let free := mload(0x40)
                calldatacopy(free, add(entries.offset, pos), length)
                let hash := keccak256(free, length)
                mstore(add(add(hashes, 32), mul(count, 32)), hash)
                mstore(0, headAfter)
                mstore(32, hash)
                headAfter := keccak256(0, 64)
            }
            pos += length;
        }
        assembly ("memory-safe") {
            digest := keccak256(add(hashes, 32), mul(count, 32))
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// What a group pays out, as one keccak root. A leaf is keccak256(index | owner | amount), 96 bytes, so that it is no
/// node's 64; a node is keccak256 of its two children, the smaller first; the last of an odd level goes up as it is.
library PaymentTree {
    function hashLeaf(uint256 index, address owner, uint256 amountE6) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, index)
            mstore(add(free, 32), owner)
            mstore(add(free, 64), amountE6)
            leaf := keccak256(free, 96)
        }
    }

    /// The root over the first `count` leaves, which are overwritten. 0 for none.
    function computeRoot(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32) {
        if (count == 0) return 0;
        for (; count > 1; count = (count + 1) / 2) {
            for (uint256 i = 0; i < count; i += 2) {
                leaves[i / 2] = i + 1 < count ? _hashPair(leaves[i], leaves[i + 1]) : leaves[i];
            }
        }
        return leaves[0];
    }

    /// The root that a leaf and its path lead to.
    function followPath(bytes32 leaf, bytes32[] calldata path) internal pure returns (bytes32) {
        for (uint256 i = 0; i < path.length; ++i) {
            leaf = _hashPair(leaf, path[i]);
        }
        return leaf;
    }

    function _hashPair(bytes32 a, bytes32 b) private pure returns (bytes32 node) {
        if (b < a) (a, b) = (b, a);
        assembly ("memory-safe") {
            mstore(0, a)
            mstore(32, b)
            node := keccak256(0, 64)
        }
    }
}

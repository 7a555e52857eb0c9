// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PaymentTree} from "./PaymentTree.sol";
import {Storage} from "./Storage.sol";
import {Token} from "./Token.sol";

/// Payments that groups proved, each taken by its owner's side when it likes: one that cannot be sent holds up nobody.
/// Works while frozen and while paused.
abstract contract Withdrawals is Storage {
    error PathWrong(uint256 group);
    error AlreadyClaimed(uint256 group, uint256 index);

    event Claimed(uint256 indexed group, uint256 index, address indexed owner, uint256 amountE6);

    /// Pays a leaf of a group's payments to its owner, whoever asks. Once.
    function claim(uint256 group, uint256 index, address owner, uint64 amountE6, bytes32[] calldata path)
        external
        nonReentrant
    {
        bytes32 root = paymentRoots[group];
        bytes32 leaf = PaymentTree.hashLeaf(index, owner, amountE6);
        if (root == 0 || PaymentTree.followPath(leaf, path) != root) revert PathWrong(group);
        uint256 bit = 1 << (index & 255);
        uint256 bits = _claimed[group][index >> 8];
        if (bits & bit != 0) revert AlreadyClaimed(group, index);
        _claimed[group][index >> 8] = bits | bit;
        owed.claimableE6 -= amountE6;
        emit Claimed(group, index, owner, amountE6);
        Token.push(token, owner, amountE6);
    }

    function isClaimed(uint256 group, uint256 index) external view returns (bool) {
        return _claimed[group][index >> 8] >> (index & 255) & 1 == 1;
    }
}

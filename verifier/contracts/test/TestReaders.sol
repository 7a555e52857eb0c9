// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BridgeReader} from "../rollup/BridgeReader.sol";
import {Entries} from "../rollup/Entries.sol";
import {PaymentTree} from "../rollup/PaymentTree.sol";

/// The Rollup's pure parts, for tests that hold them against tests/vectors and the Python twins.
contract TestReaders {
    struct Answer {
        uint256 value;
        uint256 appliedE6;
        uint256 returnedE6;
        uint256 paidE6;
        uint256 paymentCount;
        bytes32 paymentsRoot;
    }

    function chain(bytes calldata entries, bytes32 head) external pure returns (uint256, bytes32, bytes32) {
        return Entries.chain(entries, head);
    }

    function read(bytes calldata data, bytes calldata entries, uint256 laneCount, uint256 z)
        external
        pure
        returns (Answer memory answer)
    {
        BridgeReader.Flow memory flow;
        flow.leaves = new bytes32[](laneCount);
        answer.value = BridgeReader.read(data, entries, laneCount, z, flow);
        answer.appliedE6 = flow.appliedE6;
        answer.returnedE6 = flow.returnedE6;
        answer.paidE6 = flow.paidE6;
        answer.paymentCount = flow.paymentCount;
        answer.paymentsRoot = PaymentTree.computeRoot(flow.leaves, flow.paymentCount);
    }

    function computeRoot(bytes32[] memory leaves) external pure returns (bytes32) {
        return PaymentTree.computeRoot(leaves, leaves.length);
    }

    function followPath(bytes32 leaf, bytes32[] calldata path) external pure returns (bytes32) {
        return PaymentTree.followPath(leaf, path);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BlobPoint} from "./BlobPoint.sol";
import {BridgeReader} from "./BridgeReader.sol";
import {Entries} from "./Entries.sol";
import {PaymentTree} from "./PaymentTree.sol";
import {ProofBatch} from "./ProofBatch.sol";
import {Storage} from "./Storage.sol";

/// Takes a group in, as `verifier.group.commit_group` does: reads what crosses the bridge against the queue, derives z
/// from all that is fixed before it, and works out every public input but the limbs of the blob values.
abstract contract Commitments is Storage {
    using Entries for bytes;

    uint256 private constant MAX_BATCHES = 64;
    uint256 private constant BLOB_ELEMENTS = 4096; // EIP-4844, FIELD_ELEMENTS_PER_BLOB
    uint256 private constant ENTRIES_SHIFT = 72;
    bytes32 private constant NOTHING_HASH = keccak256("");

    /// What is told of a batch.
    struct Batch {
        uint256 newRoot;
        uint256 clock; // batch number 32 bits | timestamp_s 40
        uint256 dataCommitment;
        bytes bridge; // docs/bridge.md
        bytes entries; // of the queue that it consumes, one after the other
    }

    /// What is fixed of a group when it is committed, and all that settling it changes.
    struct Record {
        uint256 number;
        uint256 shapeId;
        uint256 count;
        uint256 z;
        bytes32 versionedHash;
        uint256 newRoot;
        uint256 clock;
        uint256 consumedCount; // of the queue, after it
        uint256 appliedE6;
        uint256 returnedE6;
        uint256 paidE6;
        bytes32 paymentsRoot;
        bytes32 inputsHash; // keccak256 of the leaves; 0 where the group is settled at once
    }

    error ShapeUnusable(uint256 shapeId);
    error BatchCountWrong(uint256 got, uint256 limit);
    error BatchNumberWrong(uint256 got, uint256 expected);
    error TimestampWrong(uint256 gotS, uint256 earliestS, uint256 latestS);
    error NotCanonical(uint256 value);
    error QueueExhausted(uint256 wanted, uint256 held);
    error EntriesWrong(bytes32 got, bytes32 expected);

    function _commit(uint256 shapeId, Batch[] calldata batches, Progress memory p)
        internal
        view
        returns (Record memory record, uint256[] memory inputs)
    {
        Shape memory shape = _getUsable(shapeId, batches.length);
        record.number = p.groupNumber;
        record.shapeId = shapeId;
        record.count = batches.length;
        record.versionedHash = BlobPoint.getVersionedHash();
        inputs = new uint256[](batches.length * ProofBatch.INPUT_COUNT);
        _checkClocks(batches, p);
        _deriveZ(batches, record, inputs, p);
        _fillInputs(batches, record, inputs, shape.laneCount);
    }

    function _getUsable(uint256 shapeId, uint256 count) private view returns (Shape memory shape) {
        if (shapeId >= _shapes.length) revert ShapeUnusable(shapeId);
        shape = _shapes[shapeId];
        if (shape.isRetired) revert ShapeUnusable(shapeId);
        uint256 limit = BLOB_ELEMENTS / shape.elementCount;
        if (limit > MAX_BATCHES) limit = MAX_BATCHES;
        if (count == 0 || count > limit) revert BatchCountWrong(count, limit);
    }

    /// Batch numbers follow one another; time rises, ends no later than now and begins no earlier than the lag allows.
    function _checkClocks(Batch[] calldata batches, Progress memory p) private view {
        uint256 number = p.batchNumber;
        uint256 earliestS = block.timestamp - limits.maxLagS;
        if (earliestS <= p.timestampS) earliestS = uint256(p.timestampS) + 1;
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 clock = batches[i].clock;
            uint256 timeS = clock >> 32;
            ++number;
            if (clock & type(uint32).max != number) revert BatchNumberWrong(clock & type(uint32).max, number);
            if (timeS < earliestS || timeS > block.timestamp) {
                revert TimestampWrong(timeS, earliestS, block.timestamp);
            }
            earliestS = timeS + 1;
        }
    }

    /// z as in verifier/challenge.py; on the way, the entries are checked to be the queue's next ones.
    function _deriveZ(Batch[] calldata batches, Record memory record, uint256[] memory inputs, Progress memory p)
        private
        view
    {
        uint256[] memory words = new uint256[](5 + 3 * batches.length);
        words[0] = block.chainid;
        words[1] = uint160(address(this));
        words[2] = stateRoot;
        words[3] = record.number;
        words[4] = uint256(record.versionedHash);
        inputs[0] = words[2];
        uint256 total;
        bytes32 head;
        for (uint256 i = 0; i < batches.length; ++i) {
            Batch calldata batch = batches[i];
            uint256 count;
            bytes32 digest = NOTHING_HASH;
            if (batch.entries.length != 0) {
                if (total == 0) head = queueHeads[p.consumedCount];
                (count, head, digest) = batch.entries.chain(head);
                total += count;
            }
            words[5 + 3 * i] = batch.dataCommitment;
            words[6 + 3 * i] = uint256(batch.bridge.length == 0 ? NOTHING_HASH : keccak256(batch.bridge));
            words[7 + 3 * i] = uint256(digest);
            inputs[9 * i + 3] = batch.clock | (count << ENTRIES_SHIFT);
        }
        record.consumedCount = p.consumedCount + total;
        if (record.consumedCount > p.entryCount) revert QueueExhausted(total, p.entryCount - p.consumedCount);
        if (total != 0 && head != queueHeads[record.consumedCount]) {
            revert EntriesWrong(head, queueHeads[record.consumedCount]);
        }
        record.z = uint256(keccak256(abi.encodePacked(words))) >> 8;
    }

    /// The public inputs in the order of rollup.public_inputs.PublicInputs, limbs 0.
    function _fillInputs(Batch[] calldata batches, Record memory record, uint256[] memory inputs, uint256 laneCount)
        private
        view
    {
        BridgeReader.Flow memory flow;
        flow.leaves = new bytes32[](_countPayments(batches, laneCount));
        uint256 params = paramsHash;
        uint256 root = inputs[0];
        for (uint256 i = 0; i < batches.length; ++i) {
            Batch calldata batch = batches[i];
            if (batch.newRoot >= R) revert NotCanonical(batch.newRoot);
            if (batch.dataCommitment >= R) revert NotCanonical(batch.dataCommitment);
            inputs[9 * i] = root;
            root = batch.newRoot;
            inputs[9 * i + 1] = root;
            inputs[9 * i + 2] = params;
            inputs[9 * i + 4] = batch.dataCommitment;
            inputs[9 * i + 5] = record.z;
            inputs[9 * i + 8] = BridgeReader.read(batch.bridge, batch.entries, laneCount, record.z, flow);
        }
        record.newRoot = root;
        record.clock = batches[batches.length - 1].clock;
        record.appliedE6 = flow.appliedE6;
        record.returnedE6 = flow.returnedE6;
        record.paidE6 = flow.paidE6;
        record.paymentsRoot = PaymentTree.computeRoot(flow.leaves, flow.paymentCount);
    }

    /// No more payments than lanes of those batches by which anything crosses.
    function _countPayments(Batch[] calldata batches, uint256 laneCount) private pure returns (uint256 count) {
        for (uint256 i = 0; i < batches.length; ++i) {
            if (batches[i].bridge.length != 0) count += laneCount;
        }
    }

    function _hashInputs(uint256[] memory inputs) internal pure returns (bytes32) {
        bytes32[] memory leaves = new bytes32[](inputs.length / ProofBatch.INPUT_COUNT);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = _hashLeaf(inputs, i);
        }
        return keccak256(abi.encodePacked(leaves));
    }

    /// keccak256 of the nine inputs of one batch.
    function _hashLeaf(uint256[] memory inputs, uint256 i) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            leaf := keccak256(add(add(inputs, 32), mul(i, 288)), 288)
        }
    }
}

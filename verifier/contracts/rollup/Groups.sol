// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BlobPoint} from "./BlobPoint.sol";
import {Commitments} from "./Commitments.sol";
import {ProofBatch} from "./ProofBatch.sol";

/// A group on its way: committed, its batches proved in any runs, finished; or all of that in one transaction.
/// One group is pending at a time. Nothing of the state moves before all its batches are proved and its blob is checked.
abstract contract Groups is Commitments {
    error GroupPending(uint256 untilS);
    error RecordWrong(bytes32 got, bytes32 expected);
    error ClaimsLengthWrong(uint256 gotBytes, uint256 expectedBytes);
    error LeavesWrong();
    error InputsWrong(uint256 batch);
    error AlreadyProved(uint256 batch);
    error NotAllProved(uint256 provedBits);
    error PaidTooMuch(uint256 paidE6, uint256 heldE6);

    event GroupCommitted(uint256 indexed number, bytes record);
    event BatchesProved(uint256 indexed number, uint256 first, uint256 count);
    event GroupSettled(
        uint256 indexed number, uint256 newRoot, uint256 clock, uint256 consumedCount, bytes32 paymentsRoot
    );

    /// Takes a group in whose proofs follow. The transaction carries its blob. Takes the place of one that is overdue.
    function commitGroup(uint256 shapeId, Batch[] calldata batches) external nonReentrant only(sequencer) {
        Progress memory p = _open();
        (Record memory record, uint256[] memory inputs) = _commit(shapeId, batches, p);
        record.inputsHash = _hashInputs(inputs);
        bytes memory encoded = abi.encode(record);
        pendingHash = keccak256(encoded);
        pendingProved = 0;
        pendingValue = 0;
        p.pendingUntilS = uint40(block.timestamp + limits.proveWindowS);
        progress = p;
        emit GroupCommitted(record.number, encoded);
    }

    /// Proves batches `first` onwards of the pending group. Anyone may: a proof does the same whoever sends it.
    /// `leaves` are the keccak256 of each batch's nine public inputs with 0 for both limbs, `inputs` those of this run.
    function proveBatches(
        bytes calldata record,
        bytes32[] calldata leaves,
        uint256 first,
        uint256[] calldata inputs,
        bytes calldata claims
    ) external nonReentrant whileRunning {
        if (progress.isPaused) revert Paused();
        Record memory r = _checkPending(record);
        if (keccak256(abi.encodePacked(leaves)) != r.inputsHash) revert LeavesWrong();
        uint256 count = _checkClaims(claims, inputs.length / ProofBatch.INPUT_COUNT);
        _markProved(first, count, r.count);
        uint256[] memory run = inputs;
        for (uint256 i = 0; i < count; ++i) {
            if (_hashLeaf(run, i) != leaves[first + i]) revert InputsWrong(first + i);
        }
        Shape memory shape = _shapes[r.shapeId];
        pendingValue = BlobPoint.add(pendingValue, BlobPoint.join(claims, first, r.z, shape.elementCount));
        _requireProved(shape.keyStore, claims, run);
        emit BatchesProved(r.number, first, count);
    }

    /// Settles the pending group once all its batches are proved. Anyone may. `opening`: commitment and proof at z.
    function finishGroup(bytes calldata record, bytes calldata opening) external nonReentrant whileRunning {
        Progress memory p = progress;
        if (p.isPaused) revert Paused();
        Record memory r = _checkPending(record);
        if (pendingProved != (1 << r.count) - 1) revert NotAllProved(pendingProved);
        BlobPoint.requireValue(r.versionedHash, r.z, pendingValue, opening);
        _dropPending(p);
        _apply(r, p);
    }

    /// Commits, proves and settles a group in one transaction, which carries its blob.
    function settle(uint256 shapeId, Batch[] calldata batches, bytes calldata claims, bytes calldata opening)
        external
        nonReentrant
        only(sequencer)
    {
        Progress memory p = _open();
        (Record memory r, uint256[] memory inputs) = _commit(shapeId, batches, p);
        _checkClaims(claims, r.count);
        Shape memory shape = _shapes[shapeId];
        BlobPoint.requireValue(r.versionedHash, r.z, BlobPoint.join(claims, 0, r.z, shape.elementCount), opening);
        _requireProved(shape.keyStore, claims, inputs);
        if (p.pendingUntilS != 0) _dropPending(p);
        _apply(r, p);
    }

    /// Reverts where no group may be committed now.
    function _open() private view whileRunning returns (Progress memory p) {
        p = progress;
        if (p.isPaused) revert Paused();
        if (block.timestamp <= p.pendingUntilS) revert GroupPending(p.pendingUntilS);
    }

    function _checkPending(bytes calldata record) private view returns (Record memory) {
        bytes32 got = keccak256(record);
        if (got != pendingHash) revert RecordWrong(got, pendingHash);
        return abi.decode(record, (Record));
    }

    function _checkClaims(bytes calldata claims, uint256 count) private pure returns (uint256) {
        uint256 expected = count * ProofBatch.CLAIM_BYTES;
        if (claims.length != expected || count == 0) revert ClaimsLengthWrong(claims.length, expected);
        return count;
    }

    function _markProved(uint256 first, uint256 count, uint256 limit) private {
        uint256 proved = pendingProved;
        if (first >= limit || count > limit - first) revert InputsWrong(limit);
        for (uint256 i = first; i < first + count; ++i) {
            if (proved >> i & 1 == 1) revert AlreadyProved(i);
            proved |= 1 << i;
        }
        pendingProved = proved;
    }

    /// Puts the limbs of the claimed blob values among the inputs and checks the proofs.
    function _requireProved(address keyStore, bytes calldata claims, uint256[] memory inputs) private view {
        for (uint256 i = 0; i < inputs.length / ProofBatch.INPUT_COUNT; ++i) {
            uint256 value = BlobPoint.getValue(claims, i);
            inputs[9 * i + 6] = value & type(uint128).max;
            inputs[9 * i + 7] = value >> 128;
        }
        ProofBatch.requireAllValid(keyStore, claims, inputs);
    }

    function _dropPending(Progress memory p) internal {
        delete pendingHash;
        delete pendingProved;
        delete pendingValue;
        p.pendingUntilS = 0;
    }

    function _apply(Record memory r, Progress memory p) private {
        stateRoot = r.newRoot;
        p.batchNumber = uint32(r.clock);
        p.timestampS = uint40(r.clock >> 32);
        p.consumedCount = uint48(r.consumedCount);
        p.groupNumber += 1;
        progress = p;
        if (r.appliedE6 + r.returnedE6 + r.paidE6 != 0) _move(r);
        if (r.paymentsRoot != 0) paymentRoots[r.number] = r.paymentsRoot;
        emit GroupSettled(r.number, r.newRoot, r.clock, r.consumedCount, r.paymentsRoot);
    }

    /// Moves what is owed. The circuit keeps the accounts' sum equal to `inRollupE6`; here it is checked once more.
    function _move(Record memory r) private {
        Owed memory o = owed;
        uint256 heldE6 = o.inRollupE6 + r.appliedE6;
        if (r.paidE6 > heldE6) revert PaidTooMuch(r.paidE6, heldE6);
        // entries come from the queue and are consumed once, so these sums were below 2^64 when they came in
        o.queuedE6 -= uint64(r.appliedE6 + r.returnedE6);
        o.inRollupE6 = uint64(heldE6 - r.paidE6);
        o.claimableE6 += uint64(r.returnedE6 + r.paidE6);
        owed = o;
    }
}

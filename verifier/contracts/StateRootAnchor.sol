// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface IVerifier {
    function publicInputCount() external view returns (uint256);
    function requireValid(bytes calldata proof, uint256[] calldata publicInputs) external view;
}

/// The smallest consumer of batch proofs: holds one state root and moves it forward by one proved batch at a time.
/// It takes z, blob value and bridge value as they come: no data availability, bridge or time limit yet. It shows that a
/// proof settles, and what that costs all in.
contract StateRootAnchor {
    // Public inputs of a batch: old_state_root, new_state_root, params_hash, clock_and_entries, data_commitment, z,
    // blob_value_low, blob_value_high, bridge_value (docs/bridge.md).
    uint256 private constant PUBLIC_INPUT_COUNT = 9;

    error PublicInputCountWrong(uint256 got, uint256 expected);
    error OldStateRootWrong(uint256 got, uint256 expected);
    error ParamsHashWrong(uint256 got, uint256 expected);

    event BatchSettled(uint256 indexed newStateRoot, uint256 clockAndEntries, uint256 dataCommitment);

    IVerifier public immutable verifier;
    uint256 public immutable paramsHash;
    uint256 public stateRoot;

    /// Reverts where the verifier's key is not for batches.
    constructor(IVerifier verifier_, uint256 paramsHash_, uint256 stateRoot_) {
        uint256 count = verifier_.publicInputCount();
        if (count != PUBLIC_INPUT_COUNT) revert PublicInputCountWrong(count, PUBLIC_INPUT_COUNT);
        verifier = verifier_;
        paramsHash = paramsHash_;
        stateRoot = stateRoot_;
    }

    /// Moves the root from publicInputs[0] to publicInputs[1], or reverts: wrong root, wrong parameters, no valid proof.
    function settle(bytes calldata proof, uint256[] calldata publicInputs) external {
        if (publicInputs.length != PUBLIC_INPUT_COUNT) {
            revert PublicInputCountWrong(publicInputs.length, PUBLIC_INPUT_COUNT);
        }
        if (publicInputs[0] != stateRoot) revert OldStateRootWrong(publicInputs[0], stateRoot);
        if (publicInputs[2] != paramsHash) revert ParamsHashWrong(publicInputs[2], paramsHash);
        verifier.requireValid(proof, publicInputs);
        stateRoot = publicInputs[1];
        emit BatchSettled(publicInputs[1], publicInputs[3], publicInputs[4]);
    }
}

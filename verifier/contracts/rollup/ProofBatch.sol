// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Many Groth16 proofs of one key in one pairing check, by a random linear combination (Bellare, Garay, Rabin 1998, the
/// small-exponents test). With random 128-bit rho_i, rho_0 = 1, the equations of eprint 2016/260 section 3.2 hold all iff
///   prod_i e(rho_i A_i, B_i) * e((sum rho_i) alpha, -beta) * e(sum_j (sum_i rho_i x_ij) IC_j, -gamma)
///     * e(sum_i rho_i C_i, -delta) = 1,
/// but for a chance of 2^-128 (the groups have prime order). The rho_i are hashes over the key and all proofs and inputs.
///
/// A claim is 288 bytes: A (64) | B (128) | C (64) | the blob value that goes with it (32). As in Groth16Verifier the
/// precompiles judge the points: 0x06 and 0x07 coordinates and curve (EIP-196), 0x08 also the subgroup (EIP-197).
/// Assumes that every input is below r.
library ProofBatch {
    uint256 internal constant CLAIM_BYTES = 288;
    uint256 internal constant INPUT_COUNT = 9;
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant PAIR_WORDS = 6; // a G1 point (2 words) and a G2 point (4 words)
    uint256 private constant KEY_OFFSET = 33; // past the length word and the STOP byte
    uint256 private constant IC_OFFSET = 448; // alpha (64) | -beta (128) | -gamma (128) | -delta (128)

    error PointInvalid(); // not canonical, off the curve, outside the subgroup; or too little gas for a precompile
    error EquationFails(); // one of the proofs is not for its inputs

    /// Reverts unless each claim's proof holds for its nine inputs, `inputs[9 i]` onwards.
    function requireAllValid(address keyStore, bytes calldata claims, uint256[] memory inputs) internal view {
        bytes memory key = keyStore.code;
        uint256 count = inputs.length / INPUT_COUNT;
        bytes32 seed = _hash(key, claims, inputs);
        uint256[] memory pairs = new uint256[]((count + 3) * PAIR_WORDS);
        uint256[] memory scalars = new uint256[](INPUT_COUNT + 1);
        bool ok = true;
        uint256 tail;
        assembly ("memory-safe") {
            tail := add(add(pairs, 32), mul(count, 192)) // where the last three pairs begin
        }
        for (uint256 i = 0; i < count; ++i) {
            uint256 rho = 1;
            if (i != 0) {
                assembly ("memory-safe") {
                    mstore(0, seed)
                    mstore(32, i)
                    rho := shr(128, keccak256(0, 64))
                }
            }
            _addInputs(scalars, inputs, i, rho);
            assembly ("memory-safe") {
                let claim := add(claims.offset, mul(i, 288))
                let pair := add(add(pairs, 32), mul(i, 192))
                calldatacopy(pair, claim, 192) // A, B
                switch i
                case 0 { calldatacopy(add(tail, 384), add(claim, 192), 64) } // C
                default {
                    let free := mload(0x40)
                    calldatacopy(free, claim, 64)
                    mstore(add(free, 64), rho)
                    ok := and(ok, staticcall(gas(), 7, free, 96, pair, 64))
                    calldatacopy(free, add(claim, 192), 64)
                    ok := and(ok, staticcall(gas(), 7, free, 96, free, 64))
                    mcopy(add(free, 64), add(tail, 384), 64)
                    ok := and(ok, staticcall(gas(), 6, free, 128, add(tail, 384), 64))
                }
            }
        }
        if (!ok || !_finish(key, scalars, tail)) revert PointInvalid();
        _requireProductOne(pairs);
    }

    /// What the random factors are drawn from.
    function _hash(bytes memory key, bytes calldata claims, uint256[] memory inputs) private pure returns (bytes32) {
        bytes32 inputsHash;
        assembly ("memory-safe") {
            inputsHash := keccak256(add(inputs, 32), mul(mload(inputs), 32))
        }
        return keccak256(abi.encodePacked(keccak256(key), keccak256(claims), inputsHash));
    }

    /// scalars[0] += rho, scalars[1 + j] += rho * x_ij.
    function _addInputs(uint256[] memory scalars, uint256[] memory inputs, uint256 i, uint256 rho) private pure {
        assembly ("memory-safe") {
            let sum := add(scalars, 32)
            mstore(sum, addmod(mload(sum), rho, R))
            let pos := add(add(inputs, 32), mul(i, 288))
            for { let end := add(pos, 288) } lt(pos, end) { pos := add(pos, 32) } {
                sum := add(sum, 32)
                mstore(sum, addmod(mload(sum), mulmod(rho, mload(pos), R), R))
            }
        }
    }

    /// Writes the pairs of alpha, of the public inputs and of C (whose point stands there already).
    function _finish(bytes memory key, uint256[] memory scalars, uint256 tail) private view returns (bool ok) {
        assembly ("memory-safe") {
            function multiply(point, scalar, out) -> done {
                let free := mload(0x40)
                mcopy(free, point, 64)
                mstore(add(free, 64), scalar)
                done := staticcall(gas(), 7, free, 96, out, 64)
            }
            let start := add(key, KEY_OFFSET)
            let scalar := add(scalars, 32)
            let sum := add(tail, 192)
            ok := 1
            switch mload(scalar)
            case 1 {
                mcopy(tail, start, 64)
                mcopy(sum, add(start, IC_OFFSET), 64)
            }
            default {
                ok := multiply(start, mload(scalar), tail)
                ok := and(ok, multiply(add(start, IC_OFFSET), mload(scalar), sum))
            }
            let free := mload(0x40)
            for { let j := 1 } lt(j, 10) { j := add(j, 1) } {
                mcopy(add(free, 128), sum, 64)
                ok := and(ok, multiply(add(add(start, IC_OFFSET), mul(j, 64)), mload(add(scalar, mul(j, 32))), add(free, 192)))
                ok := and(ok, staticcall(gas(), 6, add(free, 128), 128, sum, 64))
            }
            mcopy(add(tail, 64), add(start, 64), 128) // -beta
            mcopy(add(tail, 256), add(start, 192), 128) // -gamma
            mcopy(add(tail, 448), add(start, 320), 128) // -delta
        }
    }

    function _requireProductOne(uint256[] memory pairs) private view {
        bool ok;
        uint256 product;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 8, add(pairs, 32), mul(mload(pairs), 32), 0, 32)
            ok := and(ok, eq(returndatasize(), 32)) // a chain without the precompile returns nothing
            product := mload(0)
        }
        if (!ok) revert PointInvalid();
        if (product != 1) revert EquationFails();
    }
}

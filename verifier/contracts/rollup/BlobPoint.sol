// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// The group's blob at z: the batches' values joined as verifier/group.py joins them, checked once by EIP-4844's precompile.
library BlobPoint {
    /// Order of BLS12-381's scalar field (EIP-4844, BLS_MODULUS).
    uint256 private constant P = 52435875175126190479447740508185965837690552500527637822603658699938581184513;
    uint256 private constant CLAIM_BYTES = 288;
    uint256 private constant OPENING_BYTES = 96; // commitment (48) | proof (48)

    error BlobMissing();
    error ValueNotCanonical(uint256 value);
    error OpeningLengthWrong(uint256 gotBytes);
    error PointEvaluationFails();

    /// The versioned hash of the transaction's first blob. Reverts where there is none.
    function getVersionedHash() internal view returns (bytes32 versionedHash) {
        versionedHash = blobhash(0);
        if (versionedHash == 0) revert BlobMissing();
    }

    /// The blob value that claim i is for. Its limbs are its low 128 bits and the rest.
    function getValue(bytes calldata claims, uint256 i) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(claims.offset, add(mul(i, CLAIM_BYTES), 256)))
        }
        if (value >= P) revert ValueNotCanonical(value);
    }

    /// sum_i z^((first + i) elementCount) * value_i mod P, over the claims.
    function join(bytes calldata claims, uint256 first, uint256 z, uint256 elementCount)
        internal
        pure
        returns (uint256 total)
    {
        uint256 step = _power(z, elementCount);
        uint256 factor = _power(step, first);
        for (uint256 i = 0; i < claims.length / CLAIM_BYTES; ++i) {
            total = addmod(total, mulmod(factor, getValue(claims, i), P), P);
            factor = mulmod(factor, step, P);
        }
    }

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        return addmod(a, b, P);
    }

    /// Reverts unless the blob of this versioned hash has this value at z.
    function requireValue(bytes32 versionedHash, uint256 z, uint256 value, bytes calldata opening) internal view {
        if (opening.length != OPENING_BYTES) revert OpeningLengthWrong(opening.length);
        (bool ok, bytes memory answer) = address(10).staticcall(abi.encodePacked(versionedHash, z, value, opening));
        // EIP-4844: it returns FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS; a chain without the precompile returns nothing
        if (!ok || answer.length != 64) revert PointEvaluationFails();
    }

    function _power(uint256 base, uint256 exponent) private pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, P);
            base = mulmod(base, base, P);
        }
    }
}

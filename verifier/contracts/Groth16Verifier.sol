// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A verifying key as code: a STOP byte (so that a call does nothing), then the key. Reading it back costs one account
/// access (EIP-2929) where 26 words of storage would cost 54,600 gas.
contract KeyStore {
    constructor(bytes memory key) {
        bytes memory code = bytes.concat(hex"00", key);
        assembly ("memory-safe") {
            return(add(code, 32), mload(code))
        }
    }
}

/// Groth16 over BN254 (eprint 2016/260 section 3.2), any number of public inputs, one key per deployment.
///
/// A proof is 256 bytes, A (64) | B (128) | C (64), in the encodings of EIP-196 and EIP-197: big-endian words, an Fp2
/// element with its imaginary part first, infinity all zero. Infinity is a group element like any other here: the
/// equation decides. What the precompiles check, and this contract therefore does not repeat:
/// - 0x06, 0x07 (EIP-196): both coordinates below q, the point on the curve.
/// - 0x08 (EIP-197): the same for both groups, and that the G2 point has order r.
/// What they do not check: 0x07 takes any 256-bit scalar, so x and x + r would both pass; inputs are compared with r below.
contract Groth16Verifier {
    uint256 private constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant PROOF_BYTES = 256;
    uint256 private constant IC_OFFSET = 448; // alpha_g1 (64) | beta_g2 (128) | gamma_g2 (128) | delta_g2 (128)

    enum Fault {
        None,
        ProofLength,
        PublicInputCount,
        PublicInputTooLarge,
        PointInvalid,
        EquationFails
    }

    error KeyInvalid();
    error ProofLengthWrong(uint256 gotBytes, uint256 expectedBytes);
    error PublicInputCountWrong(uint256 got, uint256 expected);
    error PublicInputTooLarge(uint256 index, uint256 value);
    error PointInvalid(); // not canonical, off the curve, outside the subgroup; or too little gas for a precompile
    error EquationFails();

    address public immutable keyStore;
    uint256 public immutable publicInputCount;
    bytes32 public immutable keyHash; // keccak256 of the verifying key as it was passed in

    /// verifyingKey: alpha_g1 | beta_g2 | gamma_g2 | delta_g2 | uint32 n_ic | n_ic points of G1.
    /// Reverts with KeyInvalid where a length is wrong, a point is not of its group, or one of the first four is infinity.
    constructor(bytes memory verifyingKey) {
        if (verifyingKey.length < IC_OFFSET + 4 + 64) revert KeyInvalid();
        uint256 icCount = _wordAt(verifyingKey, IC_OFFSET) >> 224;
        if (icCount == 0 || verifyingKey.length != IC_OFFSET + 4 + 64 * icCount) revert KeyInvalid();
        publicInputCount = icCount - 1;
        keyHash = keccak256(verifyingKey);
        _checkKey(verifyingKey, icCount);
        keyStore = address(new KeyStore(_withNegatedG2(verifyingKey)));
    }

    /// True if and only if the proof holds for these public inputs. Never reverts on bad values.
    /// Where settlement depends on the answer call requireValid: with too little gas this one answers false.
    function verify(bytes calldata proof, uint256[] calldata publicInputs) external view returns (bool) {
        (Fault fault,) = _findFault(proof, publicInputs);
        return fault == Fault.None;
    }

    /// Returns nothing if the proof holds for these public inputs, else reverts with what is wrong.
    function requireValid(bytes calldata proof, uint256[] calldata publicInputs) external view {
        (Fault fault, uint256 index) = _findFault(proof, publicInputs);
        if (fault == Fault.None) return;
        if (fault == Fault.ProofLength) revert ProofLengthWrong(proof.length, PROOF_BYTES);
        if (fault == Fault.PublicInputCount) revert PublicInputCountWrong(publicInputs.length, publicInputCount);
        if (fault == Fault.PublicInputTooLarge) revert PublicInputTooLarge(index, publicInputs[index]);
        if (fault == Fault.PointInvalid) revert PointInvalid();
        revert EquationFails();
    }

    function _findFault(bytes calldata proof, uint256[] calldata publicInputs)
        private
        view
        returns (Fault fault, uint256 index)
    {
        if (proof.length != PROOF_BYTES) return (Fault.ProofLength, 0);
        if (publicInputs.length != publicInputCount) return (Fault.PublicInputCount, 0);
        for (; index < publicInputs.length; ++index) {
            if (publicInputs[index] >= R) return (Fault.PublicInputTooLarge, index);
        }
        bytes memory key = keyStore.code;
        (bool summed, uint256 x, uint256 y) = _sumPublicInputs(key, publicInputs);
        if (!summed) return (Fault.PointInvalid, 0);
        return (_checkEquation(key, proof, x, y), 0);
    }

    /// IC_0 + sum_i publicInputs[i] * IC_(i+1), affine.
    function _sumPublicInputs(bytes memory key, uint256[] calldata publicInputs)
        private
        view
        returns (bool ok, uint256 x, uint256 y)
    {
        uint256[5] memory scratch; // the sum (2 words), a term (2 words), its scalar
        assembly ("memory-safe") {
            let ic := add(key, add(33, IC_OFFSET)) // past the length word and the STOP byte
            let term := add(scratch, 64)
            mcopy(scratch, ic, 64)
            ok := 1
            for { let i := 0 } lt(i, publicInputs.length) { i := add(i, 1) } {
                ic := add(ic, 64)
                mcopy(term, ic, 64)
                mstore(add(scratch, 128), calldataload(add(publicInputs.offset, mul(i, 32))))
                ok := and(ok, staticcall(gas(), 7, term, 96, term, 64))
                ok := and(ok, eq(returndatasize(), 64)) // a chain without the precompile returns nothing
                ok := and(ok, staticcall(gas(), 6, scratch, 128, scratch, 64))
                ok := and(ok, eq(returndatasize(), 64))
            }
            x := mload(scratch)
            y := mload(add(scratch, 32))
        }
    }

    /// Groth16 (eprint 2016/260) section 3.2: e(A, B) = e(alpha, beta) * e(sum_i x_i * IC_i, gamma) * e(C, delta),
    /// moved to one side: e(A, B) * e(alpha, -beta) * e(sum, -gamma) * e(C, -delta) = 1. The key holds the negatives, so
    /// the proof's coordinates reach the precompile untouched and are judged there.
    function _checkEquation(bytes memory key, bytes calldata proof, uint256 x, uint256 y)
        private
        view
        returns (Fault)
    {
        uint256[24] memory pairs; // four pairs of a G1 point (2 words) and a G2 point (4 words)
        bool ok;
        uint256 product;
        assembly ("memory-safe") {
            let start := add(key, 33)
            calldatacopy(pairs, proof.offset, 192) // A, B
            mcopy(add(pairs, 192), start, 192) // alpha, -beta
            mstore(add(pairs, 384), x)
            mstore(add(pairs, 416), y)
            mcopy(add(pairs, 448), add(start, 192), 128) // -gamma
            calldatacopy(add(pairs, 576), add(proof.offset, 192), 64) // C
            mcopy(add(pairs, 640), add(start, 320), 128) // -delta
            ok := staticcall(gas(), 8, pairs, 768, 0, 32)
            ok := and(ok, eq(returndatasize(), 32))
            product := mload(0)
        }
        if (!ok) return Fault.PointInvalid;
        return product == 1 ? Fault.None : Fault.EquationFails;
    }

    /// Reverts unless every point of the key is of its group and none of the first four is infinity.
    function _checkKey(bytes memory key, uint256 icCount) private view {
        (bool okBeta, bool isBetaZero) = _pairs(_wordAt(key, 0), _wordAt(key, 32), key, 64);
        (bool okGamma, bool isGammaZero) = _pairs(1, 2, key, 192); // (1, 2) generates G1 (EIP-196)
        (bool okDelta, bool isDeltaZero) = _pairs(1, 2, key, 320);
        // e(P, Q) = 1 exactly when P or Q is infinity, so alpha and beta are covered by one pairing.
        if (!okBeta || !okGamma || !okDelta || isBetaZero || isGammaZero || isDeltaZero) revert KeyInvalid();
        for (uint256 i = 0; i < icCount; ++i) {
            uint256 offset = IC_OFFSET + 4 + 64 * i;
            (bool ok,) = address(6).staticcall(abi.encode(_wordAt(key, offset), _wordAt(key, offset + 32), 0, 0));
            if (!ok) revert KeyInvalid();
        }
    }

    /// Whether the pairing of (x, y) with the G2 point at `offset` of the key is defined, and whether it is one.
    function _pairs(uint256 x, uint256 y, bytes memory key, uint256 offset) private view returns (bool, bool) {
        (bool ok, bytes memory result) = address(8).staticcall(
            abi.encode(
                x, y, _wordAt(key, offset), _wordAt(key, offset + 32), _wordAt(key, offset + 64), _wordAt(key, offset + 96)
            )
        );
        return ok && result.length == 32 ? (true, abi.decode(result, (uint256)) == 1) : (false, false);
    }

    /// The key with beta, gamma and delta negated and the count of IC left out. Assumes that _checkKey passed.
    function _withNegatedG2(bytes memory key) private pure returns (bytes memory out) {
        out = new bytes(key.length - 4);
        assembly ("memory-safe") {
            mcopy(add(out, 32), add(key, 32), IC_OFFSET)
            mcopy(add(out, add(32, IC_OFFSET)), add(key, add(36, IC_OFFSET)), sub(mload(out), IC_OFFSET))
        }
        for (uint256 offset = 64; offset < IC_OFFSET; offset += 128) {
            _negateAt(out, offset + 64); // -(x, y) = (x, -y), part by part in Fp2
            _negateAt(out, offset + 96);
        }
    }

    function _negateAt(bytes memory data, uint256 offset) private pure {
        uint256 negated = (Q - _wordAt(data, offset)) % Q; // below q by _checkKey, so the subtraction cannot wrap
        assembly ("memory-safe") {
            mstore(add(add(data, 32), offset), negated)
        }
    }

    function _wordAt(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectStorage} from "./DirectStorage.sol";
import "./DirectWords.sol";

/// EIP-712 messages and who signed them. Signatures are those of EIP-2098: r, then s with the parity in its top bit.
/// Both forms (s and n - s) of a signature are taken: a message works once by its slot or its nonce, not by its bytes.
abstract contract DirectSignatures is DirectStorage {
    struct Request {
        uint8 kind;
        uint32 nonce;
        uint32 epoch;
        uint64 amount; // 1e-6 USD
        address recipient;
        uint16 slot;
        uint32 orderNonce;
        uint48 maxFee; // 1e-6 USD
    }

    struct Trade {
        address first;
        address second;
        uint8 market;
        uint8 side; // of the first: 0 buys
        uint48 lots;
        uint48 price;
        uint32 firstNonce;
        uint32 firstEpoch;
        uint32 secondNonce;
        uint32 secondEpoch;
    }

    bytes private constant ORDER =
        "Order(uint8 market,uint8 side,uint8 flags,uint16 slot,uint32 nonce,uint32 epoch,uint40 expiry,uint48 size,uint48 limit,uint16 tip,uint48 maxFee)";
    bytes32 private constant ORDER_TYPE = keccak256(ORDER);
    bytes32 private constant QUOTE_TYPE = keccak256(bytes.concat("Quote(Order[] orders)", ORDER));
    bytes32 private constant REQUEST_TYPE = keccak256(
        "Request(uint8 kind,uint32 nonce,uint32 epoch,uint64 amount,address recipient,uint16 slot,uint32 orderNonce,uint48 maxFee)"
    );
    bytes32 private constant TRADE_TYPE = keccak256(
        "Trade(address first,address second,uint8 market,uint8 side,uint48 lots,uint48 price,uint32 firstNonce,uint32 firstEpoch,uint32 secondNonce,uint32 secondEpoch)"
    );
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    uint256 private immutable deployedChainId;
    bytes32 private immutable deployedDomain;

    constructor() {
        deployedChainId = block.chainid;
        deployedDomain = _computeDomain();
    }

    /// The EIP-712 domain separator; worked out again on a fork of the chain.
    function domainSeparator() public view returns (bytes32) {
        return block.chainid == deployedChainId ? deployedDomain : _computeDomain();
    }

    function _computeDomain() private view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("zkmargin direct"), keccak256("1"), block.chainid, address(this))
        );
    }

    /// hashStruct of the order whose packed bytes begin at `at`. By hand: the compiler has not stack for eleven fields.
    function _hashOrder(uint256 offset) internal pure returns (bytes32 hash) {
        bytes32 typeHash = ORDER_TYPE;
        uint256 maxFee = (_load(offset + 10) >> 48) & MASK48;
        assembly ("memory-safe") {
            let word := calldataload(offset)
            let to := mload(0x40) // past the free pointer: scratch
            mstore(to, typeHash)
            mstore(add(to, 32), and(shr(248, word), 15)) // market
            mstore(add(to, 64), and(shr(252, word), 1)) // side
            mstore(add(to, 96), shr(253, word)) // flags
            mstore(add(to, 128), and(shr(232, word), 0xffff)) // slot
            mstore(add(to, 160), and(shr(200, word), 0xffffffff)) // nonce
            mstore(add(to, 192), and(shr(168, word), 0xffffffff)) // epoch
            mstore(add(to, 224), and(shr(128, word), 0xffffffffff)) // expiry
            mstore(add(to, 256), and(shr(80, word), 0xffffffffffff)) // size
            mstore(add(to, 288), and(shr(32, word), 0xffffffffffff)) // limit
            mstore(add(to, 320), and(shr(16, word), 0xffff)) // tip
            mstore(add(to, 352), maxFee)
            hash := keccak256(to, 384)
        }
    }

    /// hashStruct of the quote of `count` orders, packed one behind another.
    function _hashQuote(uint256 offset, uint256 count, uint256 orderBytes) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            hashes[i] = _hashOrder(offset + i * orderBytes);
        }
        return keccak256(abi.encode(QUOTE_TYPE, keccak256(abi.encodePacked(hashes))));
    }

    function _hashRequest(Request calldata r) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(REQUEST_TYPE, r.kind, r.nonce, r.epoch, r.amount, r.recipient, r.slot, r.orderNonce, r.maxFee)
        );
    }

    function _hashTrade(Trade calldata trade) internal pure returns (bytes32) {
        return keccak256(bytes.concat(TRADE_TYPE, abi.encode(trade))); // a struct of value types is its own encoding
    }

    /// Who signed; 0 where nobody can have. Another's or a changed message gives an address that has no account.
    function _recover(bytes32 structHash, uint256 r, uint256 vs, bytes32 domain) internal pure returns (address) {
        bytes32 digest;
        assembly ("memory-safe") {
            let to := mload(0x40) // past the free pointer: scratch
            mstore(to, shl(240, 0x1901))
            mstore(add(to, 2), domain)
            mstore(add(to, 34), structHash)
            digest := keccak256(to, 66)
        }
        return ecrecover(digest, uint8(27 + (vs >> 255)), bytes32(r), bytes32(vs & (USED_WORD - 1)));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import "./DirectWords.sol";

/// What the exchange stores, what it reads once a transaction, and what it refuses.
abstract contract DirectStorage {
    struct Account {
        uint256 header;
        uint256[6] words;
        mapping(uint256 word => OrderWord) orders; // slot s >= 6 stands in word s / 3
    }

    struct OrderWord {
        uint256 slots;
    }

    /// What a transaction reads once and adds up, in memory. Markets are read when first needed: 0 is not read yet.
    struct Batch {
        uint256 clock;
        int256 fundDue; // atoms: rent, base fees, penalties
        int256 fees; // atoms: trading fees and tips
        uint256[16] market;
        uint256[16] price;
        int256[16] net; // lots bought less lots sold
    }

    error OnlyOperator(address caller);
    error Malformed(uint256 gotBytes, uint256 expectedBytes);
    error MarketUnknown(uint256 market);
    error PriceMissing(uint256 market);
    error PricesStale();
    error AccountUnknown(address account);
    error CashTooLarge(address account, int256 cash);
    error SizeTooLarge(address account, uint256 market, int256 size);
    error MarginBroken(address account, int256 equity, int256 required);

    address public immutable operator;
    mapping(address account => Account) internal accounts;
    uint256[16] internal markets;
    uint256 internal clock;
    uint256 internal fund;
    uint256 internal house;

    constructor(address operator_) {
        operator = operator_;
    }

    modifier onlyOperator() {
        if (msg.sender != operator) revert OnlyOperator(msg.sender);
        _;
    }

    function _beginBatch() internal view returns (Batch memory b) {
        b.clock = clock;
    }

    /// Write what the transaction added up for fund and treasury.
    function _endBatch(Batch memory b) internal {
        if (b.fundDue != 0) {
            uint256 word = fund;
            fund = packInt128(lowInt128(word), highInt128(word) + b.fundDue);
        }
        if (b.fees != 0) {
            uint256 word = house;
            house = (word & ~MASK128) | packInt128(lowInt128(word) + b.fees, 0);
        }
    }

    function _marketWord(Batch memory b, uint256 market) internal view returns (uint256 word) {
        word = b.market[market];
        if (word == 0) {
            word = markets[market];
            if (word == 0) revert MarketUnknown(market);
            b.market[market] = word;
        }
    }

    function _priceOf(Batch memory b, uint256 market) internal pure returns (uint256 price) {
        price = b.price[market];
        if (price == 0) revert PriceMissing(market);
    }

    function _now(Batch memory b) internal pure returns (uint256) {
        return b.clock & MASK40;
    }

    function _requireFresh(Batch memory b) internal pure {
        if ((b.clock >> 40) & 1 != 0) revert PricesStale();
    }

    function _orderFee(Batch memory b) internal pure returns (uint256) {
        return (b.clock >> 41) & MASK48;
    }

    function _cashFee(Batch memory b) internal pure returns (uint256) {
        return (b.clock >> 89) & MASK48;
    }

    function _leafFee(Batch memory b) internal pure returns (uint256) {
        return (b.clock >> 137) & MASK48;
    }

    function _rent(Batch memory b, uint256 header) internal pure returns (int256) {
        unchecked {
            return int256((_now(b) - ((header >> TOUCHED_SHIFT) & MASK40)) * (b.clock >> 185)); // time only rises
        }
    }

    /// 32 bytes of calldata from an absolute offset; what lies past its end reads as zero.
    function _load(uint256 offset) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(offset)
        }
    }
}

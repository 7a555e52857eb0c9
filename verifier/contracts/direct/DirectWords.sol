// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// How DirectSettlement packs its storage: an order touches two words, the header and one of six with three markets and an
// order slot each. So an account that trades market m by slot m / 3 pays for no third. Units and bounds: rollup/units.py.
//
// header:    cash int128 | held 16 | touched_s 40 | epoch 32 | nonce 32 | tier 3 | open 1   (lowest bits first)
// words:     three int56 lots | slot: filled 48, nonce 32 | bit 255. Once written a word is never zero again, so that
//            to trade in a market left before costs 5,000 gas and not 22,100. `held`: the markets with a position.
// orders:    slots from 6 on, three a word of filled 48 | nonce 32
// market:    mark 48 | funding index int80 | initial 20 | maintenance 20 | liquidation fee 20 | band 20 (ppm) | open 1
// clock:     timestamp_s 40 | stale 1 | order fee 48 | cash fee 48 | leaf fee 48 (1e-6 USD) | rent 64 (atoms a second)
// fund:      cash int128 | due int128: what came in since the tick, and is not the fund's to lose before the next
// house:     treasury int128 | markets the fund holds 16 | budget of the fund 88 (1e-12 USD)

uint256 constant MARKET_COUNT = 16;
uint256 constant PPM = 1e6;
int256 constant ATOMS_PER_E6 = 1e12;
int256 constant LOT_TICK_ATOMS = 1e6;
int256 constant CASH_LIMIT = 1 << 120;
int256 constant SIZE_LIMIT = 1 << 48;
address constant FUND = address(1); // of a precompile: nobody has its key

uint256 constant MASK16 = (1 << 16) - 1;
uint256 constant MASK20 = (1 << 20) - 1;
uint256 constant MASK32 = (1 << 32) - 1;
uint256 constant MASK40 = (1 << 40) - 1;
uint256 constant MASK48 = (1 << 48) - 1;
uint256 constant MASK56 = (1 << 56) - 1;
uint256 constant MASK64 = (1 << 64) - 1;
uint256 constant MASK80 = (1 << 80) - 1;
uint256 constant MASK88 = (1 << 88) - 1;
uint256 constant MASK128 = (1 << 128) - 1;

uint256 constant HELD_SHIFT = 128;
uint256 constant TOUCHED_SHIFT = 144;
uint256 constant EPOCH_SHIFT = 184;
uint256 constant NONCE_SHIFT = 216;
uint256 constant TIER_SHIFT = 248;
uint256 constant OPEN = 1 << 251;
uint256 constant EPOCH_AND_NONCE = ((1 << 64) - 1) << EPOCH_SHIFT;
uint256 constant USED_WORD = 1 << 255;
uint256 constant WORD_COUNT = 6;
uint256 constant SLOT_SHIFT = 168;

/// The cash of a header, or the treasury's of a house word: the low 128 bits, signed.
function lowInt128(uint256 word) pure returns (int256) {
    return int256(int128(uint128(word)));
}

function highInt128(uint256 word) pure returns (int256) {
    return int256(word) >> 128;
}

error HouseOverflow(int256 low, int256 high);

function packInt128(int256 low, int256 high) pure returns (uint256) {
    if (int256(int128(low)) != low || int256(int128(high)) != high) revert HouseOverflow(low, high);
    return (uint256(low) & MASK128) | (uint256(high) << 128);
}

function epochOf(uint256 header) pure returns (uint256) {
    return (header >> EPOCH_SHIFT) & MASK32;
}

function markOf(uint256 market) pure returns (int256) {
    return int256(market & MASK48);
}

function fundingOf(uint256 market) pure returns (int256) {
    return int256(int80(uint80(market >> 48)));
}

/// What one lot held long is worth relative to the funding index: mark * 10**6 - F, atoms.
function worthOf(uint256 market) pure returns (int256) {
    unchecked {
        return markOf(market) * LOT_TICK_ATOMS - fundingOf(market);
    }
}

/// Word i of six. Assumes i < 6, which every market and checked slot gives: the compiler's check would cost as much again.
function wordAt(uint256[6] memory words, uint256 i) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := mload(add(words, shl(5, i)))
    }
}

/// Set word i of six. Assumes i < 6.
function setWord(uint256[6] memory words, uint256 i, uint256 word) pure {
    assembly ("memory-safe") {
        mstore(add(words, shl(5, i)), word)
    }
}

/// Signed lots of a market in the words of an account.
function sizeIn(uint256[6] memory words, uint256 market) pure returns (int256 size) {
    unchecked {
        uint256 shifted = wordAt(words, market / 3) >> ((market % 3) * 56);
        assembly ("memory-safe") {
            size := signextend(6, shifted) // of seven bytes
        }
    }
}

/// Put signed lots of a market into its word. Assumes |size| < 2**48.
function putSize(uint256[6] memory words, uint256 market, int256 size) pure {
    unchecked {
        uint256 shift = (market % 3) * 56;
        uint256 others = wordAt(words, market / 3) & ~(MASK56 << shift);
        setWord(words, market / 3, others | ((uint256(size) & MASK56) << shift));
    }
}

function absolute(int256 value) pure returns (int256) {
    unchecked {
        return value < 0 ? -value : value;
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectSignatures} from "./DirectSignatures.sol";
import {DirectTurns} from "./DirectTurns.sol";
import "./DirectWords.sol";

/// Fills of signed orders at the clearing price: order fill state, limits, flags, fees.
/// An order is 42 bytes: market 4 bits, side 1, flags 3 (the lowest bits are the market), slot 2, nonce 4, epoch 4,
/// expiry_s 5, size 6, limit 6, tip 2, maxFee 6, then the lots filled 6, which nobody signed. Big-endian.
abstract contract DirectOrders is DirectTurns, DirectSignatures {
    uint256 internal constant ORDER_BYTES = 42;
    uint256 private constant IOC = 1;
    uint256 private constant REDUCE_ONLY = 2;
    uint256 private constant POST_ONLY = 4;

    error SignerDiffers(address got, address expected);
    error EpochWrong(address account, uint256 got, uint256 expected);
    error OrderExpired(address account, uint256 expiry, uint256 timestamp);
    error OrderVoid(address account, uint256 slot, uint256 nonce);
    error FillTooLarge(address account, uint256 lots, uint256 remaining);
    error LimitBroken(address account, uint256 limit, uint256 price);
    error PostOnlyCrosses(address account, uint256 limit, uint256 mark);
    error FeeAboveMaximum(address account, uint256 fee, uint256 maximum);

    uint256 private immutable takerFees; // ppm, 20 bits a tier
    uint256 private immutable makerFees; // ppm + 10**6, 21 bits a tier

    constructor(uint256 takerFees_, uint256 makerFees_) {
        takerFees = takerFees_;
        makerFees = makerFees_;
    }

    /// One turn of one account with `count` orders, each with a signature behind it. Returns where the turn ends.
    function _fillOrders(Batch memory b, Turn memory t, uint256 offset, uint256 count) internal returns (uint256) {
        bytes32 domain = domainSeparator();
        unchecked {
            for (uint256 i; i < count; ++i) {
                uint256 signature = offset + ORDER_BYTES;
                address signer = _recover(_hashOrder(offset), _load(signature), _load(signature + 32), domain);
                if (i == 0) _openTurn(b, t, signer);
                else if (signer != t.account) revert SignerDiffers(signer, t.account);
                _fill(b, t, offset);
                offset = signature + 64;
            }
        }
        _requireValidClose(b, t);
        _closeTurn(b, t);
        return offset;
    }

    /// One turn with the `count` orders of a quote: one signature in front of all. An order of no lots is not filled.
    function _fillQuote(Batch memory b, Turn memory t, uint256 offset, uint256 count) internal returns (uint256) {
        uint256 first = offset + 64;
        bytes32 quote = _hashQuote(first, count, ORDER_BYTES);
        _openTurn(b, t, _recover(quote, _load(offset), _load(offset + 32), domainSeparator()));
        uint256 end = first + count * ORDER_BYTES;
        for (offset = first; offset < end; offset += ORDER_BYTES) {
            if (_load(offset + 10) & MASK48 != 0) _fill(b, t, offset);
        }
        _requireValidClose(b, t);
        _closeTurn(b, t);
        return end;
    }

    function _fill(Batch memory b, Turn memory t, uint256 offset) private {
        uint256 order = _load(offset);
        uint256 lots = _load(offset + 10) & MASK48;
        uint256 market = (order >> 248) & 15;
        uint256 price = _priceOf(b, market);
        _checkTerms(b, t, order, market, price);
        bool isFirst = _takeFromSlot(t, order, market, lots);
        unchecked {
            int256 signed = (order >> 252) & 1 == 0 ? int256(lots) : -int256(lots);
            _book(b, t, market, signed, price);
            b.net[market] += signed;
            _charge(b, t, offset, order, lots * price, isFirst); // both below 2**48
        }
    }

    /// Epoch, expiry, limit, and of a post-only order that it waits on its side of the mark.
    function _checkTerms(Batch memory b, Turn memory t, uint256 order, uint256 market, uint256 price) private view {
        uint256 epoch = (order >> 168) & MASK32;
        if (epoch != epochOf(t.header)) revert EpochWrong(t.account, epoch, epochOf(t.header));
        uint256 expiry = (order >> 128) & MASK40;
        if (expiry < _now(b)) revert OrderExpired(t.account, expiry, _now(b));
        bool isSell = (order >> 252) & 1 != 0;
        uint256 limit = (order >> 32) & MASK48;
        if (isSell ? price < limit : price > limit) revert LimitBroken(t.account, limit, price);
        if ((order >> 253) & POST_ONLY != 0) {
            uint256 mark = _marketWord(b, market) & MASK48;
            if (isSell ? limit <= mark : limit >= mark) revert PostOnlyCrosses(t.account, limit, mark);
        }
    }

    /// Check what remains of the order, of a reduce-only one also what it can close, and write its slot.
    /// Returns whether this is its first fill.
    function _takeFromSlot(Turn memory t, uint256 order, uint256 market, uint256 lots) private returns (bool) {
        uint256 slot = (order >> 232) & MASK16;
        uint256 nonce = (order >> 200) & MASK32;
        uint256 filled = _readSlot(t, slot);
        if (nonce < filled >> 48) revert OrderVoid(t.account, slot, nonce);
        filled = nonce == filled >> 48 ? filled & MASK48 : 0;
        unchecked {
            // all below 2**48 and 2**32
            uint256 size = (order >> 80) & MASK48;
            uint256 remaining = size > filled ? size - filled : 0;
            if ((order >> 253) & REDUCE_ONLY != 0) remaining = _closable(t, order, market, remaining);
            if (lots == 0 || lots > remaining) revert FillTooLarge(t.account, lots, remaining);
            // an IOC order's slot goes to nonce + 1: at the last nonce there is none
            uint256 isIoc = (order >> 253) & IOC;
            if (nonce + isIoc > MASK32) revert OrderVoid(t.account, slot, nonce);
            _writeSlot(t, slot, isIoc != 0 ? (nonce + 1) << 48 : (nonce << 48) | (filled + lots));
        }
        return filled == 0;
    }

    function _closable(Turn memory t, uint256 order, uint256 market, uint256 remaining)
        private
        pure
        returns (uint256)
    {
        int256 size = sizeIn(t.words, market); // 0 where nothing is held and the word was not read
        bool isSell = (order >> 252) & 1 != 0;
        if (isSell ? size <= 0 : size >= 0) return 0;
        uint256 held = uint256(absolute(size));
        return held < remaining ? held : remaining;
    }

    /// The trading fee by tier, and with the first fill the order fee and the tip. `notional` in lots * ticks.
    function _charge(Batch memory b, Turn memory t, uint256 offset, uint256 order, uint256 notional, bool isFirst)
        private
        view
    {
        uint256 tier = (t.header >> TIER_SHIFT) & 7;
        int256 rate = (order >> 253) & POST_ONLY != 0
            ? int256((makerFees >> (tier * 21)) & ((1 << 21) - 1)) - int256(PPM)
            : int256((takerFees >> (tier * 20)) & MASK20);
        unchecked {
            int256 toTreasury = int256(notional) * rate;
            int256 toFund;
            if (isFirst) {
                uint256 maxFee = (_load(offset + 10) >> 48) & MASK48;
                if (_orderFee(b) > maxFee) revert FeeAboveMaximum(t.account, _orderFee(b), maxFee);
                toFund = int256(_orderFee(b)) * ATOMS_PER_E6;
                toTreasury += int256((order >> 16) & MASK16) * ATOMS_PER_E6;
            }
            b.fundDue += toFund;
            b.fees += toTreasury;
            t.cash -= toFund + toTreasury;
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectTurns} from "./DirectTurns.sol";
import "./DirectWords.sol";

/// Fills without a signature: liquidations, and the insurance fund's own (rollup/liquidation.py, rollup/fund.py).
abstract contract DirectLiquidation is DirectTurns {
    error NotLiquidatable(address account, int256 equity, int256 maintenance);
    error NotLargestMarket(address account, uint256 market, uint256 larger);
    error LiquidationTooLarge(address account, uint256 lots);
    error HealthFalls(address account);
    error FundFillRefused(uint256 market, uint256 lots);

    uint256 private immutable fundBand; // ppm: how much worse than the mark the fund may trade

    constructor(uint256 fundBand_) {
        fundBand = fundBand_;
    }

    /// Close some of a position, no more than restores the initial margin; the penalty goes to the fund.
    function _liquidate(Batch memory b, Turn memory t, address account, uint256 market, uint256 lots) internal {
        _openTurn(b, t, account);
        Margin memory opened = _openedMargin(b, t);
        if (opened.maintenance == 0 || opened.equity >= opened.maintenance) {
            revert NotLiquidatable(account, opened.equity, opened.maintenance);
        }
        _requireLargest(b, t, market);
        uint256 price = _priceOf(b, market);
        int256 signed = _boundFill(b, t, opened, market, lots);
        _book(b, t, market, signed, price);
        Margin memory closed = _closedMargin(b, t);
        if (!_isHealthier(opened, closed)) revert HealthFalls(account);
        unchecked {
            b.net[market] += signed;
            int256 fee = int256(lots * price * ((_marketWord(b, market) >> 168) & MASK20));
            int256 left = closed.equity > 0 ? closed.equity : int256(0);
            int256 penalty = fee < left ? fee : left;
            b.fundDue += penalty;
            t.cash -= penalty;
        }
        _closeTurn(b, t);
    }

    /// The signed lots of the closing fill: within the position, and one lot less would leave equity below initial.
    function _boundFill(Batch memory b, Turn memory t, Margin memory opened, uint256 market, uint256 lots)
        private
        view
        returns (int256 signed)
    {
        int256 size = sizeIn(t.opened, market);
        if (lots == 0 || int256(lots) > absolute(size)) revert LiquidationTooLarge(t.account, lots);
        signed = size > 0 ? -int256(lots) : int256(lots);
        uint256 word = _marketWord(b, market);
        unchecked {
            int256 direction = size > 0 ? int256(-1) : int256(1);
            int256 gain = -direction * (int256(b.price[market]) - markOf(word)) * LOT_TICK_ATOMS; // a lot's, atoms
            int256 freed = markOf(word) * int256((word >> 128) & MASK20); // initial requirement of a lot
            bool isEnough = opened.equity + int256(lots - 1) * gain >= opened.initial - int256(lots - 1) * freed;
            if (isEnough) revert LiquidationTooLarge(t.account, lots);
        }
    }

    /// No market of the account has a larger maintenance requirement.
    function _requireLargest(Batch memory b, Turn memory t, uint256 market) private view {
        int256 chosen = _maintenanceIn(b, t, market);
        uint256 held = t.held;
        unchecked {
            for (uint256 other; held != 0; (++other, held >>= 1)) {
                if (held & 1 != 0 && _maintenanceIn(b, t, other) > chosen) {
                    revert NotLargestMarket(t.account, market, other);
                }
            }
        }
    }

    function _maintenanceIn(Batch memory b, Turn memory t, uint256 market) private view returns (int256) {
        uint256 word = _marketWord(b, market);
        unchecked {
            return absolute(sizeIn(t.opened, market)) * markOf(word) * int256((word >> 148) & MASK20);
        }
    }

    /// The fund's fill: only to shrink, near the mark, within its budget, which falls.
    function _fillFund(Batch memory b, uint256 market, uint256 lots) internal {
        uint256 word = house;
        Turn memory t;
        _openFund(t, word);
        int256 size = sizeIn(t.words, market);
        uint256 price = _priceOf(b, market);
        uint256 budget = (word >> 144) & MASK88;
        int256 signed = size > 0 ? -int256(lots) : int256(lots);
        if (lots == 0 || int256(lots) > absolute(size) || lots * price > budget || _isFar(b, market, price, size > 0)) {
            revert FundFillRefused(market, lots);
        }
        putSize(t.words, market, size + signed);
        if (size + signed == 0) t.held &= ~(1 << market);
        _writeWords(t);
        house = (word & MASK128) | (t.held << 128) | ((budget - lots * price) << 144);
        b.net[market] += signed;
        int256 paid = signed * (int256(price) * LOT_TICK_ATOMS - fundingOf(_marketWord(b, market)));
        uint256 money = fund;
        fund = packInt128(lowInt128(money) - paid, highInt128(money));
    }

    function _isFar(Batch memory b, uint256 market, uint256 price, bool isSelling) private view returns (bool) {
        int256 mark = markOf(_marketWord(b, market));
        int256 worse = isSelling ? mark - int256(price) : int256(price) - mark;
        return worse * int256(PPM) > int256(fundBand) * mark;
    }
}

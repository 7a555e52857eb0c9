// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectCash} from "./DirectCash.sol";
import "./DirectWords.sol";

/// What is left when an account cannot be liquidated: takeover by the fund, deleveraging; and trades agreed by two.
abstract contract DirectRescue is DirectCash {
    uint256 private constant TAKING_BYTES = 27; // account 20, market 1, lots 6

    /// What remains of a victim's debt, and of the notional over which it is spread.
    struct Debt {
        int256 owed; // atoms
        int256 worth; // lots * ticks
        uint256 market; // of the counterparty before
        int256 notional; // its |size| * mark
        int256 equity;
    }

    error NotInTrouble(address account, int256 equity, int256 maintenance);
    error FundTooSmall(address account, int256 equity, int256 fundEquity);
    error FundSuffices(address account, int256 equity, int256 fundEquity);
    error TakingRefused(address account, uint256 market, uint256 lots);
    error OrderOfTakingsWrong(address account);
    error LeftOver(address account, int256 owed);
    error TradeRefused(address first, address second);

    /// The fund takes all positions and all cash of an account it can bear.
    function takeOver(address account) external onlyOperator {
        Batch memory b = _beginBatch();
        Turn memory t;
        int256 equity = _openTrouble(b, t, account);
        int256 fundEquity = _fundEquity(b);
        if (fundEquity + equity < 0) revert FundTooSmall(account, equity, fundEquity);
        _addToFund(t);
        _giveToFund(t);
        _closeTurn(b, t);
        _endBatch(b);
    }

    /// Close an account whose debt the fund cannot bear against others, who share the debt by notional.
    /// `takings`: account 20 bytes, market 1, lots 6; markets rising, within one the most leveraged first.
    function deleverage(address account, bytes calldata takings) external onlyOperator {
        Batch memory b = _beginBatch();
        Turn memory t;
        int256 equity = _openTrouble(b, t, account);
        int256 fundEquity = _fundEquity(b);
        if (t.held == 0 || fundEquity + equity >= 0) revert FundSuffices(account, equity, fundEquity);
        Debt memory debt;
        debt.owed = equity < 0 ? -equity : int256(0);
        debt.worth = _worth(b, t);
        Turn memory other;
        for (uint256 offset; offset < takings.length; offset += TAKING_BYTES) {
            if (offset + TAKING_BYTES > takings.length) revert Malformed(takings.length, offset + TAKING_BYTES);
            bytes calldata taking = takings[offset:offset + TAKING_BYTES];
            _openTurn(b, other, address(bytes20(taking[:20])));
            _take(b, t, other, debt, uint8(taking[20]), uint48(bytes6(taking[21:27])));
            _closeTurn(b, other);
        }
        if (t.held != 0 || debt.owed != 0) revert LeftOver(account, debt.owed);
        _giveToFund(t);
        _closeTurn(b, t);
        _endBatch(b);
    }

    /// Trade between two accounts that both signed it, at their own price; each must close validly.
    function trade(Trade calldata deal, uint256[2] calldata sigR, uint256[2] calldata sigVs) external {
        Batch memory b = _beginBatch();
        _requireFresh(b);
        bytes32 hash = _hashTrade(deal);
        bytes32 domain = domainSeparator();
        bool isSigned = _recover(hash, sigR[0], sigVs[0], domain) == deal.first
            && _recover(hash, sigR[1], sigVs[1], domain) == deal.second;
        if (!isSigned || deal.first == deal.second || deal.price == 0 || deal.market >= MARKET_COUNT) {
            revert TradeRefused(deal.first, deal.second);
        }
        int256 lots = deal.side == 0 ? int256(uint256(deal.lots)) : -int256(uint256(deal.lots));
        _deal(b, deal, deal.first, lots, deal.firstNonce, deal.firstEpoch);
        _deal(b, deal, deal.second, -lots, deal.secondNonce, deal.secondEpoch);
        _endBatch(b);
    }

    function _deal(Batch memory b, Trade calldata deal, address account, int256 lots, uint256 nonce, uint256 epoch)
        private
    {
        Turn memory t;
        _openTurn(b, t, account);
        _takeNonce(t, nonce, epoch);
        _book(b, t, deal.market, lots, deal.price);
        _requireValidClose(b, t);
        _closeTurn(b, t);
    }

    /// Open an account that is below half its maintenance requirement, and return its equity.
    function _openTrouble(Batch memory b, Turn memory t, address account) private view returns (int256) {
        _requireFresh(b);
        _openTurn(b, t, account);
        Margin memory margin = _openedMargin(b, t);
        if (margin.equity >= 0 && 2 * margin.equity >= margin.maintenance) {
            revert NotInTrouble(account, margin.equity, margin.maintenance);
        }
        return margin.equity;
    }

    /// The fund's equity at the marks as the batch opened, and what it took over since: what is due to it is not in it.
    function _fundEquity(Batch memory b) private view returns (int256) {
        Turn memory f;
        _openFund(f, house);
        return _margin(b, f.words, f.held, lowInt128(fund)).equity;
    }

    /// Positions move with the cash, which is relative to the funding index: nothing else changes hands.
    function _addToFund(Turn memory t) private {
        Turn memory f;
        uint256 word = house;
        _openFund(f, word);
        for (uint256 market; market < MARKET_COUNT; ++market) {
            int256 taken = sizeIn(t.words, market);
            if (taken == 0) continue;
            _needWord(f, market / 3);
            int256 size = sizeIn(f.words, market) + taken;
            if (absolute(size) >= SIZE_LIMIT) revert SizeTooLarge(FUND, market, size);
            putSize(f.words, market, size);
            f.held = size == 0 ? f.held & ~(1 << market) : f.held | (1 << market);
            putSize(t.words, market, 0);
        }
        _writeWords(f);
        house = (word & ~(MASK16 << 128)) | (f.held << 128);
        t.held = 0;
    }

    function _giveToFund(Turn memory t) private {
        uint256 word = fund;
        fund = packInt128(lowInt128(word) + t.cash, highInt128(word));
        t.cash = 0;
    }

    function _worth(Batch memory b, Turn memory t) private view returns (int256 worth) {
        for (uint256 market; market < MARKET_COUNT; ++market) {
            int256 size = sizeIn(t.words, market);
            if (size != 0) worth += absolute(size) * markOf(_marketWord(b, market));
        }
    }

    /// One counterparty takes some of one market at the mark, and bears its share of the debt.
    function _take(Batch memory b, Turn memory t, Turn memory other, Debt memory debt, uint256 market, uint256 taken)
        private
        view
    {
        if (market >= MARKET_COUNT) revert MarketUnknown(market);
        (int256 left, int256 held) = (sizeIn(t.words, market), sizeIn(other.words, market));
        int256 lots = int256(taken);
        bool isOpposite = (left > 0 && held < 0) || (left < 0 && held > 0);
        if (!isOpposite || lots == 0 || lots > absolute(left) || lots > absolute(held)) {
            revert TakingRefused(other.account, market, taken);
        }
        uint256 mark = uint256(markOf(_marketWord(b, market)));
        int256 notional = lots * int256(mark);
        int256 share = debt.owed * notional / debt.worth;
        _rank(b, other, debt, market, absolute(held) * int256(mark), share);
        int256 signed = left > 0 ? lots : -lots;
        _book(b, t, market, -signed, mark);
        _book(b, other, market, signed, mark);
        _pay(other, share);
        _pay(t, -share);
        debt.owed -= share;
        debt.worth -= notional;
    }

    /// The counterparty can pay, and comes after those that hold more for their equity.
    function _rank(Batch memory b, Turn memory other, Debt memory debt, uint256 market, int256 notional, int256 share)
        private
        view
    {
        int256 equity = _openedMargin(b, other).equity;
        if (equity <= 0 || equity < share) revert TakingRefused(other.account, market, uint256(notional));
        bool isFirst = debt.equity == 0 || market > debt.market;
        bool isOrdered = market >= debt.market && debt.notional * equity >= notional * debt.equity;
        if (!isFirst && !isOrdered) revert OrderOfTakingsWrong(other.account);
        (debt.market, debt.notional, debt.equity) = (market, notional, equity);
    }
}

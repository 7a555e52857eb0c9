// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectCash, IERC20} from "./direct/DirectCash.sol";
import {DirectLiquidation} from "./direct/DirectLiquidation.sol";
import {DirectOrders} from "./direct/DirectOrders.sol";
import {DirectRescue} from "./direct/DirectRescue.sol";
import {DirectStorage} from "./direct/DirectStorage.sol";
import "./direct/DirectWords.sol";

/// The same exchange without a rollup: what one pays on the base layer to settle each order there.
/// It uses the rollup's integers and its rules for accounts; the operator is trusted with what docs/compare.md lists
/// (marks, funding, fractions, which orders are filled), which is work that this contract is spared.
contract DirectSettlement is DirectOrders, DirectLiquidation, DirectRescue {
    uint256 private constant TICK_BYTES = 43; // timestamp 5, stale 1, order, cash and leaf fee 6 each, rent 8, budget 11
    uint256 private constant MARKET_BYTES = 23; // market 1, mark 6, funding index 10, initial 3, maintenance 3
    uint256 private constant PRICE_BYTES = 7; // market 1, price 6
    uint256 private constant LIQUIDATION = 0; // account 20, market 1, lots 6
    uint256 private constant FUND_FILL = 0x40; // market 1, lots 6
    uint256 private constant QUOTE = 0x80; // and how many orders

    error TimeWrong(uint256 got, uint256 earliest, uint256 latest);
    error TickMalformed(uint256 market);
    error PriceOutsideBand(uint256 market, uint256 price, uint256 mark);
    error LotsNotZero(uint256 market, int256 net);
    error FeesNegative(int256 fees);
    error TurnUnknown(uint256 kind);

    event Settled(uint256 timestamp);

    uint256 public immutable maxLag; // seconds by which a tick may be older than its block

    /// `risk`: a word for each market, liquidation fee | band << 20 (ppm) | 1 << 40; 0 leaves the market closed.
    constructor(
        address operator_,
        IERC20 token_,
        uint256 maxLag_,
        uint256 takerFees_,
        uint256 makerFees_,
        uint256 fundBand_,
        uint256[16] memory risk
    ) DirectStorage(operator_) DirectCash(token_) DirectOrders(takerFees_, makerFees_) DirectLiquidation(fundBand_) {
        maxLag = maxLag_;
        for (uint256 market; market < MARKET_COUNT; ++market) {
            markets[market] = risk[market] << 168;
        }
    }

    /// Set clock, prices of resources, marks, funding indices and fractions of a batch.
    function tick(bytes calldata data) external onlyOperator {
        _tick(data);
    }

    /// Settle one auction: all orders of `turns` at one price a market, buys equal to sells. A tick may come with it.
    function settle(bytes calldata tickData, bytes calldata prices, bytes calldata turns) external onlyOperator {
        if (tickData.length != 0) _tick(tickData);
        Batch memory b = _beginBatch();
        _requireFresh(b);
        _readPrices(b, prices);
        _runTurns(b, turns);
        for (uint256 i; i < prices.length; i += PRICE_BYTES) {
            uint256 market = uint8(prices[i]);
            if (b.net[market] != 0) revert LotsNotZero(market, b.net[market]);
        }
        if (b.fees < 0) revert FeesNegative(b.fees);
        _endBatch(b);
        emit Settled(_now(b));
    }

    /// The stored words of an account (direct/DirectWords.sol).
    function getAccount(address account) external view returns (uint256 header, uint256[6] memory words) {
        return (accounts[account].header, accounts[account].words);
    }

    /// A word of an account's order slots from 6 on, three a word.
    function getOrders(address account, uint256 word) external view returns (uint256) {
        return accounts[account].orders[word].slots;
    }

    /// Clock, fund, house, and the markets (direct/DirectWords.sol).
    function getHouse() external view returns (uint256, uint256, uint256, uint256[16] memory) {
        return (clock, fund, house, markets);
    }

    function _tick(bytes calldata data) private {
        if (data.length < TICK_BYTES || (data.length - TICK_BYTES) % MARKET_BYTES != 0) {
            revert Malformed(data.length, TICK_BYTES);
        }
        uint256 word = uint256(bytes32(data[:32]));
        uint256 timestamp = word >> 216;
        uint256 latest = block.timestamp;
        uint256 earliest = latest > maxLag ? latest - maxLag : 0;
        if (timestamp <= (clock & MASK40) || timestamp < earliest || timestamp > latest) {
            revert TimeWrong(timestamp, earliest, latest);
        }
        uint256 rent = uint64(bytes8(data[24:32]));
        clock = timestamp | (((word >> 208) & 1) << 40) | (((word >> 160) & MASK48) << 41)
            | (((word >> 112) & MASK48) << 89) | (((word >> 64) & MASK48) << 137) | (rent << 185);
        uint256 money = fund;
        if (highInt128(money) != 0) fund = packInt128(lowInt128(money) + highInt128(money), 0);
        house = (house & ((1 << 144) - 1)) | (uint256(uint88(bytes11(data[32:43]))) << 144);
        for (uint256 offset = TICK_BYTES; offset < data.length; offset += MARKET_BYTES) {
            _setMarket(data[offset:offset + MARKET_BYTES]);
        }
    }

    function _setMarket(bytes calldata data) private {
        uint256 market = uint8(data[0]);
        uint256 mark = uint48(bytes6(data[1:7]));
        uint256 initial = uint24(bytes3(data[17:20]));
        uint256 maintenance = uint24(bytes3(data[20:23]));
        if (market >= MARKET_COUNT || mark == 0 || initial > PPM || maintenance > initial || maintenance == 0) {
            revert TickMalformed(market);
        }
        uint256 kept = (markets[market] >> 168) << 168; // liquidation fee, band, and that it is open
        if (kept == 0) revert MarketUnknown(market);
        markets[market] =
            kept | mark | (uint256(uint80(bytes10(data[7:17]))) << 48) | (initial << 128) | (maintenance << 148);
    }

    /// Read the clearing prices, each within the band around its mark.
    function _readPrices(Batch memory b, bytes calldata prices) private view {
        if (prices.length % PRICE_BYTES != 0) revert Malformed(prices.length, PRICE_BYTES);
        for (uint256 i; i < prices.length; i += PRICE_BYTES) {
            uint256 market = uint8(prices[i]);
            if (market >= MARKET_COUNT) revert MarketUnknown(market);
            uint256 price = uint48(bytes6(prices[i + 1:i + 7]));
            uint256 word = _marketWord(b, market);
            uint256 mark = word & MASK48;
            uint256 away = price > mark ? price - mark : mark - price;
            if (price == 0 || away * PPM > ((word >> 188) & MASK20) * mark) revert PriceOutsideBand(market, price, mark);
            b.price[market] = price;
        }
    }

    function _runTurns(Batch memory b, bytes calldata turns) private {
        Turn memory t;
        uint256 offset;
        assembly ("memory-safe") {
            offset := turns.offset
        }
        uint256 start = offset;
        uint256 end = offset + turns.length;
        while (offset < end) offset = _runTurn(b, t, offset);
        if (offset != end) revert Malformed(turns.length, offset - start); // the last turn reads beyond
    }

    /// Run the turn that begins at `at`, and return where the next begins.
    function _runTurn(Batch memory b, Turn memory t, uint256 offset) private returns (uint256) {
        uint256 word = _load(offset);
        uint256 kind = word >> 248;
        if (kind == LIQUIDATION) {
            _liquidate(b, t, address(uint160(word >> 88)), (word >> 80) & 15, (word >> 32) & MASK48);
            return offset + 28;
        }
        if (kind == FUND_FILL) {
            _fillFund(b, (word >> 240) & 15, (word >> 192) & MASK48);
            return offset + 8;
        }
        if (kind < FUND_FILL) return _fillOrders(b, t, offset + 1, kind);
        if (kind > QUOTE) return _fillQuote(b, t, offset + 1, kind - QUOTE);
        revert TurnUnknown(kind);
    }
}

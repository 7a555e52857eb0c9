// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectStorage} from "./DirectStorage.sol";
import "./DirectWords.sol";

/// An account's turn: its words are read once, changed in memory, judged, and written once.
abstract contract DirectTurns is DirectStorage {
    struct Turn {
        address account;
        bytes32 base; // where its storage begins: a hash that is worth keeping
        uint256 header; // as stored
        int256 openedCash; // after rent
        uint256 openedHeld;
        uint256[6] opened;
        int256 cash;
        uint256 held;
        uint256[6] words;
        uint256 loaded; // bit i: word i was read; the others stand as 0
    }

    struct Margin {
        int256 equity; // |.| < 2**125 and requirements < 2**120 (rollup/units.py): no product of two wraps int256
        int256 initial;
        int256 maintenance;
    }

    /// Read an account and let it pay rent.
    function _openTurn(Batch memory b, Turn memory t, address account) internal view {
        Account storage stored = accounts[account];
        uint256 header = stored.header;
        if (header & OPEN == 0) revert AccountUnknown(account);
        (t.account, t.base) = (account, _baseOf(stored));
        t.header = header;
        t.openedHeld = t.held = (header >> HELD_SHIFT) & MASK16;
        _readWords(t);
        int256 rent = _rent(b, header);
        unchecked {
            b.fundDue += rent;
            t.openedCash = t.cash = lowInt128(header) - rent;
        }
    }

    /// Read the words in which `held` says that there are positions; the others wait until they are needed.
    function _readWords(Turn memory t) internal view {
        (uint256[6] memory opened, uint256[6] memory words) = (t.opened, t.words);
        assembly ("memory-safe") {
            // the turn before left its own: past the calldata all is zero
            calldatacopy(opened, calldatasize(), 192)
            calldatacopy(words, calldatasize(), 192)
        }
        t.loaded = 0;
        uint256 held = t.held;
        unchecked {
            for (uint256 i; held != 0; (++i, held >>= 3)) {
                if (held & 7 != 0) _needWord(t, i);
            }
        }
    }

    /// Read the fund's words: it has no header, and `house_` says what it holds.
    function _openFund(Turn memory t, uint256 house_) internal view {
        (t.account, t.base) = (FUND, _baseOf(accounts[FUND]));
        t.held = (house_ >> HELD_SHIFT) & MASK16;
        _readWords(t);
    }

    /// Read a word unless it was read already.
    function _needWord(Turn memory t, uint256 i) internal view {
        if ((t.loaded >> i) & 1 != 0) return;
        t.loaded |= 1 << i;
        uint256 word = _stored(t).words[i] | USED_WORD;
        setWord(t.opened, i, word);
        setWord(t.words, i, word);
    }

    function _stored(Turn memory t) internal pure returns (Account storage stored) {
        bytes32 base = t.base;
        assembly ("memory-safe") {
            stored.slot := base
        }
    }

    function _baseOf(Account storage stored) internal pure returns (bytes32 base) {
        assembly ("memory-safe") {
            base := stored.slot
        }
    }

    /// Write back what changed. The account counts as touched now.
    function _closeTurn(Batch memory b, Turn memory t) internal {
        _writeWords(t);
        if (absolute(t.cash) >= CASH_LIMIT) revert CashTooLarge(t.account, t.cash);
        uint256 kept = t.header & ~((1 << EPOCH_SHIFT) - 1);
        _stored(t).header = kept | (uint256(t.cash) & MASK128) | (t.held << HELD_SHIFT) | (_now(b) << TOUCHED_SHIFT);
    }

    function _writeWords(Turn memory t) internal {
        Account storage stored = _stored(t);
        unchecked {
            uint256 loaded = t.loaded;
            for (uint256 i; loaded != 0; (++i, loaded >>= 1)) {
                uint256 word = wordAt(t.words, i);
                if (word != wordAt(t.opened, i)) stored.words[i] = word;
            }
        }
    }

    /// The slot's value, nonce << 48 | filled.
    function _readSlot(Turn memory t, uint256 slot) internal view returns (uint256) {
        if (slot >= WORD_COUNT) return (_stored(t).orders[slot / 3].slots >> ((slot % 3) * 80)) & MASK80;
        _needWord(t, slot);
        return (wordAt(t.words, slot) >> SLOT_SHIFT) & MASK80;
    }

    /// Put a value into a slot that was read.
    function _writeSlot(Turn memory t, uint256 slot, uint256 value) internal {
        if (slot >= WORD_COUNT) {
            OrderWord storage word = _stored(t).orders[slot / 3];
            uint256 shift = (slot % 3) * 80;
            word.slots = (word.slots & ~(MASK80 << shift)) | (value << shift);
        } else {
            setWord(t.words, slot, (wordAt(t.words, slot) & ~(MASK80 << SLOT_SHIFT)) | (value << SLOT_SHIFT));
        }
    }

    /// Book a fill at a price: cash -= lots * (price * 10**6 - F).
    function _book(Batch memory b, Turn memory t, uint256 market, int256 lots, uint256 price) internal view {
        unchecked {
            t.cash -= lots * (int256(price) * LOT_TICK_ATOMS - fundingOf(_marketWord(b, market)));
            _needWord(t, market / 3);
            int256 size = sizeIn(t.words, market) + lots;
            if (absolute(size) >= SIZE_LIMIT) revert SizeTooLarge(t.account, market, size);
            putSize(t.words, market, size);
            uint256 bit = 1 << market;
            t.held = size == 0 ? t.held & ~bit : t.held | bit;
        }
    }

    function _pay(Turn memory t, int256 atoms) internal pure {
        unchecked {
            t.cash -= atoms;
        }
    }

    /// Equity and both requirements at the marks, atoms, over the markets held.
    function _margin(Batch memory b, uint256[6] memory words, uint256 held, int256 cash)
        internal
        view
        returns (Margin memory margin)
    {
        (int256 equity, int256 initial, int256 maintenance) = (cash, int256(0), int256(0));
        unchecked {
            for (uint256 market; held != 0; (++market, held >>= 1)) {
                if (held & 1 == 0) continue;
                uint256 word = _marketWord(b, market);
                int256 size = sizeIn(words, market);
                equity += size * worthOf(word);
                int256 notional = absolute(size) * markOf(word);
                initial += notional * int256((word >> 128) & MASK20);
                maintenance += notional * int256((word >> 148) & MASK20);
            }
        }
        (margin.equity, margin.initial, margin.maintenance) = (equity, initial, maintenance);
    }

    function _openedMargin(Batch memory b, Turn memory t) internal view returns (Margin memory) {
        return _margin(b, t.opened, t.openedHeld, t.openedCash);
    }

    function _closedMargin(Batch memory b, Turn memory t) internal view returns (Margin memory) {
        return _margin(b, t.words, t.held, t.cash);
    }

    /// Initial margin met, or risk only reduced and health not worse: is_valid_close of rollup/margin.py.
    function _isValidClose(Batch memory b, Turn memory t, Margin memory closed) internal view returns (bool) {
        if (closed.equity >= closed.initial) return true;
        Margin memory opened = _openedMargin(b, t);
        return opened.maintenance > 0 && _isOnlyReducing(t) && _isHealthier(opened, closed);
    }

    function _requireValidClose(Batch memory b, Turn memory t) internal view {
        Margin memory closed = _closedMargin(b, t);
        if (!_isValidClose(b, t, closed)) revert MarginBroken(t.account, closed.equity, closed.initial);
    }

    /// What may leave the account keeps its initial margin; with positions it needs fresh prices.
    function _requireFree(Batch memory b, Turn memory t) internal view {
        if (t.held != 0) _requireFresh(b);
        Margin memory closed = _closedMargin(b, t);
        if (closed.equity < closed.initial) revert MarginBroken(t.account, closed.equity, closed.initial);
    }

    function _isHealthier(Margin memory opened, Margin memory closed) internal pure returns (bool) {
        unchecked {
            return closed.equity * opened.maintenance >= opened.equity * closed.maintenance;
        }
    }

    /// Whether every position ends between 0 and where it began. What is held at neither end is no matter.
    function _isOnlyReducing(Turn memory t) private pure returns (bool) {
        uint256 held = t.openedHeld | t.held;
        unchecked {
            for (uint256 market; held != 0; (++market, held >>= 1)) {
                if (held & 1 == 0) continue;
                (int256 old, int256 size) = (sizeIn(t.opened, market), sizeIn(t.words, market));
                if (old >= 0 ? size < 0 || size > old : size > 0 || size < old) return false;
            }
        }
        return true;
    }
}

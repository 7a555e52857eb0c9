// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DirectSignatures} from "./DirectSignatures.sol";
import {DirectTurns} from "./DirectTurns.sol";
import "./DirectWords.sol";

interface IERC20 {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Deposits, and what accounts sign besides orders. An account is the address that signs for it.
/// A forced request is the same as the plain one and pays no base fee, as in rollup/txs.
abstract contract DirectCash is DirectTurns, DirectSignatures {
    uint256 private constant WITHDRAW = 2;
    uint256 private constant CANCEL = 3;
    uint256 private constant TRANSFER = 5;
    uint256 private constant CANCEL_ALL = 7;
    uint256 private constant CLOSE = 8;
    uint256 private constant WITHDRAW_FREE = 18; // forced: the amount, or what is free of it
    uint256 private constant CANCEL_ALL_FORCED = 23;

    error Reentered();
    error TransferFailed();
    error LeafFeeMissing(uint256 amount, uint256 fee);
    error KindUnknown(uint256 kind);
    error NonceWrong(address account, uint256 got, uint256 expected);
    error RequestEpochWrong(address account, uint256 got, uint256 expected);
    error CashFeeAboveMaximum(address account, uint256 fee, uint256 maximum);
    error PositionsOpen(address account);
    error CashNegative(address account, int256 cash);
    error CancelVoid(address account, uint256 slot, uint256 nonce);
    error NotEvictable(address account, int256 cash);
    error TierUnknown(uint256 tier);

    IERC20 public immutable token; // 6 decimals, takes no fee of its own
    bool private transient isEntered;

    constructor(IERC20 token_) {
        token = token_;
    }

    /// Money has moved in the books before the token is called; nothing that moves any more may run inside that call.
    modifier nonReentrant() {
        if (isEntered) revert Reentered();
        isEntered = true;
        _;
        isEntered = false;
    }

    /// Take `amount` (1e-6 USD) from the caller and credit an account, which is opened if it is not open.
    function deposit(address account, uint64 amount) external nonReentrant {
        Batch memory b = _beginBatch();
        Turn memory t;
        uint256 header = accounts[account].header;
        if (header & OPEN == 0) {
            if (account <= FUND) revert AccountUnknown(account);
            uint256 fee = _leafFee(b);
            if (amount < fee) revert LeafFeeMissing(amount, fee);
            (t.account, t.base) = (account, _baseOf(accounts[account]));
            t.header = OPEN | ((header & EPOCH_AND_NONCE) + (1 << EPOCH_SHIFT));
            _payFund(b, t, int256(fee) * ATOMS_PER_E6);
        } else {
            _openTurn(b, t, account);
        }
        _pay(t, -int256(uint256(amount)) * ATOMS_PER_E6);
        _closeTurn(b, t);
        _endBatch(b);
        _pull(amount);
    }

    /// Serve what an account signed. Withdrawals go to the account's own address. Anybody may bring it.
    function request(Request calldata r, uint256 sigR, uint256 sigVs) external nonReentrant {
        Batch memory b = _beginBatch();
        Turn memory t;
        _openTurn(b, t, _recover(_hashRequest(r), sigR, sigVs, domainSeparator()));
        _takeNonce(t, r.nonce, r.epoch);
        if (r.kind < 16) {
            uint256 fee = _cashFee(b);
            if (fee > r.maxFee) revert CashFeeAboveMaximum(t.account, fee, r.maxFee);
            _payFund(b, t, int256(fee) * ATOMS_PER_E6);
        }
        uint256 paid = _serve(b, t, r);
        _closeTurn(b, t);
        if (r.kind == TRANSFER) _credit(b, r.recipient, r.amount);
        _endBatch(b);
        if (paid != 0 && !token.transfer(t.account, paid)) revert TransferFailed();
    }

    /// Empty an account without positions that has no more than its rent; what is left goes to the fund.
    function evict(address account) external {
        Batch memory b = _beginBatch();
        Turn memory t;
        _openTurn(b, t, account);
        // the rent is taken by now: what was there was no more than it where no more than 0 is left
        int256 cash = lowInt128(t.header);
        if (t.held != 0 || cash < 0 || t.cash > 0) revert NotEvictable(account, cash);
        _leave(b, t);
        _closeTurn(b, t);
        _endBatch(b);
    }

    /// Give an account a fee tier.
    function setTier(address account, uint256 tier) external onlyOperator {
        if (tier > 7) revert TierUnknown(tier);
        Batch memory b = _beginBatch();
        Turn memory t;
        _openTurn(b, t, account);
        t.header = (t.header & ~(uint256(7) << TIER_SHIFT)) | (tier << TIER_SHIFT);
        _closeTurn(b, t);
        _endBatch(b);
    }

    /// Do what is asked, and return what is to be paid out, 1e-6 USD.
    function _serve(Batch memory b, Turn memory t, Request calldata r) private returns (uint256 paid) {
        if (r.kind == WITHDRAW || r.kind == TRANSFER) {
            _pay(t, int256(uint256(r.amount)) * ATOMS_PER_E6);
            _requireFree(b, t);
            return r.kind == WITHDRAW ? r.amount : 0;
        }
        if (r.kind == CANCEL) {
            _cancel(t, r.slot, r.orderNonce);
        } else if (r.kind == CANCEL_ALL || r.kind == CANCEL_ALL_FORCED) {
            t.header += 1 << EPOCH_SHIFT;
        } else if (r.kind == WITHDRAW_FREE) {
            if (t.held != 0) _requireFresh(b);
            Margin memory margin = _closedMargin(b, t);
            int256 free = (margin.equity - margin.initial) / ATOMS_PER_E6; // below 0 it pays nothing
            paid = free <= 0 ? 0 : (uint256(free) < r.amount ? uint256(free) : r.amount);
            _pay(t, int256(paid) * ATOMS_PER_E6);
        } else if (r.kind == CLOSE) {
            if (t.held != 0) revert PositionsOpen(t.account);
            if (t.cash < 0) revert CashNegative(t.account, t.cash);
            paid = uint256(t.cash / ATOMS_PER_E6);
            _pay(t, int256(paid) * ATOMS_PER_E6);
            _leave(b, t);
        } else {
            revert KindUnknown(r.kind);
        }
    }

    /// The account is nobody's: what is left, of either sign, is the fund's. Epoch and nonce stay, so nothing revives.
    function _leave(Batch memory b, Turn memory t) private pure {
        _payFund(b, t, t.cash);
        t.header &= EPOCH_AND_NONCE;
    }

    function _cancel(Turn memory t, uint256 slot, uint256 nonce) private {
        uint256 next = (nonce + 1) << 48;
        if (nonce == MASK32 || next <= _readSlot(t, slot)) revert CancelVoid(t.account, slot, nonce);
        _writeSlot(t, slot, next);
    }

    function _credit(Batch memory b, address recipient, uint256 amount) private {
        Turn memory t;
        _openTurn(b, t, recipient);
        _pay(t, -int256(amount) * ATOMS_PER_E6);
        _closeTurn(b, t);
    }

    function _payFund(Batch memory b, Turn memory t, int256 atoms) private pure {
        t.cash -= atoms;
        b.fundDue += atoms;
    }

    /// Check epoch and nonce of what an account signed, and move its nonce on.
    function _takeNonce(Turn memory t, uint256 nonce, uint256 epoch) internal pure {
        uint256 expected = (t.header >> NONCE_SHIFT) & MASK32;
        if (nonce != expected || nonce == MASK32) revert NonceWrong(t.account, nonce, expected);
        if (epoch != epochOf(t.header)) revert RequestEpochWrong(t.account, epoch, epochOf(t.header));
        t.header += 1 << NONCE_SHIFT;
    }

    function _pull(uint256 amount) private {
        if (!token.transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Storage} from "./Storage.sol";
import {Token} from "./Token.sol";

/// The queue: deposits and forced requests, in the bytes of verifier/queue_entries.py, on one keccak chain
/// head' = keccak256(head | keccak256(entry)). Heads are kept by count, so that a batch may consume up to any entry.
/// An entry is due `forcedDeadlineS` after the end of the window it came in; both kinds have a cap a window.
abstract contract Queue is Storage {
    error DepositBelowMinimum(uint256 gotE6, uint256 minimumE6);
    error FieldTooLarge(uint256 value, uint256 limit);
    error OwnerZero();
    error FeeWrong(uint256 gotWei, uint256 expectedWei);
    error WindowFull(uint256 window, uint256 cap);
    error TradeNotApproved(address owner, bytes32 trade);

    event EntryQueued(uint256 indexed index, bytes entry);
    event TradeApproved(address indexed owner, bytes32 indexed trade);

    mapping(address owner => mapping(bytes32 trade => bool)) public isTradeApproved;

    /// Takes `amountE6` of the token from the sender; all but the fee is for the account, which the sender is to own.
    /// The key counts only where the deposit creates the account.
    function deposit(uint256 account, uint256 amountE6, uint256 keyX, uint256 keyY)
        external
        nonReentrant
        whileRunning
    {
        if (progress.isPaused) revert Paused();
        Limits memory lim = limits;
        if (amountE6 < lim.minDepositE6) revert DepositBelowMinimum(amountE6, lim.minDepositE6);
        _checkBelow(amountE6, 1 << 64);
        _checkKey(keyX, keyY);
        uint64 creditE6 = uint64(amountE6) - lim.depositFeeE6;
        Token.pull(token, msg.sender, amountE6);
        Owed memory o = owed;
        o.queuedE6 += creditE6;
        o.feesE6 += lim.depositFeeE6;
        owed = o;
        _enqueue(abi.encodePacked(uint8(1), _account(account), creditE6, msg.sender, keyX, keyY), lim.maxDeposits, true);
    }

    /// Asks that at most `amountE6` be paid to the sender, the account's owner.
    function forceWithdrawal(uint256 account, uint64 amountE6) external payable {
        _force(abi.encodePacked(uint8(4), _account(account), amountE6, msg.sender));
    }

    /// Asks that everything the account signed be void. The sender is its owner.
    function forceCancelAll(uint256 account) external payable {
        _force(abi.encodePacked(uint8(5), _account(account), msg.sender));
    }

    /// Asks for another key. The sender is the account's owner.
    function forceKeyChange(uint256 account, uint256 keyX, uint256 keyY) external payable {
        _checkKey(keyX, keyY);
        _force(abi.encodePacked(uint8(6), _account(account), msg.sender, keyX, keyY));
    }

    /// Asks for a trade between the sender's account and that of another owner, who approved it before.
    /// `side` is the first account's: 0 buys, 1 sells.
    function forceTrade(
        uint256 account,
        uint256 otherAccount,
        address otherOwner,
        uint256 market,
        uint256 side,
        uint48 lots,
        uint48 priceTicks
    ) external payable {
        if (otherOwner == address(0)) revert OwnerZero();
        _checkBelow(market, 16);
        _checkBelow(side, 2);
        bytes memory entry = abi.encodePacked(
            abi.encodePacked(uint8(7), _account(account), _account(otherAccount), msg.sender, otherOwner),
            abi.encodePacked(uint8(market), uint8(side), lots, priceTicks)
        );
        bytes32 trade = keccak256(entry);
        if (!isTradeApproved[otherOwner][trade]) revert TradeNotApproved(otherOwner, trade);
        delete isTradeApproved[otherOwner][trade]; // one approval, one trade
        _force(entry);
    }

    /// Agrees to the forced trade whose entry has this keccak256, once. The sender is its second owner.
    function approveTrade(bytes32 trade, bool isApproved) external {
        isTradeApproved[msg.sender][trade] = isApproved;
        if (isApproved) emit TradeApproved(msg.sender, trade);
    }

    function _force(bytes memory entry) private whileRunning {
        if (msg.value != limits.forcedFeeWei) revert FeeWrong(msg.value, limits.forcedFeeWei);
        _enqueue(entry, limits.maxForced, false);
    }

    /// Adds an entry of the governor's. It counts among the deposits, which the governor can stop anyway: among the forced
    /// requests, entries that cost nothing could fill every window and shut users in.
    function _enqueueTier(bytes memory entry) internal {
        _enqueue(entry, limits.maxDeposits, true);
    }

    function _enqueue(bytes memory entry, uint256 cap, bool isDeposit) private {
        uint256 index = progress.entryCount;
        uint256 number = block.timestamp / windowS;
        Window memory w = windows[number];
        if ((isDeposit ? w.deposits : w.forced) >= cap) revert WindowFull(number, cap);
        if (isDeposit) ++w.deposits;
        else ++w.forced;
        w.end = uint48(index + 1);
        windows[number] = w;
        queueHeads[index + 1] = keccak256(abi.encodePacked(queueHeads[index], keccak256(entry)));
        progress.entryCount = uint48(index + 1);
        emit EntryQueued(index, entry);
    }

    function _account(uint256 account) internal pure returns (uint24) {
        _checkBelow(account, MAX_ACCOUNT + 1);
        return uint24(account);
    }

    /// A coordinate x + r would be another entry with the same bridge words.
    function _checkKey(uint256 keyX, uint256 keyY) private pure {
        _checkBelow(keyX, R);
        _checkBelow(keyY, R);
    }

    function _checkBelow(uint256 value, uint256 limit) internal pure {
        if (value >= limit) revert FieldTooLarge(value, limit);
    }
}

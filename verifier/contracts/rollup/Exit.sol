// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Entries} from "./Entries.sol";
import {Groups} from "./Groups.sol";
import {IERC20, Token} from "./Token.sol";

/// The way out when the sequencer does not serve the queue. Anyone freezes; nothing settles any more; deposits still in
/// the queue go back; accounts register what they are worth in the last state (docs/exit.md) while the window is open;
/// then each is paid min(1, (vault - claimable - queued deposits) / sum registered) of it, accounts 0 and 1 last.
abstract contract Exit is Groups {
    using Entries for bytes;

    uint256 private constant FIRST_USER_ACCOUNT = 2;
    uint256 private constant CLAIM_BITS = 86;

    struct Registered {
        address owner;
        uint88 claimE6;
        bool isPaid;
    }

    struct Pool {
        uint128 usersE6; // sum registered
        uint128 lastE6; // sum registered for accounts 0 and 1
    }

    error NotOverdue(uint256 window);
    error NotQueuedDeposit(uint256 index);
    error AlreadyRefunded(uint256 index);
    error RegistrationClosed(uint256 untilS);
    error RegistrationOpen(uint256 untilS);
    error AlreadyRegistered(uint256 account);
    error NothingRegistered(uint256 account);
    error AlreadyPaid(uint256 account);

    event Frozen(uint256 window, uint256 stateRoot, uint256 consumedCount);
    event DepositRefunded(uint256 indexed index, address indexed owner, uint256 amountE6);
    event ExitRegistered(uint256 indexed account, address indexed owner, uint256 claimE6);
    event ExitPaid(uint256 indexed account, address indexed owner, uint256 amountE6);

    mapping(uint256 word => uint256 bits) private _refunded;
    mapping(uint256 account => Registered) public exits;
    Pool public registered;
    uint256 public poolE6; // what registered exits share, once it is fixed
    bool public isPoolFixed;

    /// Freezes the rollup. Anyone may, where an entry of this window was not consumed by its deadline.
    function freeze(uint256 window) external nonReentrant whileRunning {
        Progress memory p = progress;
        bool isLate = block.timestamp > (window + 1) * windowS + forcedDeadlineS;
        if (!isLate || windows[window].end <= p.consumedCount) revert NotOverdue(window);
        frozenAtS = block.timestamp;
        _dropPending(p);
        progress = p;
        emit Frozen(window, stateRoot, p.consumedCount);
    }

    /// Sends a deposit that was never consumed back to its sender, whoever asks. `entry`: its bytes in the queue.
    function refundDeposit(uint256 index, bytes calldata entry) external nonReentrant whenFrozen {
        if (index < progress.consumedCount || index >= progress.entryCount) revert NotQueuedDeposit(index);
        bytes32 head = keccak256(abi.encodePacked(queueHeads[index], keccak256(entry)));
        if (head != queueHeads[index + 1] || entry.take(0, 1) != Entries.DEPOSIT) revert NotQueuedDeposit(index);
        uint256 bits = _refunded[index >> 8];
        if (bits >> (index & 255) & 1 == 1) revert AlreadyRefunded(index);
        _refunded[index >> 8] = bits | 1 << (index & 255);
        uint64 amountE6 = uint64(entry.take(4, 8));
        address owner = address(uint160(entry.take(12, 20)));
        owed.queuedE6 -= amountE6;
        emit DepositRefunded(index, owner, amountE6);
        Token.push(token, owner, amountE6);
    }

    /// Registers what an account is worth in the last state, proved by the exit circuit. Anyone may, for its owner.
    function registerExit(uint256 account, address owner, uint256 claimE6, bytes calldata proof)
        external
        nonReentrant
        whenFrozen
    {
        if (block.timestamp > _exitsUntilS()) revert RegistrationClosed(_exitsUntilS());
        if (account > MAX_ACCOUNT || claimE6 >> CLAIM_BITS != 0) revert NotCanonical(claimE6);
        if (claimE6 == 0) revert NothingRegistered(account);
        if (exits[account].claimE6 != 0) revert AlreadyRegistered(account);
        uint256[] memory inputs = new uint256[](3);
        inputs[0] = stateRoot;
        inputs[1] = uint160(owner);
        inputs[2] = account | (claimE6 << 21);
        exitVerifier.requireValid(proof, inputs);
        exits[account] = Registered(owner, uint88(claimE6), false);
        if (account < FIRST_USER_ACCOUNT) registered.lastE6 += uint128(claimE6);
        else registered.usersE6 += uint128(claimE6);
        emit ExitRegistered(account, owner, claimE6);
    }

    /// Pays a registered exit to its owner, whoever asks, once the window has closed. The fund's and the treasury's go
    /// to the governor.
    function payExit(uint256 account) external nonReentrant whenFrozen {
        if (block.timestamp <= _exitsUntilS()) revert RegistrationOpen(_exitsUntilS());
        Registered memory r = exits[account];
        if (r.claimE6 == 0) revert NothingRegistered(account);
        if (r.isPaid) revert AlreadyPaid(account);
        exits[account].isPaid = true;
        uint256 poolE6_ = _fixPool();
        uint256 usersE6 = registered.usersE6;
        uint256 amountE6;
        if (account < FIRST_USER_ACCOUNT) {
            uint256 restE6 = poolE6_ > usersE6 ? poolE6_ - usersE6 : 0;
            amountE6 = _share(r.claimE6, restE6, registered.lastE6);
        } else {
            amountE6 = _share(r.claimE6, poolE6_, usersE6);
        }
        address owner = account < FIRST_USER_ACCOUNT ? governor : r.owner;
        emit ExitPaid(account, owner, amountE6);
        Token.push(token, owner, amountE6);
    }

    /// What exits share: the vault less what is owed before them; as it stands at the first payment.
    function _fixPool() private returns (uint256) {
        if (!isPoolFixed) {
            isPoolFixed = true;
            uint256 vaultE6 = token.balanceOf(address(this));
            uint256 firstE6 = uint256(owed.claimableE6) + owed.queuedE6;
            poolE6 = vaultE6 > firstE6 ? vaultE6 - firstE6 : 0;
        }
        return poolE6;
    }

    /// claim * min(1, pool / sum), floored.
    function _share(uint256 claimE6, uint256 poolE6_, uint256 sumE6) private pure returns (uint256) {
        return poolE6_ >= sumE6 ? claimE6 : claimE6 * poolE6_ / sumE6;
    }

    function _exitsUntilS() private view returns (uint256) {
        return frozenAtS + exitWindowS;
    }
}

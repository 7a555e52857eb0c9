// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Entries} from "./Entries.sol";
import {Queue} from "./Queue.sol";
import {IVerifier} from "./Storage.sol";
import {Token} from "./Token.sol";

/// Who may do what. The governor proposes calls of this contract to itself; each may be made once the timelock is over:
/// long enough for a user who does not agree to force a withdrawal, and to freeze and exit should it not be served.
/// The guardian can only pause: deposits and settlement stop, forced requests, claims, freeze and exits do not.
abstract contract Governance is Queue {
    uint256 private constant BATCH_INPUT_COUNT = 9;

    /// A key to register.
    struct ShapeSpec {
        IVerifier verifier; // a Groth16Verifier, which checked the key when it was deployed
        uint16 elementCount;
        uint16 laneCount;
        bool isDevelopment;
    }

    error ShapeWrong(uint256 publicInputCount, uint256 elementCount, uint256 laneCount);
    error LimitsWrong();
    error ParamsHashWrong(uint256 got);
    error AddressZero();
    error NotReady(bytes32 proposal, uint256 readyAtS, uint256 untilS);
    error AlreadyProposed(bytes32 proposal);

    event Proposed(bytes32 indexed proposal, uint256 readyAtS, bytes data, bytes32 salt);
    event Cancelled(bytes32 indexed proposal);
    event Executed(bytes32 indexed proposal);
    event ShapeRegistered(uint256 indexed shapeId, address keyStore, bool isDevelopment);
    event PauseSet(bool isPaused);

    mapping(bytes32 proposal => uint256 readyAtS) public proposals;

    /// Announces a call of this contract to itself. It can be made from `readyAtS` on, for as long as the timelock was.
    function propose(bytes calldata data, bytes32 salt) external only(governor) returns (bytes32 proposal) {
        proposal = keccak256(abi.encode(data, salt));
        if (proposals[proposal] != 0) revert AlreadyProposed(proposal);
        proposals[proposal] = block.timestamp + timelockS;
        emit Proposed(proposal, block.timestamp + timelockS, data, salt);
    }

    /// Withdraws a proposal. The guardian may too.
    function cancel(bytes32 proposal) external {
        if (msg.sender != governor && msg.sender != guardian) revert NotAllowed(msg.sender);
        delete proposals[proposal];
        emit Cancelled(proposal);
    }

    /// Makes a call that was announced long enough ago.
    function execute(bytes calldata data, bytes32 salt) external only(governor) {
        bytes32 proposal = keccak256(abi.encode(data, salt));
        uint256 readyAtS = proposals[proposal];
        if (readyAtS == 0 || block.timestamp < readyAtS || block.timestamp > readyAtS + timelockS) {
            revert NotReady(proposal, readyAtS, readyAtS == 0 ? 0 : readyAtS + timelockS);
        }
        delete proposals[proposal];
        (bool ok, bytes memory answer) = address(this).call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        emit Executed(proposal);
    }

    function registerShape(ShapeSpec calldata spec) external only(address(this)) {
        _registerShape(spec);
    }

    /// No group of this shape is committed any more. A shape never changes.
    function retireShape(uint256 shapeId) external only(address(this)) {
        _shapes[shapeId].isRetired = true;
    }

    function setParamsHash(uint256 paramsHash_) external only(address(this)) {
        _setParamsHash(paramsHash_);
    }

    function setLimits(Limits calldata limits_) external only(address(this)) {
        _setLimits(limits_);
    }

    function setRoles(address governor_, address sequencer_, address guardian_) external only(address(this)) {
        _setRoles(governor_, sequencer_, guardian_);
    }

    /// Stops deposits and settlement. What is due is still due: a pause that lasts ends in a freeze.
    function pause() external {
        if (msg.sender != governor && msg.sender != guardian) revert NotAllowed(msg.sender);
        progress.isPaused = true;
        emit PauseSet(true);
    }

    function unpause() external only(governor) {
        progress.isPaused = false;
        emit PauseSet(false);
    }

    /// Asks for a fee tier of an account: an entry of the queue like any other.
    function setTier(uint256 account, uint64 tier) external only(governor) whileRunning {
        _enqueueTier(abi.encodePacked(uint8(Entries.SET_TIER), _account(account), tier));
    }

    /// Sends the deposit fees collected so far. After a freeze they are the exits'.
    function collectFees(address to) external nonReentrant only(governor) whileRunning {
        uint256 amountE6 = owed.feesE6;
        owed.feesE6 = 0;
        Token.push(token, to, amountE6);
    }

    /// Sends the wei that forced requests paid.
    function collectWei(address payable to) external nonReentrant only(governor) {
        (bool ok,) = to.call{value: address(this).balance}("");
        if (!ok) revert Token.TransferFailed();
    }

    function getShape(uint256 shapeId) external view returns (Shape memory) {
        return _shapes[shapeId];
    }

    /// Whether a key in use was made by one party, who may have kept its secrets: then that party can prove anything.
    function isDevelopmentKey() external view returns (bool) {
        if (exitKeyIsDevelopment) return true;
        for (uint256 i = 0; i < _shapes.length; ++i) {
            if (_shapes[i].isDevelopment && !_shapes[i].isRetired) return true;
        }
        return false;
    }

    function _registerShape(ShapeSpec memory spec) internal {
        uint256 count = spec.verifier.publicInputCount();
        bool isWrong = count != BATCH_INPUT_COUNT || spec.elementCount == 0 || spec.elementCount > 4096;
        if (isWrong || spec.laneCount > 255) revert ShapeWrong(count, spec.elementCount, spec.laneCount);
        address keyStore = spec.verifier.keyStore();
        _shapes.push(Shape(keyStore, spec.elementCount, spec.laneCount, spec.isDevelopment, false));
        emit ShapeRegistered(_shapes.length - 1, keyStore, spec.isDevelopment);
    }

    function _setParamsHash(uint256 paramsHash_) internal {
        if (paramsHash_ >= R) revert ParamsHashWrong(paramsHash_);
        paramsHash = paramsHash_;
    }

    function _setLimits(Limits memory l) internal {
        bool isOpen = l.maxDeposits != 0 && l.maxForced != 0 && l.maxLagS != 0;
        if (!isOpen || l.minDepositE6 <= l.depositFeeE6) revert LimitsWrong();
        limits = l;
    }

    function _setRoles(address governor_, address sequencer_, address guardian_) internal {
        if (governor_ == address(0)) revert AddressZero();
        (governor, sequencer, guardian) = (governor_, sequencer_, guardian_);
    }
}

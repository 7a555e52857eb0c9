// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "./Token.sol";

interface IVerifier {
    function publicInputCount() external view returns (uint256);
    function keyStore() external view returns (address);
    function requireValid(bytes calldata proof, uint256[] calldata publicInputs) external view;
}

/// What all parts of the Rollup share: its settings, its state, who may do what. Amounts are 1e-6 USD, the token's unit.
abstract contract Storage {
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 internal constant MAX_ACCOUNT = (1 << 21) - 1;

    /// Fixed for good: what users rely on for their way out. Times in seconds.
    struct Terms {
        IERC20 token;
        IVerifier exitVerifier;
        bool exitKeyIsDevelopment; // made by one party, who may have kept its secrets
        uint64 forcedDeadlineS; // from the end of an entry's window to the freeze
        uint64 windowS; // of the queue
        uint64 exitWindowS; // for registering exits after the freeze
        uint64 timelockS; // at least forcedDeadlineS + windowS + exitWindowS
    }

    /// Governable, behind the timelock. One slot.
    struct Limits {
        uint48 minDepositE6; // what is sent, the fee included
        uint48 depositFeeE6;
        uint24 maxDeposits; // entries a window, fee tiers among them
        uint24 maxForced; // entries a window
        uint24 maxLagS; // of a batch's time behind its commitment
        uint24 proveWindowS; // after which a committed group may be replaced
        uint64 forcedFeeWei;
    }

    /// A circuit of batches. Never changed once registered, only retired.
    struct Shape {
        address keyStore;
        uint16 elementCount; // of a batch's segment of the blob
        uint16 laneCount; // Cash- and RescueLanes
        bool isDevelopment;
        bool isRetired;
    }

    /// How far the rollup is. One slot.
    struct Progress {
        uint32 batchNumber; // of the last batch settled
        uint40 timestampS; // of the last batch settled
        uint48 consumedCount; // entries of the queue
        uint48 entryCount; // entries of the queue
        uint40 groupNumber; // of the next group
        uint40 pendingUntilS; // a group is committed until then; 0 where none is
        bool isPaused;
    }

    /// What is owed out of the vault. One slot: the token's supply is far below 2^64.
    struct Owed {
        uint64 queuedE6; // deposits not yet consumed
        uint64 inRollupE6; // what the accounts of the state hold together
        uint64 claimableE6; // proven withdrawals not yet claimed
        uint64 feesE6; // of deposits
    }

    /// Entries of one window of the queue. One slot.
    struct Window {
        uint48 end; // entries of the queue when the last of this window had come in
        uint24 deposits; // and fee tiers
        uint24 forced;
    }

    error NotAllowed(address caller);
    error Paused();
    error IsFrozen();
    error NotFrozen();
    error Reentered();

    IERC20 public immutable token;
    IVerifier public immutable exitVerifier;
    bool public immutable exitKeyIsDevelopment;
    uint256 public immutable forcedDeadlineS;
    uint256 public immutable windowS;
    uint256 public immutable exitWindowS;
    uint256 public immutable timelockS;

    uint256 public stateRoot; // 0
    Progress public progress; // 1
    Owed public owed; // 2
    Limits public limits; // 3
    uint256 public paramsHash; // 4
    uint256 public frozenAtS; // 5: 0 while the rollup runs
    bytes32 public pendingHash; // 6: of the committed group's record
    uint256 public pendingProved; // 7: a bit for each batch proved
    uint256 public pendingValue; // 8: of the blob at z, as far as proved
    mapping(uint256 count => bytes32 head) public queueHeads; // 9: of the queue's chain after so many entries
    mapping(uint256 window => Window) public windows; // 10
    mapping(uint256 group => bytes32 root) public paymentRoots; // 11
    mapping(uint256 group => mapping(uint256 word => uint256 bits)) internal _claimed; // 12
    Shape[] internal _shapes; // 13
    address public governor; // 14
    address public sequencer; // 15
    address public guardian; // 16

    bool private transient _isEntered;

    constructor(Terms memory terms) {
        token = terms.token;
        exitVerifier = terms.exitVerifier;
        exitKeyIsDevelopment = terms.exitKeyIsDevelopment;
        forcedDeadlineS = terms.forcedDeadlineS;
        windowS = terms.windowS;
        exitWindowS = terms.exitWindowS;
        timelockS = terms.timelockS;
    }

    modifier nonReentrant() {
        if (_isEntered) revert Reentered();
        _isEntered = true;
        _;
        _isEntered = false;
    }

    modifier whileRunning() {
        if (frozenAtS != 0) revert IsFrozen();
        _;
    }

    modifier whenFrozen() {
        if (frozenAtS == 0) revert NotFrozen();
        _;
    }

    modifier only(address who) {
        if (msg.sender != who) revert NotAllowed(msg.sender);
        _;
    }
}

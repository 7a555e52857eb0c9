// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Exit} from "./Exit.sol";
import {Governance} from "./Governance.sol";
import {Storage} from "./Storage.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// The settlement contract: a vault of one ERC-20, a queue, and a state root that moves by proved groups of batches.
/// docs/contracts.md. No proxy: code never changes; circuits and parameters do, behind the timelock.
contract Rollup is Exit, Withdrawals, Governance {
    uint256 private constant EXIT_INPUT_COUNT = 3;
    uint256 private constant TOKEN_DECIMALS = 6; // every amount here is 1e-6 USD

    error TermsWrong();

    /// Where the rollup begins. `paramsHash` names this contract's address, which its deployer knows beforehand.
    struct Start {
        uint256 stateRoot;
        uint256 clock; // batch number 32 bits | timestamp_s 40
        uint256 paramsHash;
        address governor;
        address sequencer;
        address guardian;
    }

    constructor(Terms memory terms, Limits memory limits_, Start memory start, ShapeSpec[] memory shapes)
        Storage(terms)
    {
        uint256 wayOutS = uint256(terms.forcedDeadlineS) + terms.windowS + terms.exitWindowS;
        bool isShort = terms.forcedDeadlineS == 0 || terms.windowS == 0 || terms.exitWindowS == 0;
        if (isShort || terms.timelockS < wayOutS) revert TermsWrong();
        if (terms.exitVerifier.publicInputCount() != EXIT_INPUT_COUNT) revert TermsWrong();
        if (terms.token.decimals() != TOKEN_DECIMALS) revert TermsWrong();
        if (start.stateRoot >= R || start.clock >> 72 != 0) revert NotCanonical(start.stateRoot);
        stateRoot = start.stateRoot;
        progress.batchNumber = uint32(start.clock);
        progress.timestampS = uint40(start.clock >> 32);
        _setParamsHash(start.paramsHash);
        _setLimits(limits_);
        _setRoles(start.governor, start.sequencer, start.guardian);
        for (uint256 i = 0; i < shapes.length; ++i) {
            _registerShape(shapes[i]);
        }
    }
}

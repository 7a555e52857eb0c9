// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Entries} from "./Entries.sol";
import {PaymentTree} from "./PaymentTree.sol";

/// A batch's bridge calldata with the entries it consumes: the bridge value and what becomes claimable, as
/// `verifier.bridge.expand_bridge` and `rollup.public_inputs.compute_bridge_value` work them out.
library BridgeReader {
    using Entries for bytes;

    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant TAG_DROPPED = 0;
    uint256 private constant TAG_APPLIED = 1;
    uint256 private constant TAG_PAYMENT = 2;
    uint256 private constant PAYMENT_WORD = 2; // kinds of bridge words that are no entry's
    uint256 private constant RETURNED_WORD = 3;
    uint256 private constant SECOND_LEG_WORD = 8;

    error LaneWrong(uint256 lane, uint256 next, uint256 count);
    error TagWrong(uint256 tag);
    error AccountTooLarge(uint256 account);
    error EntriesLeft(uint256 bytesLeft);

    /// What a group moves over the bridge. Amounts are 1e-6 USD.
    struct Flow {
        uint256 appliedE6; // deposits that went to an account
        uint256 returnedE6; // deposits that go back
        uint256 paidE6; // withdrawals, closes, forced withdrawals
        uint256 paymentCount;
        bytes32[] leaves; // of the payments, as many as lanes
    }

    struct Reader {
        uint256 at; // of the calldata
        uint256 entryAt; // of the entries
        uint256 nextLane;
        uint256 powerLane; // power = z^(4 powerLane + 1)
        uint256 power;
        uint256 z;
        uint256 z4;
        uint256 value;
    }

    /// sum_i w_i z^(i + 1) mod r over the words of all lanes; adds to `flow`. Reverts where the calldata do not parse
    /// or do not consume just the entries.
    function read(bytes calldata data, bytes calldata entries, uint256 laneCount, uint256 z, Flow memory flow)
        internal
        pure
        returns (uint256)
    {
        Reader memory r;
        if (data.length != 0) {
            r.z = z;
            r.power = z;
            uint256 z2 = mulmod(z, z, R);
            r.z4 = mulmod(z2, z2, R);
        }
        while (r.at < data.length) {
            uint256 lane = data.take(r.at, 1);
            if (lane < r.nextLane || lane >= laneCount) revert LaneWrong(lane, r.nextLane, laneCount);
            uint256 tag = data.take(r.at + 1, 1);
            if (tag > TAG_PAYMENT) revert TagWrong(tag);
            r.at += 2;
            r.nextLane = lane + 1;
            if (tag == TAG_PAYMENT) _readPayment(r, data, lane, flow);
            else _readEntry(r, data, entries, lane, tag, flow);
        }
        if (r.nextLane > laneCount) revert LaneWrong(r.nextLane - 1, r.nextLane - 1, laneCount); // a trade takes two
        if (r.entryAt != entries.length) revert EntriesLeft(entries.length - r.entryAt);
        return r.value;
    }

    function _readPayment(Reader memory r, bytes calldata data, uint256 lane, Flow memory flow) private pure {
        uint256 account = data.take(r.at, 3);
        if (account >> 21 != 0) revert AccountTooLarge(account);
        uint256 amountE6 = data.take(r.at + 3, 8);
        uint256 owner = data.take(r.at + 11, 20);
        r.at += 31;
        _addWords(r, lane, _pack(PAYMENT_WORD, account, amountE6, 1), owner, 0, 0);
        flow.paidE6 += amountE6;
        _addPayment(flow, owner, amountE6);
    }

    function _readEntry(
        Reader memory r,
        bytes calldata data,
        bytes calldata entries,
        uint256 lane,
        uint256 tag,
        Flow memory flow
    ) private pure {
        uint256 at = r.entryAt;
        r.entryAt = at + entries.lengthAt(at);
        uint256 kind = entries.take(at, 1);
        if (kind == Entries.FORCED_TRADE) return _readTrade(r, entries, at, lane, tag);
        uint256 account = entries.take(at + 1, 3);
        if (kind == Entries.DEPOSIT) {
            return _readDeposit(r, entries, at, lane, tag, flow);
        }
        if (kind == Entries.FORCED_WITHDRAWAL) {
            uint256 paidE6;
            uint256 owner = entries.take(at + 12, 20);
            if (tag == TAG_APPLIED) {
                paidE6 = data.take(r.at, 8);
                r.at += 8;
                flow.paidE6 += paidE6;
                _addPayment(flow, owner, paidE6);
            }
            _addWords(r, lane, _pack(kind, account, entries.take(at + 4, 8), tag), owner, paidE6, 0);
        } else if (kind == Entries.FORCED_CANCEL_ALL) {
            _addWords(r, lane, _pack(kind, account, 0, tag), entries.take(at + 4, 20), 0, 0);
        } else if (kind == Entries.FORCED_KEY_CHANGE) {
            (uint256 x, uint256 y) = (entries.take(at + 24, 32), entries.take(at + 56, 32));
            _addWords(r, lane, _pack(kind, account, 0, tag), entries.take(at + 4, 20), x, y);
        } else {
            _addWords(r, lane, _pack(kind, account, entries.take(at + 4, 8), tag), 0, 0, 0); // the tier
        }
    }

    function _readDeposit(
        Reader memory r,
        bytes calldata entries,
        uint256 at,
        uint256 lane,
        uint256 tag,
        Flow memory flow
    ) private pure {
        uint256 amountE6 = entries.take(at + 4, 8);
        uint256 owner = entries.take(at + 12, 20);
        uint256 kind = tag == TAG_APPLIED ? Entries.DEPOSIT : RETURNED_WORD;
        uint256 first = _pack(kind, entries.take(at + 1, 3), amountE6, tag);
        _addWords(r, lane, first, owner, entries.take(at + 32, 32), entries.take(at + 64, 32));
        if (tag == TAG_APPLIED) {
            flow.appliedE6 += amountE6;
        } else {
            flow.returnedE6 += amountE6;
            _addPayment(flow, owner, amountE6);
        }
    }

    /// One entry over two lanes: kind 4 bits | account 21 | lots 48 | market 4 | side 1 | outcome 1, owner, price.
    function _readTrade(Reader memory r, bytes calldata entries, uint256 at, uint256 lane, uint256 tag) private pure {
        uint256 market = entries.take(at + 47, 1);
        uint256 side = entries.take(at + 48, 1);
        uint256 terms = (entries.take(at + 49, 6) << 25) | (market << 73) | (tag << 78);
        uint256 price = entries.take(at + 55, 6);
        uint256 first = Entries.FORCED_TRADE | (entries.take(at + 1, 3) << 4) | terms | (side << 77);
        uint256 second = SECOND_LEG_WORD | (entries.take(at + 4, 3) << 4) | terms | ((1 - side) << 77);
        _addWords(r, lane, first, entries.take(at + 7, 20), price, 0);
        _addWords(r, lane + 1, second, entries.take(at + 27, 20), price, 0);
        r.nextLane = lane + 2;
    }

    /// kind 4 bits | account 21 | amount 64 | outcome 1.
    function _pack(uint256 kind, uint256 account, uint256 amountE6, uint256 outcome) private pure returns (uint256) {
        return kind | (account << 4) | (amountE6 << 25) | (outcome << 89);
    }

    /// Adds the four words of a lane: w0 z^(4 lane + 1) + .. + w3 z^(4 lane + 4).
    function _addWords(Reader memory r, uint256 lane, uint256 w0, uint256 w1, uint256 w2, uint256 w3) private pure {
        uint256 power = r.power;
        uint256 z = r.z;
        for (uint256 i = r.powerLane; i < lane; ++i) {
            power = mulmod(power, r.z4, R);
        }
        r.power = power;
        r.powerLane = lane;
        uint256 sum = addmod(mulmod(w3, z, R), w2, R);
        sum = addmod(mulmod(sum, z, R), w1, R);
        sum = addmod(mulmod(sum, z, R), w0, R);
        r.value = addmod(r.value, mulmod(sum, power, R), R);
    }

    function _addPayment(Flow memory flow, uint256 owner, uint256 amountE6) private pure {
        if (amountE6 == 0) return;
        flow.leaves[flow.paymentCount] = PaymentTree.hashLeaf(flow.paymentCount, address(uint160(owner)), amountE6);
        ++flow.paymentCount;
    }
}

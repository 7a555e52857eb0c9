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
    uint256 private constant MAX_ENTRY_BYTES = 96;
    uint256 private constant PAYMENT_WORD = 2; // kinds of bridge words that are no entry's
    uint256 private constant RETURNED_WORD = 3;

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
        uint256 pos; // of the calldata
        uint256 entryAt; // of the entries
        uint256 nextLane;
        uint256 powerLane; // power = z^(4 powerLane + 1)
        uint256 power;
        uint256 z;
        uint256 z4;
        uint256 value;
        bytes entry; // the one that is read, copied
    }

    /// sum_i w_i z^(i + 1) mod r over the words of all lanes; adds to `flow`. Reverts where the calldata do not parse
    /// or do not consume just the entries.
    function read(bytes calldata data, bytes calldata entries, uint256 laneCount, uint256 z, Flow memory flow)
        internal
        pure
        returns (uint256)
    {
        if (data.length == 0 && entries.length == 0) return 0;
        Reader memory r;
        r.z = z;
        r.power = z;
        r.entry = new bytes(MAX_ENTRY_BYTES);
        uint256 z2 = mulmod(z, z, R);
        r.z4 = mulmod(z2, z2, R);
        while (r.pos < data.length) {
            uint256 lane = data.take(r.pos, 1);
            if (lane < r.nextLane || lane >= laneCount) revert LaneWrong(lane, r.nextLane, laneCount);
            uint256 tag = data.take(r.pos + 1, 1);
            if (tag > TAG_PAYMENT) revert TagWrong(tag);
            r.pos += 2;
            r.nextLane = lane + 1;
            if (tag == TAG_PAYMENT) _readPayment(r, data, lane, flow);
            else _readEntry(r, data, entries, lane, tag, flow);
        }
        if (r.nextLane > laneCount) revert LaneWrong(r.nextLane - 1, r.nextLane - 1, laneCount); // a trade takes two
        if (r.entryAt != entries.length) revert EntriesLeft(entries.length - r.entryAt);
        return r.value;
    }

    function _readPayment(Reader memory r, bytes calldata data, uint256 lane, Flow memory flow) private pure {
        uint256 account = data.take(r.pos, 3);
        if (account >> 21 != 0) revert AccountTooLarge(account);
        uint256 amountE6 = data.take(r.pos + 3, 8);
        uint256 owner = data.take(r.pos + 11, 20);
        r.pos += 31;
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
        r.entryAt = _load(r.entry, entries, r.entryAt);
        uint256 kind = _field(r, 0, 1);
        if (kind == Entries.DEPOSIT) {
            _readDeposit(r, lane, tag, flow);
        } else if (kind == Entries.FORCED_WITHDRAWAL) {
            uint256 paidE6;
            if (tag == TAG_APPLIED) {
                paidE6 = data.take(r.pos, 8);
                r.pos += 8;
            }
            _readWithdrawal(r, lane, tag, paidE6, flow);
        } else if (kind == Entries.FORCED_TRADE) {
            _readLeg(r, lane, tag, 0);
            _readLeg(r, lane + 1, tag, 1);
            r.nextLane = lane + 2;
        } else {
            _readOther(r, kind, lane, tag);
        }
    }

    function _readDeposit(Reader memory r, uint256 lane, uint256 tag, Flow memory flow) private pure {
        uint256 amountE6 = _field(r, 4, 8);
        uint256 owner = _field(r, 12, 20);
        uint256 kind = tag == TAG_APPLIED ? Entries.DEPOSIT : RETURNED_WORD;
        _addWords(r, lane, _pack(kind, _field(r, 1, 3), amountE6, tag), owner, _field(r, 32, 32), _field(r, 64, 32));
        if (tag == TAG_APPLIED) {
            flow.appliedE6 += amountE6;
        } else {
            flow.returnedE6 += amountE6;
            _addPayment(flow, owner, amountE6);
        }
    }

    function _readWithdrawal(Reader memory r, uint256 lane, uint256 tag, uint256 paidE6, Flow memory flow)
        private
        pure
    {
        uint256 owner = _field(r, 12, 20);
        uint256 word = _pack(Entries.FORCED_WITHDRAWAL, _field(r, 1, 3), _field(r, 4, 8), tag);
        _addWords(r, lane, word, owner, paidE6, 0);
        flow.paidE6 += paidE6;
        _addPayment(flow, owner, paidE6);
    }

    /// Forced cancel all, forced key change, set tier: nothing is paid.
    function _readOther(Reader memory r, uint256 kind, uint256 lane, uint256 tag) private pure {
        uint256 account = _field(r, 1, 3);
        if (kind == Entries.SET_TIER) {
            _addWords(r, lane, _pack(kind, account, _field(r, 4, 8), tag), 0, 0, 0); // the tier as amount
        } else if (kind == Entries.FORCED_CANCEL_ALL) {
            _addWords(r, lane, _pack(kind, account, 0, tag), _field(r, 4, 20), 0, 0);
        } else {
            _addWords(r, lane, _pack(kind, account, 0, tag), _field(r, 4, 20), _field(r, 24, 32), _field(r, 56, 32));
        }
    }

    /// One leg of a forced trade: kind 4 bits | account 21 | lots 48 | market 4 | side 1 | outcome 1, owner, price.
    function _readLeg(Reader memory r, uint256 lane, uint256 tag, uint256 leg) private pure {
        uint256 word = (Entries.FORCED_TRADE + leg) | (_field(r, 1 + 3 * leg, 3) << 4) | (_field(r, 49, 6) << 25);
        word |= (_field(r, 47, 1) << 73) | ((_field(r, 48, 1) ^ leg) << 77) | (tag << 78);
        _addWords(r, lane, word, _field(r, 7 + 20 * leg, 20), _field(r, 55, 6), 0);
    }

    /// Copies the entry at `at` to memory and returns where the next one begins.
    function _load(bytes memory entry, bytes calldata entries, uint256 pos) private pure returns (uint256) {
        uint256 length = entries.lengthAt(pos);
        assembly ("memory-safe") {
            calldatacopy(add(entry, 32), add(entries.offset, pos), length)
        }
        return pos + length;
    }

    /// `byteCount` bytes at `at` of the loaded entry as a number.
    function _field(Reader memory r, uint256 pos, uint256 byteCount) private pure returns (uint256 value) {
        bytes memory entry = r.entry;
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, byteCount)), mload(add(add(entry, 32), pos)))
        }
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

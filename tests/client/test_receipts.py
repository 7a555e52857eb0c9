"""A client takes the receipts of one history, for what it sent, from the key it trusts: nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from rollup.signature import derive_public_key
from sequencer.client.receipts import ReceiptChecker
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import PlaceOrder
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import GENESIS, Record
from sequencer.node.receipts import Receipt, ReceiptChain
from tests.scenarios import AVAX_PRICE, PARAMS, Exchange

KEY = bytes([7]) * 32
N_COMMANDS = 20


@cache
def list_commands() -> list[PlaceOrder]:
    ex = Exchange()
    return [PlaceOrder(ex.order(2, 10 + n, AVAX_PRICE, slot=n)) for n in range(N_COMMANDS)]


@cache
def list_records() -> list[Record]:
    return [encode_command(command) for command in list_commands()]


def issue(records: list[Record], now_us: int = 5) -> list[Receipt]:
    return ReceiptChain(KEY, PARAMS.domain, GENESIS).extend(records, now_us)


def make_checker() -> ReceiptChecker:
    return ReceiptChecker(derive_public_key(KEY), PARAMS.domain)


def test_receipts_of_one_history_in_any_order() -> None:
    checker = make_checker()
    for place in (19, 0, 7, 8, 3, 3):
        checker.check(issue(list_records())[place], list_commands()[place])


def test_invalid_receipt_of_another_command() -> None:
    with pytest.raises(ReceiptInvalid, match="of what was sent"):
        make_checker().check(issue(list_records())[0], list_commands()[1])


def test_invalid_receipt_of_another_key_or_deployment() -> None:
    receipt = issue(list_records())[0]
    for checker in (
        ReceiptChecker(derive_public_key(bytes(32)), PARAMS.domain),
        ReceiptChecker(derive_public_key(KEY), PARAMS.domain + 1),
    ):
        with pytest.raises(ReceiptInvalid, match="signature"):
            checker.check(receipt, list_commands()[0])


@pytest.mark.parametrize("field", ["sequence", "time_us", "previous", "link", "signature"])
def test_invalid_receipt_with_a_changed_field(field: str) -> None:
    receipt = issue(list_records())[0]
    value = getattr(receipt, field)
    changed = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
    with pytest.raises(ReceiptInvalid):
        make_checker().check(replace(receipt, **{field: changed}), list_commands()[0])


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 0), (5, 6), (6, 5), (0, 7), (7, 0), (8, 8)],
    ids=lambda place: f"{place}",
)
def test_invalid_second_history_of_the_same_node(first: int, second: int) -> None:
    """Both receipts are signed: what one shows of a place, by its link, its previous or its tail, the other denies."""
    other = [*list_records()[:9][::-1], *list_records()[9:]]
    checker = make_checker()
    checker.check(issue(list_records())[first])
    with pytest.raises(ReceiptInvalid, match="as an earlier receipt says"):
        checker.check(issue(other)[second])


def test_invalid_second_history_told_later() -> None:
    checker = make_checker()
    checker.check(issue(list_records(), now_us=5)[3])
    with pytest.raises(ReceiptInvalid, match="as an earlier receipt says"):
        checker.check(issue(list_records(), now_us=6)[3])


def test_refused_receipt_leaves_no_trace() -> None:
    checker = make_checker()
    with pytest.raises(ReceiptInvalid):
        checker.check(replace(issue(list_records())[0], link=bytes(32)))
    checker.check(issue(list_records())[0])

"""The API over real HTTP: what every endpoint answers, and each way to be refused."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from rollup.codec_inclusion import decode_inclusion
from rollup.inclusion import check_inclusion
from rollup.orders import POST_ONLY
from rollup.signature import Signature, derive_public_key, sign
from rollup.txs import Cancel, CancelAll, CloseAccount, Deposit, KeyChange, Transfer, Withdraw
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_commands import write_one_of
from sequencer.node.commands import (
    CancelOrder,
    CashRequest,
    ClientCommand,
    PlaceOrder,
    PlaceQuote,
    Trigger,
)
from sequencer.node.receipts import verify_chain
from tests.node.api_client import (
    JSON,
    Served,
    check,
    post,
    served,
    signed_cancel,
    signed_cancel_all,
)
from tests.scenarios import AVAX_PRICE, key_of


def test_order_is_recorded_and_rests(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        order = server.core.exchange.order(2, 1_000, AVAX_PRICE, slot=7)
        answer = await post(client, "orders", PlaceOrder(order, Trigger(AVAX_PRICE, True)))
        receipt = check(server.core, answer.content)
        assert server.core.store.read(0, 9)[0].link == receipt.link
        (resting,) = (await client.get("accounts/2/orders")).json()["orders"]
        assert (resting["slot"], resting["nonce"], resting["sequence"]) == (7, order.order.nonce, 1)
        assert resting["trigger"] == {"price_ticks": AVAX_PRICE, "is_above": True}
        assert (await client.get("receipts/1")).content == answer.content
        await post(client, "orders", PlaceOrder(server.core.exchange.order(2, 1_000, AVAX_PRICE)))
        book = (await client.get("markets/0/book?levels=1")).json()  # without the order that waits
        assert book["bids"] == [{"price_ticks": AVAX_PRICE, "size_lots": "1000", "orders": 1}]

    served(tmp_path, test)


def test_same_order_again_has_the_same_receipt(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        command = PlaceOrder(server.core.exchange.order(2, 1_000, AVAX_PRICE))
        first, second = await post(client, "orders", command), await post(client, "orders", command)
        assert first.content == second.content
        assert server.core.store.last_sequence == 1

    served(tmp_path, test)


def test_quote_cancel_and_cancel_all(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        ex = server.core.exchange
        bids = [ex.make_order(3, 10, AVAX_PRICE - 9, slot=slot, flags=POST_ONLY) for slot in range(3)]
        check(server.core, (await post(client, "quotes", PlaceQuote(ex.quote(3, *bids, None)))).content)
        check(server.core, (await post(client, "cancels", signed_cancel(server.core, 3, 1, bids[1].nonce))).content)
        resting = (await client.get("accounts/3/orders")).json()["orders"]
        assert [(order["slot"], order["is_quote"]) for order in resting] == [(0, True), (2, True)]
        check(server.core, (await post(client, "cancel-all", signed_cancel_all(server.core, 3))).content)
        assert (await client.get("accounts/3/orders")).json() == {"orders": []}

    served(tmp_path, test)


@pytest.mark.parametrize(
    "op",
    [
        Withdraw(2, 0, 1, 5, max_fee_e6=9),
        Transfer(2, 0, 1, 2**64 - 1, 3),
        KeyChange(2, 0, 1, (0, 1)),
        CloseAccount(2, 0, 1, 0),
        Cancel(2, 0, 1, 511, 3),
        CancelAll(2, 0, 1),
    ],
    ids=lambda op: type(op).__name__,
)
def test_cash_operation(tmp_path: Path, op: Any) -> None:  # noqa: ANN401
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        signature = sign(key_of(2), op.message(server.core.params.domain))
        check(server.core, (await post(client, "cash", CashRequest(op, signature))).content)

    served(tmp_path, test)


def test_batch_is_answered_one_by_one(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core, ex = server.core, server.core.exchange
        bad = ex.order(2, 5, AVAX_PRICE, slot=1)
        commands: list[ClientCommand] = [
            PlaceOrder(ex.order(2, 5, AVAX_PRICE, slot=0)),
            PlaceOrder(replace(bad, signature=Signature(bad.signature.r8, bad.signature.s ^ 1))),
            PlaceQuote(ex.quote(3, ex.make_order(3, -5, AVAX_PRICE + 1, slot=0, flags=POST_ONLY))),
            CancelOrder(9, 0, 0, 1, Signature((0, 1), 0)),
            signed_cancel_all(core, 4),
        ]
        body = msgspec.json.encode(Batch(tuple(map(write_one_of, commands))))
        answer = await client.post("orders/batch", content=body, headers=JSON)
        results = answer.json()["results"]
        codes = [result["problem"]["code"] if "problem" in result else "" for result in results]
        assert codes == ["", "signature_invalid", "", "account_not_open", ""]
        receipts = [check(core, msgspec.json.encode(result["receipt"])) for result in results if "receipt" in result]
        verify_chain(receipts, core.receipt_key, core.params.domain)

    served(tmp_path, test)


def test_next_nonces_of_cash_and_slots(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core, ex = server.core, server.core.exchange
        assert (await client.get("accounts/2/slots")).json() == (await client.get("accounts/99/slots")).json()
        for nonce in (0, 1):
            op = Withdraw(2, nonce, 1, 5, max_fee_e6=9)
            check(
                core,
                (await post(client, "cash", CashRequest(op, sign(key_of(2), op.message(core.params.domain))))).content,
            )
            account = (await client.get("accounts/2")).json()
            assert (account["cash_nonce"], account["next_cash_nonce"]) == (0, nonce + 1)
        orders = [
            ex.order(2, 1_000, AVAX_PRICE + 9, slot=7, nonce=4),
            ex.order(3, -400, AVAX_PRICE - 9, slot=1, nonce=0),
        ]
        for order in (*orders, ex.order(2, 5, AVAX_PRICE - 9, slot=8, nonce=0)):
            await post(client, "orders", PlaceOrder(order))
        await post(client, "cancels", signed_cancel(core, 2, 8, 6))
        resting = {"slot": 7, "next_nonce": 5, "state_nonce": 0, "is_resting": True}
        cancelled = {"slot": 8, "next_nonce": 7, "state_nonce": 0, "is_resting": False}
        assert (await client.get("accounts/2/slots")).json()["slots"] == [resting, cancelled]
        await core.clear()
        assert (await client.get("accounts/2/slots")).json()["slots"] == [resting | {"state_nonce": 4}, cancelled]
        assert (await client.get("accounts/3/slots")).json()["slots"] == [
            {"slot": 1, "next_nonce": 1, "state_nonce": 0, "is_resting": False}
        ]

    served(tmp_path, test)


def test_fills_funding_auctions_and_batches(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        ex = server.core.exchange
        await post(client, "orders", PlaceOrder(ex.order(2, 1_000, AVAX_PRICE + 9)))
        await post(client, "orders", PlaceOrder(ex.order(3, -1_000, AVAX_PRICE - 9)))
        await server.core.clear()
        (fill,) = (await client.get("accounts/2/fills")).json()["fills"]
        assert (fill["size_lots"], fill["side"]) == (1_000, 0)
        assert (await client.get(f"accounts/2/fills?before={fill['batch_number']}")).json() == {"fills": []}
        account = (await client.get("accounts/2")).json()
        assert [position["size_lots"] for position in account["positions"]] == [1_000]
        funding = (await client.get("accounts/2/funding")).json()
        assert funding["positions"] == [{"market": 0, "size_lots": 1_000, "funding_index": "0", "part_atoms": "0"}]
        (batch,) = (await client.get("batches?limit=5")).json()["batches"]
        assert (await client.get(f"batches/{batch['number']}")).json() == batch
        assert batch["new_state_root"] == (await client.get("status")).json()["state_root"]
        assert [market["name"] for market in (await client.get("auctions")).json()["auctions"]] == [
            "AVAX-USD",
            "ETH-USD",
        ]

    served(tmp_path, test)


def test_entries_files_and_inclusion(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        index = server.core.live.next_entry
        await server.core.take_entry(index, Deposit(2, 5, 9, derive_public_key(key_of(2))))
        assert (await client.get("entries")).json()["entries"][0]["stage"] == "queued"
        assert (await client.get(f"entries?before={index}")).json() == {"entries": []}
        blob = bytes(range(256)) * 4_000  # several parts of an answer
        server.core.store.put_artifact("blob", "g_1.bin", blob)
        answer = await client.get("files/blob/g_1.bin")
        assert (answer.content, answer.headers["content-type"]) == (blob, "application/octet-stream")
        assert "immutable" in answer.headers["cache-control"]
        proof = decode_inclusion((await client.get("inclusion/2")).content, "answer")
        check_inclusion(proof, server.core.live.state.state_root)

    served(tmp_path, test)


def test_health_metrics_and_status(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        server.core.alarms = ("balance low",)
        assert (await client.get("health/live")).json() == {"is_live": True}
        assert (await client.get("health/ready")).json() == {
            "is_ready": True,
            "alarms": ["balance low"],
            "batches_resume_s": 0,
        }
        await post(client, "orders", PlaceOrder(server.core.exchange.order(2, 5, AVAX_PRICE)))
        metrics = (await client.get("metrics")).text
        assert 'zkmargin_http_requests_total{operation="place_order",status="200"} 1.0' in metrics
        assert 'zkmargin_commands_total{outcome="recorded"} 1.0' in metrics
        assert "zkmargin_alarms 1.0" in metrics
        status = (await client.get("status")).json()
        assert int(status["domain"]) == server.core.params.domain
        assert tuple(map(int, status["receipt_key"])) == server.core.receipt_key

    served(tmp_path, test)


def test_clock_that_was_ahead_is_told(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        live, day_s = server.core.live, 86_400
        header = replace(live.state.header, timestamp_s=int(time.time()) + day_s)  # as a batch of that clock leaves it
        live.state = replace(live.state, header=header)
        for path in ("status", "health/ready"):
            told = (await client.get(path)).json()
            assert day_s - 60 < told["batches_resume_s"] <= day_s + 1
            assert "no batches for 86" in told["alarms"][0]
        assert "zkmargin_batches_resume_seconds 86" in (await client.get("metrics")).text

    served(tmp_path, test)


def test_answers_carry_security_headers(tmp_path: Path) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        for path in ("status", "nothing", "accounts/x"):
            headers = (await client.get(path, headers={"origin": "https://elsewhere.example"})).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert headers["cache-control"] == "no-store"
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers

    served(tmp_path, test)


def test_origins_of_the_configuration_may_read(tmp_path: Path) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        for origin, allowed in (("https://desk.example", "https://desk.example"), ("https://other.example", None)):
            answer = await client.get("status", headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed

    served(tmp_path, test, origins=["https://desk.example"])

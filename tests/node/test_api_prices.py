"""An oracle's messages by the API: taken once, each signer's rising in time, and nothing that no batch could use."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest

from rollup.oracle import SignedPrices
from rollup.signature import Signature
from sequencer.node.api import ApiLimits
from sequencer.node.api.wire_commands import write_prices
from sequencer.node.commands import Kind, PlaceOrder
from sequencer.node.price_refusals import PricesNotFresh, PricesNotNewer, PricesUnsigned
from sequencer.oracle_feed import sign_message
from tests.node.api_client import JSON, Served, check, served
from tests.node.bucket_clock import BucketClock
from tests.node.stepped_node import SteppedNode
from tests.scenarios import AVAX_PRICE, ETH_PRICE, ORACLE_KEYS

PRICES = (AVAX_PRICE + 1, ETH_PRICE)


def say(
    core: SteppedNode, signer: int = 0, age_s: int = 0, key: int | None = None, now_s: int | None = None
) -> SignedPrices:
    """Return a message of a signer, by its own key and the machine's clock unless others are named."""
    private_key = ORACLE_KEYS[signer if key is None else key]
    time_s = (int(time.time()) if now_s is None else now_s) - age_s
    return sign_message(private_key, signer, PRICES, time_s, core.params.domain)


async def send(client: httpx.AsyncClient, signed: SignedPrices) -> httpx.Response:
    return await client.post("prices", content=msgspec.json.encode(write_prices(signed)), headers=JSON)


def test_prices_are_recorded_and_used(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core = server.core
        assert (await client.get("oracle")).json()["is_stale"]
        for signer in (0, 1):
            receipt = check(core, (await send(client, say(core, signer))).content)
            assert receipt.kind == Kind.PRICES
        oracle = (await client.get("oracle")).json()
        assert not oracle["is_stale"]
        assert [one["is_fresh"] for one in oracle["signers"]] == [True, True, False]
        assert oracle["signers"][1]["prices_ticks"] == list(PRICES)
        assert [int(one["key"][0]) for one in oracle["signers"]] == [key[0] for key in core.params.oracle_keys]
        assert oracle["signers"][2] | {"key": []} == {
            "signer": 2,
            "key": [],
            "time_s": None,
            "is_fresh": False,
            "prices_ticks": [],
        }
        assert core.admission.terms.tick.header.marks_ticks[0] == AVAX_PRICE + 1  # two of three

    served(tmp_path, test)


def test_same_prices_again_have_the_same_receipt(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        signed = say(server.core)
        first, second = await send(client, signed), await send(client, signed)
        assert first.content == second.content
        assert server.core.last_sequence == 1

    served(tmp_path, test)


def test_invalid_prices_are_refused_and_not_recorded(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core = server.core
        now_s = int(time.time())
        good = say(core, age_s=5, now_s=now_s)
        cases = [
            (say(core, signer=1, key=0), PricesUnsigned),
            (replace(good, prices_ticks=(7, *good.prices_ticks[1:])), PricesUnsigned),
            (replace(good, signature=Signature(good.signature.r8, 2**256 - 1)), PricesUnsigned),
            (say(core, age_s=-60), PricesNotFresh),
            (say(core, age_s=core.params.oracle_max_age_s + 60), PricesNotFresh),
            (say(core, age_s=10**9), PricesNotNewer),  # before its last message in the state
        ]
        for signed, error in cases:
            answer = await send(client, signed)
            assert (answer.status_code, answer.json()["code"]) == (422, error.code)
        assert core.last_sequence == 0
        assert (await send(client, good)).status_code == 200
        for signed in (good, say(core, age_s=6, now_s=now_s)):
            answer = await send(client, replace(signed, prices_ticks=(9, *signed.prices_ticks[1:])))
            assert (answer.status_code, answer.json()["code"]) == (422, "prices_not_newer")
            assert answer.json()["facts"]["last_s"] == good.time_s
        assert core.last_sequence == 1

    served(tmp_path, test)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signer", 3),
        ("signer", -1),
        ("signer", "0"),
        ("prices_ticks", [1] * 15),
        ("prices_ticks", [1] * 17),
        ("prices_ticks", [0] * 16),
        ("prices_ticks", [2**48] * 16),
        ("prices_ticks", [1.0] * 16),
        ("time_s", 2**40),
        ("time_s", None),
        ("signature", {"r8": ["0", "1"], "s": "-1"}),
        ("signature", {"r8": ["0"], "s": "1"}),
        ("more", 1),
    ],
)
def test_invalid_message_is_malformed(tmp_path: Path, name: str, value: object) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        body = json.loads(msgspec.json.encode(write_prices(say(server.core))))
        answer = await client.post("prices", json=body | {name: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")
        del body["time_s"]
        assert (await client.post("prices", json=body)).status_code == 400
        assert server.core.last_sequence == 0

    served(tmp_path, test)


def test_invalid_message_that_is_too_large(tmp_path: Path) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        answer = await client.post("prices", content=b"[" * 5_000, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    served(tmp_path, test, ApiLimits(max_body_bytes=4_096))


def test_signer_beyond_its_rate_and_stranger_who_cannot_use_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    BucketClock(monkeypatch)

    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core = server.core
        for _ in range(9):
            assert (await send(client, say(core, key=1))).json()["code"] == "prices_unsigned"
        now_s = int(time.time())
        answers = [await send(client, say(core, age_s=30 - second, now_s=now_s)) for second in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert answers[2].json()["facts"]["what"] == "prices of signer 0"
        assert (await send(client, say(core, signer=1))).status_code == 200
        assert (await client.post("orders", json={})).status_code == 400  # others go on
        order = PlaceOrder(core.exchange.order(2, 5, AVAX_PRICE))
        assert len(await core.submit([order])) == 1

    served(tmp_path, test, ApiLimits(prices_per_s_per_signer=1))


def test_invalid_prices_while_draining(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        server.app.state.service.is_draining = True
        answer = await send(client, say(server.core))
        assert (answer.status_code, answer.json()["code"]) == (503, "node_draining")

    served(tmp_path, test)

"""Rates, by address and by account: who is refused, when, and who is not."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from sequencer.node.api import ApiLimits
from sequencer.node.api.limits import RateLimits, name_address
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_commands import write_one_of
from sequencer.node.commands import PlaceOrder
from tests.node.api_client import JSON, Served, post, served
from tests.node.bucket_clock import BucketClock
from tests.scenarios import AVAX_PRICE


def test_invalid_requests_beyond_the_rate_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = BucketClock(monkeypatch)

    async def test(_: Served, client: httpx.AsyncClient) -> None:
        answers = [await client.get("health/live") for _ in range(10)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert [answer.status_code for answer in answers] == [*[200] * 8, 429, 429]
        assert refused[0].json()["code"] == "rate_exceeded"
        assert refused[0].json()["facts"] == {
            "what": "requests of this address",
            "limit_per_s": 4,
            "retry_after_s": int(refused[0].headers["retry-after"]),
        }
        clock.now_s += int(refused[0].headers["retry-after"])
        assert (await client.get("health/live")).status_code == 200

    served(tmp_path, test, ApiLimits(requests_per_s_per_address=4))


def test_invalid_commands_beyond_the_rate_of_an_address(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        ex = server.core.exchange
        items = tuple(write_one_of(PlaceOrder(ex.order(2, 5, AVAX_PRICE, slot=n))) for n in range(11))
        for count, status in ((10, 200), (11, 429)):
            body = msgspec.json.encode(Batch(items[:count]))
            assert (await client.post("orders/batch", content=body, headers=JSON)).status_code == status
        assert server.core.store.last_sequence == 10

    served(tmp_path, test, ApiLimits(commands_per_s_per_address=5))


def test_account_beyond_its_rate_leaves_others_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BucketClock(monkeypatch)

    async def test(server: Served, client: httpx.AsyncClient) -> None:
        ex = server.core.exchange
        first = [PlaceOrder(ex.order(2, 5, AVAX_PRICE, slot=n)) for n in range(4)]
        for order in first:
            assert (await post(client, "orders", order)).status_code == 200
        accounts = (3, 2, 2, 2, 2, 2, 3)
        mixed = [PlaceOrder(ex.order(account, 5, AVAX_PRICE, slot=90 + n)) for n, account in enumerate(accounts)]
        body = msgspec.json.encode(Batch(tuple(map(write_one_of, mixed))))
        results = (await client.post("orders/batch", content=body, headers=JSON)).json()["results"]
        codes = [result.get("problem", {}).get("code", "") for result in results]
        assert codes == ["", *["rate_exceeded"] * 5, ""]
        assert results[1]["problem"]["facts"]["what"] == "commands of account 2"

    served(tmp_path, test, ApiLimits(commands_per_s_per_account=4))


def test_stranger_cannot_use_up_an_accounts_rate(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        ex = server.core.exchange
        order = PlaceOrder(ex.order(2, 5, AVAX_PRICE))
        forged = PlaceOrder(ex.order(3, 5, AVAX_PRICE, slot=9))
        stolen = msgspec.json.decode(msgspec.json.encode(write_one_of(forged).order))
        stolen["order"]["account"] = 2
        for _ in range(50):
            answer = await client.post("orders", json=stolen)
            assert answer.json()["code"] == "signature_invalid"
        assert (await post(client, "orders", order)).status_code == 200

    served(tmp_path, test, ApiLimits(commands_per_s_per_account=2))


def test_forwarded_address_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BucketClock(monkeypatch)

    async def test(_: Served, client: httpx.AsyncClient) -> None:
        statuses = [
            (await client.get("health/live", headers={"x-forwarded-for": f"10.0.0.{n}"})).status_code for n in range(9)
        ]
        assert statuses == [*[200] * 8, 429]

    served(tmp_path, test, ApiLimits(requests_per_s_per_address=4))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        (None, "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_name_of_an_address(host: str | None, name: str) -> None:
    assert name_address(host) == name


def test_buckets_are_forgotten_beyond_their_number() -> None:
    rates = RateLimits(ApiLimits(max_buckets=10, requests_per_s_per_address=1))
    for number in range(1000):
        rates.take_request(f"address {number}")
    assert len(rates._store._backend.get_client()) <= 10

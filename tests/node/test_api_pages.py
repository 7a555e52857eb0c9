"""The dashboard's files as the node serves them: from the package, under a strict policy, cached by what is in them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from sequencer.node.api.pages import PAGE_POLICY, load_pages
from sequencer.node.api.responses import SECURITY_HEADERS
from tests.node.api_client import Served, served

PAGES = load_pages()
DATA_POLICY = dict(SECURITY_HEADERS)[b"content-security-policy"].decode()
ELSEWHERE = re.compile(rb"(?:src|href|action)=\"(?:[a-z]+:)?//|@import|url\(\s*['\"]?[a-z]+:")


def test_index_is_served_under_a_policy_of_its_own(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        answer = await client.get(server.url + "/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers.get_list("content-security-policy") == [PAGE_POLICY]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
        assert b'<script type="module"' in answer.content
        assert "'unsafe" not in PAGE_POLICY
        assert (await client.get("status")).headers["content-security-policy"].startswith("default-src 'none'")

    served(tmp_path, test)


def test_every_file_that_the_index_names_is_served_for_ever(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        index = (await client.get(server.url + "/")).text
        named = re.findall(r'(?:src|href)="\./([^"]+)"', index)
        assert sorted(named) == sorted(PAGES.names)
        for name in named:
            answer = await client.get(f"{server.url}/{name}")
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["content-encoding"] == "gzip"
            plain = await client.get(f"{server.url}/{name}", headers={"accept-encoding": "identity"})
            assert plain.content == answer.content
            assert plain.headers["etag"] != answer.headers["etag"]

    served(tmp_path, test)


def test_known_file_is_not_sent_again(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        tag = (await client.get(server.url + "/")).headers["etag"]
        for known in (tag, f'"other", W/{tag}'):
            answer = await client.get(server.url + "/", headers={"if-none-match": known})
            assert (answer.status_code, answer.content) == (304, b"")
        assert (await client.get(server.url + "/", headers={"if-none-match": '"other"'})).status_code == 200

    served(tmp_path, test)


@pytest.mark.parametrize(
    "path",
    ["/v1/status", "/v1/batches/1", "/v1/events", "/", f"/{PAGES.names[0]}", "/none"],  # the first skips the router
)
@pytest.mark.parametrize("origins", [[], ["https://desk.example"]], ids=["alone", "with origins"])
def test_every_way_in_has_the_same_guards(tmp_path: Path, path: str, origins: list[str]) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", server.url + path, headers={"origin": "https://desk.example"}) as answer:
            policy = DATA_POLICY if path.startswith(("/v1", "/none")) else PAGE_POLICY
            assert answer.headers.get_list("content-security-policy") == [policy]
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
            assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
            assert ("access-control-allow-origin" in answer.headers) == bool(origins)

    served(tmp_path, test, origins=origins)


@pytest.mark.parametrize("path", ["/index.html", "/assets/", "/assets/none.js", "/assets/..%2findex.html", "//", "/a"])
def test_invalid_path_is_a_problem(tmp_path: Path, path: str) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        answer = await client.get(server.url + path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"

    served(tmp_path, test)


def test_invalid_method_of_a_page_is_a_problem(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        assert (await client.post(server.url + "/")).json()["code"] == "method_not_allowed"
        assert (await client.head(server.url + "/")).status_code == 200

    served(tmp_path, test)


def test_nothing_of_the_bundle_lies_elsewhere() -> None:
    for name, page in PAGES._pages.items():
        assert not ELSEWHERE.search(page.plain), name
        assert b"sourceMappingURL" not in page.plain

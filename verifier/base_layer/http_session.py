"""HTTP to a node that is not trusted: an address that was checked, no redirects, so many bytes and seconds at most."""

from __future__ import annotations

import io
from typing import Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from verifier.base_layer.node_errors import NodeUrlInvalid

__all__ = ["ANSWER_LIMIT_BYTES", "TIMEOUT_S", "AnswerTooLong", "check_url", "name_node", "open_session"]

ANSWER_LIMIT_BYTES: Final = 32 * 2**20
TIMEOUT_S: Final = 20.0
_URL_LIMIT: Final = 2048
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_PORTS: Final = {"http": 80, "https": 443}


def check_url(url: str) -> SplitResult:
    """Return the parts of a node's address. Raises NodeUrlInvalid, which does not repeat it."""
    if len(url) > _URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        raise NodeUrlInvalid("too long, or with characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NodeUrlInvalid("not an address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise NodeUrlInvalid("scheme, host or port")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NodeUrlInvalid("a user name, password or fragment")
    return parts


def name_node(parts: SplitResult) -> str:
    """Return scheme, host and port of an address that was checked: the rest of it may hold an access key."""
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def open_session(parts: SplitResult) -> requests.Session:
    """Return a session for an address that was checked. Reading an answer may raise AnswerTooLong."""
    session = requests.Session()
    session.trust_env = parts.hostname not in _LOOPBACK  # elsewhere proxies of the environment are heeded
    session.mount("http://", _BoundedAdapter())
    session.mount("https://", _BoundedAdapter())
    return session


class AnswerTooLong(Exception):
    """Between the adapter and who asked, who says of what. Its text is what was expected."""


class _BoundedAdapter(HTTPAdapter):
    """Reads no more of an answer than the limit; requests itself reads whatever comes."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        response = super().send(request, True, timeout, verify, cert, proxies)
        try:
            body = response.raw.read(ANSWER_LIMIT_BYTES + 1, decode_content=True)
        except HTTPError as error:  # of urllib3: cut off, silent, or not as compressed as it says
            response.close()
            raise requests.ConnectionError(error) from error
        if len(body) > ANSWER_LIMIT_BYTES:
            response.close()
            raise AnswerTooLong(f"at most {ANSWER_LIMIT_BYTES} bytes")
        response.raw.release_conn()
        response.raw = io.BytesIO(body)  # from which requests takes the content
        return response

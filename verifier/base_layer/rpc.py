"""One JSON-RPC question and its answer, over HTTP by web3's provider: bounded in time and size, errors typed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from verifier.base_layer.errors import Reverted
from verifier.base_layer.node_errors import NodeAnswerInvalid, NodeRefused, NodeUnreachable, NodeUrlInvalid
from verifier.base_layer.rpc_values import read_bytes, shorten

_URL_LIMIT: Final = 2048
_ANSWER_LIMIT_BYTES: Final = 32 * 2**20
_TIMEOUT_S: Final = 20.0
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_REVERTED: Final = 3  # the code nodes give an error that carries a contract's return data
# what nodes say where the EVM itself gave up; there is no code for it that all of them use
_EVM_SAYS: Final = (
    "execution reverted",
    "evm error",
    "invalid opcode",
    "invalid jump",
    "out of gas",
    "gas required exceeds",
    "stack underflow",
    "stack limit",
    "revert",
)


class RpcClient:
    """A door to one node."""

    def __init__(self, url: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        """Remember the node; nothing is sent yet. Raises NodeUrlInvalid."""
        parts = check_url(url)
        self.node = f"{parts.scheme}://{parts.hostname}:{parts.port or {'http': 80, 'https': 443}[parts.scheme]}"
        session = requests.Session()
        session.trust_env = parts.hostname not in _LOOPBACK  # elsewhere proxies of the environment are heeded
        session.mount("http://", _BoundedAdapter())
        session.mount("https://", _BoundedAdapter())
        # no redirect is followed: the address that was checked is the one that is asked
        kwargs = {"timeout": timeout_s, "allow_redirects": False}
        self.close = session.close
        self._provider = HTTPProvider(url, kwargs, session, exception_retry_configuration=None)

    def ask(self, method: str, *params: object) -> Any:  # noqa: ANN401 # any JSON: whoever asked checks it
        """Return the `result` of the answer.

        Raises NodeUnreachable, NodeAnswerInvalid, NodeRefused, and Reverted with no gas where the EVM gave up.
        """
        try:
            answer: object = self._provider.make_request(RPCEndpoint(method), list(params))
        except _AnswerTooLong:
            raise NodeAnswerInvalid(method, "answer", "more", f"at most {_ANSWER_LIMIT_BYTES} bytes") from None
        except (requests.RequestException, OSError) as error:
            raise NodeUnreachable(self.node, type(error).__name__) from None  # its text names the whole address
        except ValueError:
            raise NodeAnswerInvalid(method, "answer", "something else", "JSON") from None
        if not isinstance(answer, Mapping) or ("result" in answer) == (answer.get("error") is not None):
            raise NodeAnswerInvalid(method, "answer", shorten(answer), "an object with a result or an error")
        if "result" in answer:
            return answer["result"]
        raise _read_error(method, answer["error"])


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


def _read_error(method: str, error: object) -> Exception:
    if not isinstance(error, Mapping):
        return NodeAnswerInvalid(method, "error", shorten(error), "an object")
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    if not isinstance(code, int) or not isinstance(message, str):
        return NodeAnswerInvalid(method, "error", shorten(error), "a code and a message")
    if code == _REVERTED or any(text in message.lower() for text in _EVM_SAYS):
        return_data = read_bytes(method, "error.data", data) if isinstance(data, str) and data[:2] == "0x" else b""
        return Reverted(return_data, "execution reverted" if return_data else shorten(message), 0)
    return NodeRefused(method, code, shorten(message))


class _AnswerTooLong(Exception):
    """Between the adapter and `ask`."""


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
        body = response.raw.read(_ANSWER_LIMIT_BYTES + 1, decode_content=True)
        if len(body) > _ANSWER_LIMIT_BYTES:
            response.close()
            raise _AnswerTooLong
        response.raw.release_conn()
        response.raw = io.BytesIO(body)  # from which requests takes the content
        return response

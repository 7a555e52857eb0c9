"""One JSON-RPC question and its answer, over HTTP by web3's provider: bounded in time and size, errors typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from verifier.base_layer.errors import Reverted
from verifier.base_layer.http_session import TIMEOUT_S, AnswerTooLong, check_url, name_node, open_session
from verifier.base_layer.node_errors import NodeAnswerInvalid, NodeRefused, NodeUnreachable
from verifier.base_layer.rpc_values import read_bytes, shorten

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

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remember the node; nothing is sent yet. Raises NodeUrlInvalid."""
        parts = check_url(url)
        self.node = name_node(parts)
        session = open_session(parts)
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
        except AnswerTooLong as error:
            raise NodeAnswerInvalid(method, "answer", "more", str(error)) from None
        except (requests.RequestException, OSError) as error:
            raise NodeUnreachable(self.node, type(error).__name__) from None  # its text names the whole address
        except ValueError:
            raise NodeAnswerInvalid(method, "answer", "something else", "JSON") from None
        if not isinstance(answer, Mapping) or ("result" in answer) == (answer.get("error") is not None):
            raise NodeAnswerInvalid(method, "answer", shorten(answer), "an object with a result or an error")
        if "result" in answer:
            return answer["result"]
        raise _read_error(method, answer["error"])


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

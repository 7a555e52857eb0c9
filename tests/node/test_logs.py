"""The node's log: one event a line, in both forms; names of secrets are refused; others' lines take the same way."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from sequencer.errors import FileMissing
from sequencer.node.logs import SecretInLog, configure_logs, find_secret, get_logger


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers = handlers
    root.setLevel(level)


def write(
    *, strict: bool = False, as_json: bool = True, level: str = "info", event: str = "started", **facts: object
) -> str:
    stream = io.StringIO()
    configure_logs(level=level, as_json=as_json, stream=stream, strict=strict)
    get_logger(part="node").info(event, **facts)
    return stream.getvalue()


def test_an_event_is_one_json_object_a_line() -> None:
    line = write(batch=7, root=2**200, hash=b"\x01\x02", error=FileMissing("a", "file"))
    assert line.count("\n") == 1
    facts = json.loads(line)
    assert facts.pop("time").endswith("Z")
    expected = {"event": "started", "level": "info", "part": "node", "batch": 7, "root": 2**200}
    assert facts == expected | {"hash": "0x0102", "error": "a: no such file"}


def test_an_event_for_people_is_one_line_too() -> None:
    line = write(as_json=False, batch=7)
    assert line.count("\n") == 1
    assert "started" in line
    assert "batch=7" in line


def test_below_the_level_nothing_is_said() -> None:
    assert write(level="warning") == ""


def test_an_exception_is_in_its_event() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    try:
        raise FileMissing("postgresql://node:hunter2@here", "file")
    except FileMissing:
        get_logger().exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "FileMissing: postgresql://here: no such file" in json.loads(line)["exception"]


def test_lines_of_other_packages_take_the_same_way() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    logging.getLogger("other").warning("odd\nthing %s", "at https://user:hunter2@host/x")
    logging.getLogger("other").info("small talk")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "odd\\nthing at https://host/x"
    assert "hunter2" not in line


Nest: TypeAlias = Callable[[dict[str, str]], dict[str, object]]
SECRETS = [
    "password",
    "db_password",
    "passphrase",
    "secret",
    "client_secret",
    "mnemonic",
    "seed",
    "api_key",
    "access_key",
]
SECRETS += [
    "private_key",
    "PrivKey",
    "token",
    "Authorization",
    "cookie",
    "keystore",
    "signing_key",
    "credentials",
    "sk",
]


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("nest", [lambda facts: facts, lambda facts: {"in": facts}, lambda facts: {"all": [facts]}])
def test_invalid_secret_in_an_event(key: str, nest: Nest) -> None:
    facts = nest({key: "hunter2"})
    with pytest.raises(SecretInLog) as raised:
        write(strict=True, **facts)
    assert key in raised.value.key
    assert "hunter2" not in str(raised.value)
    line = write(**facts, batch=7)
    assert "hunter2" not in line
    assert key in json.loads(line)["refused"]


@pytest.mark.parametrize("key", ["receipt_key", "public_key", "key", "account", "tokens_per_s_limit", "task", "disk"])
def test_a_name_that_is_no_secrets(key: str) -> None:
    assert find_secret({key: 1}) is None


def test_user_and_password_of_an_address_are_left_out() -> None:
    line = write(node="postgresql://node:hunter2@db/zkmargin", where=["a"])
    assert json.loads(line)["node"] == "postgresql://db/zkmargin"


def test_a_long_text_is_cut() -> None:
    assert len(write(text="x" * 10**6)) < 3_000


@given(st.text(), st.text(), st.booleans())
def test_whatever_a_client_sends_stays_on_its_line(event: str, fact: str, as_json: bool) -> None:
    line = write(event=event, fact=fact, as_json=as_json)
    assert len(line.splitlines()) == 1
    assert line.endswith("\n")

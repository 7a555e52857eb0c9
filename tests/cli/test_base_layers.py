"""The base layer is chosen by one option; a node takes a key from a file, and what goes wrong there is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import assert_refused, run_json
from tests.verifier.fake_node import run_fake_node

Capsys = pytest.CaptureFixture[str]
UNREACHABLE = "http://127.0.0.1:9/secret"


def write_key(folder: Path, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text("11" * 32)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("command", [["verify", "absent"], ["settle", "absent"], ["demo", "--shape", "tiny"]])
def test_invalid_options_of_a_base_layer(command: list[str], tmp_path: Path, capsys: Capsys) -> None:
    key = write_key(tmp_path)
    assert_refused(capsys, "--key-file nothing: expected a file", *command, "--base-layer", UNREACHABLE)
    assert_refused(capsys, "needs no key", *command, "--key-file", key)
    node = ["--base-layer", UNREACHABLE, "--key-file"]
    assert_refused(capsys, "http://127.0.0.1:9 does not answer", *command, *node, key)
    assert_refused(capsys, "No such file", *command, *node, tmp_path / "none")
    assert_refused(capsys, "node address", *command, "--base-layer", "ftp://host", "--key-file", key)
    assert_refused(capsys, "mode 0644", *command, *node, write_key(tmp_path, 0o644))


def test_invalid_node_that_fails_later(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    with run_fake_node() as node:
        node.answers["eth_getBlockByNumber"] = {"error": {"code": -32000, "message": "header not found"}}
        options = ["--base-layer", node.url, "--key-file", write_key(tmp_path)]
        assert_refused(capsys, "the node refuses, -32000: header not found", "verify", proved_run, *options)


def test_chain_in_a_file_is_there_for_the_next_command(
    proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys
) -> None:
    settle = ["settle", proved_run, "--keys", keys_dir, "--base-layer", f"embedded:{tmp_path / 'chain.db'}"]
    assert run_json(capsys, *settle)["settled"] is True
    assert_refused(capsys, "its deployer sent transactions before", *settle)
    assert_refused(capsys, "--base-layer embedded:: expected embedded:PATH", *settle[:-1], "embedded:")
    (tmp_path / "chain.db").write_bytes(b"damage" * 1000)
    assert_refused(capsys, "chain.db: ", *settle)

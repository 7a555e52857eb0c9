"""Private keys come from a file that only its owner may read, and no error shows one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from verifier.base_layer.key_file import read_keys
from verifier.base_layer.node_errors import KeyFileInvalid

KEY = "11" * 32
ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"  # of secp256k1 (SEC 2)


def write(path: Path, text: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", [f"{KEY}\n", f"0x{KEY}", f"\n  {KEY.upper()}  \n\n"])
def test_key_with_and_without_prefix(tmp_path: Path, text: str) -> None:
    (account,) = read_keys(write(tmp_path / "key", text.encode()))
    assert account.address == "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"


def test_several_keys_keep_their_order(tmp_path: Path) -> None:
    keys = [f"{i:064x}" for i in (3, 1, 2)]
    accounts = read_keys(write(tmp_path / "key", "\n".join(keys).encode(), 0o400))
    assert [bytes(account.key).hex() for account in accounts] == keys


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o644])
def test_invalid_file_that_others_may_use(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyFileInvalid, match=f"mode {mode:04o}"):
        read_keys(write(tmp_path / "key", KEY.encode(), mode))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n",
        KEY[:-1].encode(),
        f"{KEY}0".encode(),
        f"0x0x{KEY}".encode(),
        f"{KEY}\nnot a key".encode(),
        f"{KEY}\n0x{KEY}".encode(),
        bytes(64),
        b"\xff" * 64,
        ("0" * 64).encode(),
        ORDER.encode(),
        f"{KEY}\n".encode() + b" " * 4096,
    ],
)
def test_invalid_content_is_not_shown(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(KeyFileInvalid) as caught:
        read_keys(write(tmp_path / "key", text))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in (KEY, ORDER, "not a key"):
        assert secret not in repr(caught.value)
        assert secret not in str(caught.value)


def test_invalid_path(tmp_path: Path) -> None:
    target = write(tmp_path / "key", KEY.encode())
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "pipe", "folder", "nothing"):
        with pytest.raises(KeyFileInvalid):
            read_keys(tmp_path / name)

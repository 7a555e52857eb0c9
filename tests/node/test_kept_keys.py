"""A node's verifying keys are found in its folder again, without the circuit; those of another shape are not taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollup.shapes import SMALL, TINY
from sequencer.errors import FileMalformed, KeyUnusable
from sequencer.node import kept_keys
from sequencer.node.kept_keys import KEPT_KEYS, keep_verifying_keys
from sequencer.progress import ignore_progress
from tests.proving import KEYS_DIR, get_verifying_key


def test_keys_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keep_verifying_keys(tmp_path, KEYS_DIR, TINY, ignore_progress)
    assert keys[0].key_be == get_verifying_key()

    def refuse(*_: object) -> None:
        raise KeyUnusable("keys", "asked for")

    monkeypatch.setattr(kept_keys, "load_verifying_keys", refuse)
    assert keep_verifying_keys(tmp_path, KEYS_DIR, TINY, ignore_progress) == keys
    with pytest.raises(KeyUnusable, match="asked for"):
        keep_verifying_keys(tmp_path, KEYS_DIR, SMALL, ignore_progress)


@pytest.mark.parametrize(("field", "value"), [("batches", "0x0"), ("exits", 5), ("shape", None), ("version", 2)])
def test_invalid_file_of_kept_keys(field: str, value: object, tmp_path: Path) -> None:
    keep_verifying_keys(tmp_path, KEYS_DIR, TINY, ignore_progress)
    path = tmp_path / KEPT_KEYS
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(FileMalformed):
        keep_verifying_keys(tmp_path, KEYS_DIR, TINY, ignore_progress)

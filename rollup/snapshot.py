"""The whole state after some batch as a file (`rollup/envelope.py`), from which a node goes on and anybody may exit.

It holds parameters, header and every account that is not empty with its order slots; the trees are built again from
these, and their roots must be those it states. Whether the state root is the right one is for the base layer to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rollup.accounts import EMPTY_ACCOUNT, Account, build_account_tree
from rollup.bounded_json import parse_json
from rollup.codec_common import ACCOUNT, ACCOUNT_ID
from rollup.codec_fields import FIELD_ELEMENT, Codec, ListOf, Malformed, Record
from rollup.codec_state import HEADER, PARAMS
from rollup.envelope import Envelope
from rollup.errors import BatchInvalid
from rollup.params import Params
from rollup.state import State, StateHeader
from rollup.units import ACCOUNT_BITS

__all__ = [
    "MAX_SNAPSHOT_BYTES",
    "SNAPSHOT_VERSION",
    "Snapshot",
    "SnapshotInvalid",
    "SnapshotRootWrong",
    "decode_snapshot",
    "decode_snapshot_head",
    "encode_snapshot",
]

SNAPSHOT_VERSION = 1
# An account with six order slots has 131 bytes packed, 560 of JSON: room for 470,000 of the tree's 2**21.
MAX_SNAPSHOT_BYTES = 64 * 2**20
_MAX_JSON_BYTES = 256 * 2**20


@dataclass(eq=False)
class SnapshotInvalid(BatchInvalid):
    """A snapshot file is not one, not whole, or not well formed."""

    code = "snapshot_invalid"
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(eq=False)
class SnapshotRootWrong(BatchInvalid):
    """A snapshot's content does not hash to the root it states."""

    code = "snapshot_root_wrong"
    source: str
    what: str
    got: int
    stated: int

    def __str__(self) -> str:
        return f"{self.source}: its content has {self.what} {self.got:#x}, it states {self.stated:#x}"


@dataclass(frozen=True)
class Snapshot:
    """A state, and the parameters in force."""

    params: Params
    state: State

    @property
    def header(self) -> StateHeader:
        """The state's."""
        return self.state.header


@dataclass(frozen=True)
class _Entry:
    account_id: int
    account: Account


@dataclass(frozen=True)
class _Head:
    params: Params
    header: StateHeader
    state_root: int


@dataclass(frozen=True)
class _Content:
    params: Params
    header: StateHeader
    state_root: int
    accounts: tuple[_Entry, ...]


_ENTRY = Record(_Entry, {"account_id": ACCOUNT_ID, "account": ACCOUNT})
_HEAD_FIELDS: dict[str, Codec] = {"params": PARAMS, "header": HEADER, "state_root": FIELD_ELEMENT}
_HEAD = Record(_Head, _HEAD_FIELDS)
_CONTENT = Record(_Content, {**_HEAD_FIELDS, "accounts": ListOf(_ENTRY, 0, 1 << ACCOUNT_BITS)})
_BEFORE_ACCOUNTS = b',"accounts":'  # no text stands before them
_ENVELOPE = Envelope(b"ZKMSTATE", SNAPSHOT_VERSION, MAX_SNAPSHOT_BYTES, _MAX_JSON_BYTES, SnapshotInvalid)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the file's bytes; the same state gives the same bytes (with one build of zlib).

    Raises SnapshotInvalid where the state is too large for a file that is read again.
    """
    state = snapshot.state
    held = ((i, account) for i, account in sorted(state.accounts.items()) if account != EMPTY_ACCOUNT)
    entries = tuple(_Entry(i, account) for i, account in held)
    return _ENVELOPE.seal(_CONTENT, _Content(snapshot.params, state.header, state.state_root, entries))


def decode_snapshot(data: bytes, source: str = "snapshot") -> Snapshot:
    """Return the state in a file's bytes, its roots computed again; `source` names the file in errors.

    Raises SnapshotInvalid, SnapshotRootWrong.
    """
    content = _ENVELOPE.open(_CONTENT, data, source)
    assert isinstance(content, _Content)
    _check_entries(content.accounts, source)
    accounts = {entry.account_id: entry.account for entry in content.accounts}
    tree = build_account_tree(accounts)
    header = replace(content.header, accounts_root=tree.root)
    _check_root("accounts root", tree.root, content.header.accounts_root, source)
    _check_root("state root", header.state_root, content.state_root, source)
    return Snapshot(content.params, State(header, tree, accounts))


def decode_snapshot_head(data: bytes, source: str = "snapshot") -> tuple[Params, StateHeader]:
    """Return parameters and header of a file's bytes, whose digest is checked and whose accounts are left unread.

    The header is that of the root which the file states; only `decode_snapshot` says whether the accounts are, too.
    Raises SnapshotInvalid, SnapshotRootWrong.
    """
    text, found, _ = _ENVELOPE.unpack(data, source).partition(_BEFORE_ACCOUNTS)
    try:
        head = _HEAD.decode(parse_json(text + b"}" if found else text), "")
    except (ValueError, Malformed, BatchInvalid) as error:
        raise SnapshotInvalid(source, str(error)) from error
    assert isinstance(head, _Head)
    _check_root("state root", head.header.state_root, head.state_root, source)
    return head.params, head.header


def _check_entries(entries: Iterable[_Entry], source: str) -> None:
    last = -1
    for entry in entries:
        if entry.account_id <= last or entry.account == EMPTY_ACCOUNT:
            raise SnapshotInvalid(source, f"account {entry.account_id}: accounts must rise, and none be empty")
        last = entry.account_id


def _check_root(what: str, got: int, stated: int, source: str) -> None:
    if got != stated:
        raise SnapshotRootWrong(source, what, got, stated)

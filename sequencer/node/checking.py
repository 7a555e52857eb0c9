"""What of a command can be judged by itself, for many at once: its fields, what was signed of it, and the signature.

The words of an order that are signed stand in its record already, so that hashing a group takes no integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from prover.kernel import eddsa_verify_many, poseidon_many
from rollup.errors import RollupError
from rollup.rejections import AccountNotOpen, SignatureInvalid
from rollup.state import State
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import ClientCommand, PlaceOrder
from sequencer.node.links import Record

__all__ = ["Checked", "check_commands"]

_ELEMENT_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 3 * _ELEMENT_BYTES
_NO_MESSAGE: Final = bytes(_ELEMENT_BYTES)
_NO_RECORD: Final = Record(0, b"")
_ARITY: Final = 4  # domain and three words
# Where the words of an order stand in its record, and the zeros before them that make field elements of them.
_WORDS: Final = tuple((at, end, bytes(_ELEMENT_BYTES - end + at)) for at, end in ((0, 19), (19, 31), (31, 39)))


class Checked(NamedTuple):
    """A command's record, what was signed (32 bytes, a field element), and why the command is refused, if it is."""

    record: Record
    message: bytes
    fault: RollupError | None


def check_commands(commands: Sequence[ClientCommand], domain: int, state: State) -> list[Checked]:
    """Return of each command what can be said by itself. Keys are those of `state`."""
    checked = [_encode(command) for command in commands]
    whole = [index for index, one in enumerate(checked) if one.fault is None]
    messages = _hash([commands[index] for index in whole], [checked[index].record for index in whole], domain)
    claims = []
    for index, message in zip(whole, messages, strict=True):
        record = checked[index].record
        checked[index] = Checked(record, message, None)
        key_x, key_y = state.get_account(commands[index].account).key
        key = key_x.to_bytes(_ELEMENT_BYTES, "big") + key_y.to_bytes(_ELEMENT_BYTES, "big")
        claims.append(key + message + _get_signature(commands[index], record))
    for index, is_valid in zip(whole, eddsa_verify_many(b"".join(claims)), strict=True):
        if not is_valid:
            account, (record, message, _) = commands[index].account, checked[index]
            is_open = not state.get_account(account).is_empty
            fault = SignatureInvalid(account, int.from_bytes(message, "big")) if is_open else AccountNotOpen(account)
            checked[index] = Checked(record, message, fault)
    return checked


def _encode(command: ClientCommand) -> Checked:
    try:
        command.check()
        signature = command.signature
        x, y = signature.r8
        if x < 0 or y < 0 or signature.s < 0 or (x | y | signature.s) >> 8 * _ELEMENT_BYTES:
            return Checked(_NO_RECORD, _NO_MESSAGE, SignatureInvalid(command.account, 0))
        return Checked(encode_command(command), _NO_MESSAGE, None)
    except RollupError as error:
        return Checked(_NO_RECORD, _NO_MESSAGE, error)


def _hash(commands: Sequence[ClientCommand], records: Sequence[Record], domain: int) -> list[bytes]:
    """Return what was signed of each: orders hashed together, others one by one."""
    start = domain.to_bytes(_ELEMENT_BYTES, "big")
    rows = []
    for command, record in zip(commands, records, strict=True):
        if isinstance(command, PlaceOrder):
            rows += [start, *(part for at, end, zeros in _WORDS for part in (zeros, record.body[at:end]))]
    hashes = poseidon_many(_ARITY, b"".join(rows), _NO_MESSAGE)
    orders = iter(range(0, len(hashes), _ELEMENT_BYTES))
    messages = []
    for command in commands:
        if isinstance(command, PlaceOrder):
            at = next(orders)
            messages.append(hashes[at : at + _ELEMENT_BYTES])
        else:
            messages.append(command.message(domain).to_bytes(_ELEMENT_BYTES, "big"))
    return messages


def _get_signature(command: ClientCommand, record: Record) -> bytes:
    """Return the signature's bytes as the record has them: at its end, but for an order's trigger."""
    end = len(record.body) - (_TRIGGER_BYTES if isinstance(command, PlaceOrder) and command.trigger else 0)
    return record.body[end - _SIGNATURE_BYTES : end]


_TRIGGER_BYTES: Final = 7

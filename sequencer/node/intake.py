"""From a client's command to its receipt: signatures checked together, judged, written together, acknowledged.

Commands that come while others are being written wait and go together: the slower the disk, the larger the groups. What
is acknowledged is durable; what is not has changed nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeAlias

from prover.kernel import eddsa_verify_many
from rollup.errors import RollupError
from rollup.rejections import AccountNotOpen, SignatureInvalid
from sequencer.node.admission import Admission
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import ClientCommand
from sequencer.node.links import Record
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import NodeBusy
from sequencer.node.writing import Writer

__all__ = ["Answer", "Intake"]

Answer: TypeAlias = Receipt | RollupError
_MAX_WAITING: Final = 50_000
_MAX_GROUP: Final = 2_000  # commands judged and written together
_REMEMBERED: Final = 200_000  # messages whose receipt is known again at once
_ELEMENT_BYTES: Final = 32


class Intake:
    """Takes commands on an event loop. One task judges and writes: the log's order is the order of judgement."""

    def __init__(self, admission: Admission, writer: Writer) -> None:
        self._admission, self._writer = admission, writer
        self._waiting: asyncio.Queue[tuple[ClientCommand, asyncio.Future[Answer]]] = asyncio.Queue()
        self._known: OrderedDict[int, Receipt] = OrderedDict()  # by message: what came once is not written again
        self._domain = admission.live.params.domain

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Answer]:
        """Return each command's receipt once it is durable, or why it was refused. Raises StoreError, NodeBusy."""
        if (waiting := self._waiting.qsize()) + len(commands) > _MAX_WAITING:
            raise NodeBusy(waiting, _MAX_WAITING)
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in commands]
        for command, future in zip(commands, futures, strict=True):
            self._waiting.put_nowait((command, future))
        return list(await asyncio.gather(*futures))

    async def run(self) -> None:
        """Judge and write, group by group, until cancelled."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _MAX_GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            try:
                await self._take(group)
            except RollupError as error:  # of the store: nothing of the group was written
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)

    async def _take(self, group: Sequence[tuple[ClientCommand, asyncio.Future[Answer]]]) -> None:
        commands = [command for command, _ in group]
        messages, faults = await asyncio.to_thread(self._check, commands)
        admitted: dict[int, list[int]] = {}  # by message: the same one twice in a group is written once
        answers: dict[int, Answer] = {}
        now_s = int(time.time())
        for index, (command, message, fault) in enumerate(zip(commands, messages, faults, strict=True)):
            if fault is None and message in self._known:
                answers[index] = self._known[message]
            elif fault is None and message in admitted:
                admitted[message].append(index)
            elif (error := fault or self._admission.admit(command, now_s)) is not None:
                answers[index] = error
            else:
                admitted[message] = [index]
        answers |= await self._write(commands, admitted)
        for index, (_, future) in enumerate(group):
            if not future.done():  # whoever asked may be gone
                future.set_result(answers[index])

    async def _write(self, commands: Sequence[ClientCommand], admitted: dict[int, list[int]]) -> dict[int, Answer]:
        """Write what was admitted; return the receipts by index."""
        fresh = [commands[indices[0]] for indices in admitted.values()]
        if not fresh:
            return {}
        records: list[Record] = [encode_command(command) for command in fresh]
        try:
            _, receipts = await self._writer.append(records)
        except RollupError:
            self._admission.forget()
            raise
        self._admission.note_durable()
        answers: dict[int, Answer] = {}
        for (message, indices), receipt in zip(admitted.items(), receipts, strict=True):
            self._known[message] = receipt
            answers |= dict.fromkeys(indices, receipt)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return answers

    def _check(self, commands: Sequence[ClientCommand]) -> tuple[list[int], list[RollupError | None]]:
        """Return the messages that were signed, and what is wrong with each command by itself."""
        messages, faults, claims = [], list[RollupError | None](), []
        for command in commands:
            message, key, signature = self._read(command)
            messages.append(message)
            values = (*key, message, *signature)
            is_whole = all(0 <= value < 1 << 256 for value in values)
            faults.append(None)
            claims.append(b"".join((value if is_whole else 0).to_bytes(_ELEMENT_BYTES, "big") for value in values))
        for index, is_valid in enumerate(eddsa_verify_many(b"".join(claims))):
            if not is_valid:
                command = commands[index]
                is_open = not self._admission.live.state.get_account(command.account).is_empty
                fault = SignatureInvalid(command.account, messages[index])
                faults[index] = fault if is_open else AccountNotOpen(command.account)
        return messages, faults

    def _read(self, command: ClientCommand) -> tuple[int, tuple[int, int], tuple[int, int, int]]:
        key = self._admission.live.state.get_account(command.account).key
        signature = command.signature
        return command.message(self._domain), key, (*signature.r8, signature.s)

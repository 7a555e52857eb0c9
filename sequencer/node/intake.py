"""From a client's command to its receipt: signatures checked together, judged, written together, acknowledged.

Commands that come while others are being written wait and go together: the slower the disk, the larger the groups. What
is acknowledged is durable; what is not has changed nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from rollup.errors import RollupError
from sequencer.node.admission import Admission
from sequencer.node.checking import Checked, check_commands
from sequencer.node.commands import CashRequest, ClientCommand, Kind
from sequencer.node.links import Record
from sequencer.node.live import LiveRecord, list_slots
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import NodeBusy, NodeStopping
from sequencer.node.writing import Writer

__all__ = ["Answer", "Intake"]

Answer: TypeAlias = Receipt | RollupError
_Waiting: TypeAlias = tuple[Sequence[ClientCommand], asyncio.Future[list[Answer]]]
_MAX_WAITING: Final = 50_000
_MAX_GROUP: Final = 2_000  # commands judged and written together
_FEW: Final = 64  # commands, a twentieth of a millisecond each: a thread that waits for its turn takes longer
_REMEMBERED: Final = 100_000  # messages of a generation; of two it is known where they stand, 140 bytes each


class Intake:
    """Takes commands on an event loop. One task judges and writes: the log's order is the order of judgement."""

    def __init__(self, admission: Admission, writer: Writer, get_receipt: Callable[[int], Receipt | None]) -> None:
        """`get_receipt` signs again what is in the log."""
        self._admission, self._writer, self._get_receipt = admission, writer, get_receipt
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue()  # None: no more will come
        self._n_waiting = 0  # commands
        # Sequence number by message: what came once is not written again. Of bytes and integers alone, for full garbage
        # collections would walk through a receipt each.
        self._places: dict[bytes, int] = {}
        self._older_places: dict[bytes, int] = {}  # of the generation before
        self._domain = admission.live.params.domain
        self._is_closed = False

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Answer]:
        """Return each command's receipt once it is durable, or why it was refused.

        Raises StoreError, NodeBusy, NodeStopping.
        """
        if self._is_closed:
            raise NodeStopping
        if self._n_waiting + len(commands) > _MAX_WAITING:
            raise NodeBusy(self._n_waiting, _MAX_WAITING)
        futures: list[asyncio.Future[list[Answer]]] = []
        for start in range(0, len(commands), _MAX_GROUP):
            futures.append(asyncio.get_running_loop().create_future())
            part = commands[start : start + _MAX_GROUP]
            self._waiting.put_nowait((part, futures[-1]))
            self._n_waiting += len(part)
        return [answer for part in await asyncio.gather(*futures) for answer in part]

    def close(self) -> None:
        """Take no more commands; `run` ends when those that wait are answered."""
        self._is_closed = True
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Judge and write, group by group, until closed and done. While one is written, the next is checked."""
        writing: asyncio.Task[None] | None = None
        while group := await self._gather():
            commands = [command for part, _ in group for command in part]
            try:
                checked = await self._check(commands)
            except Exception as error:
                _fail(group, error)
                continue
            if writing is not None:
                await writing  # judged beside all that came before it
            writing = asyncio.create_task(self._write_group(group, commands, checked))
        if writing is not None:
            await writing

    async def _check(self, commands: Sequence[ClientCommand]) -> list[Checked]:
        """Return what can be said of each by itself. Should its key change meanwhile, its epoch is the wrong one."""
        state = self._admission.live.state
        if len(commands) <= _FEW:
            return check_commands(commands, self._domain, state)
        return await asyncio.to_thread(check_commands, commands, self._domain, state)

    async def _write_group(
        self, group: Sequence[_Waiting], commands: Sequence[ClientCommand], checked: Sequence[Checked]
    ) -> None:
        try:
            await self._take(group, commands, checked)
        except Exception as error:  # of the store, or a mistake of ours: nobody may wait for ever
            self._admission.forget()
            _fail(group, error)

    async def _gather(self) -> list[_Waiting]:
        """Return what waits as soon as anything does, a group at most or so; nothing when no more will come."""
        group: list[_Waiting] = []
        while sum(len(part) for part, _ in group) < _MAX_GROUP and not (group and self._waiting.empty()):
            one = await self._waiting.get()
            if one is None:
                if group:
                    self._waiting.put_nowait(None)  # for the next time
                break
            group.append(one)
            self._n_waiting -= len(one[0])
        return group

    async def _take(
        self, group: Sequence[_Waiting], commands: Sequence[ClientCommand], checked: Sequence[Checked]
    ) -> None:
        admitted: dict[bytes, list[int]] = {}  # by message: the same one twice in a group is written once
        answers: dict[int, Answer] = {}
        now_s = int(time.time())
        for index, (command, (record, message, fault)) in enumerate(zip(commands, checked, strict=True)):
            if fault is not None:
                answers[index] = fault
            elif (known := self._recall(command, message)) is not None:
                answers[index] = known
            elif message in admitted:
                admitted[message].append(index)
            elif (error := self._admission.admit(command, now_s)) is not None:
                answers[index] = self._find_resting(record) or error
            else:
                admitted[message] = [index]
        answers |= await self._write(checked, admitted)
        start = 0
        for part, future in group:
            if not future.done():  # whoever asked may be gone
                future.set_result([answers[index] for index in range(start, start + len(part))])
            start += len(part)

    def _recall(self, command: ClientCommand, message: bytes) -> Receipt | None:
        """Return the receipt of the same message written before. A cash operation that was refused may come again."""
        place, live = self._places.get(message) or self._older_places.get(message), self._admission.live
        if place is None:
            return None
        if isinstance(command, CashRequest) and place not in live.cash:
            is_applied = live.state.get_account(command.account).cash_nonce > command.op.cash_nonce
            if not is_applied:
                return None
        return self._get_receipt(place)

    def _find_resting(self, record: Record) -> Receipt | None:
        """Return the receipt of this very order or quote where it rests: it came before this process began."""
        if record.kind not in (Kind.ORDER, Kind.QUOTE):
            return None
        for account, slot, _ in list_slots(LiveRecord(0, *record)):
            resting = self._admission.live.orders.get((account, slot))
            if resting is not None and resting[1].body == record.body:
                return self._get_receipt(resting[1].sequence)
        return None

    async def _write(self, checked: Sequence[Checked], admitted: dict[bytes, list[int]]) -> dict[int, Answer]:
        """Write what was admitted; return the receipts by index."""
        records = [checked[indices[0]].record for indices in admitted.values()]
        if not records:
            return {}
        _, receipts = await self._writer.append(records)
        self._admission.note_durable()
        answers: dict[int, Answer] = {}
        for (message, indices), receipt in zip(admitted.items(), receipts, strict=True):
            self._places[message] = receipt.sequence
            answers |= dict.fromkeys(indices, receipt)
        if len(self._places) >= _REMEMBERED:
            self._places, self._older_places = {}, self._places
        return answers


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)

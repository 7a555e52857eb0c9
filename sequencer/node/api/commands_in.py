"""Handlers of what clients send: read, submit, answer."""

from __future__ import annotations

from sequencer.node.api.service import Service
from sequencer.node.api.wire import Batch, PricesRequest
from sequencer.node.api.wire_answers import make_results, spell_receipt
from sequencer.node.api.wire_commands import CommandRequest, read_command, read_one_of, read_prices
from sequencer.node.api.wire_receipts import ReceiptBody, Results

__all__ = ["place_batch", "place_one", "submit_prices"]


async def place_one(service: Service, request: CommandRequest, address: str) -> ReceiptBody:
    """Return the command's receipt. Raises why it was refused."""
    return spell_receipt(await service.submit_one(read_command(request), address))


async def place_batch(service: Service, batch: Batch, address: str) -> Results:
    """Return what became of each command. Raises RequestMalformed before any of them is submitted."""
    commands = [read_one_of(item) for item in batch.commands]
    return make_results(await service.submit_all(commands, address))


async def submit_prices(service: Service, request: PricesRequest, address: str) -> ReceiptBody:
    """Return the receipt of an oracle's message. Raises why it was refused."""
    return spell_receipt(await service.submit_prices(read_prices(request), address))

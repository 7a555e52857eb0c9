"""`zkmargin cancel`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from sequencer.cli.output import json_option
from sequencer.cli.trading import Desk, node_option, passphrase_option, print_receipt, run_desk, wallet_option
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from sequencer.node.receipts import Receipt

__all__ = ["cancel"]


@click.command()
@click.option("--slot", type=click.IntRange(0, 511), metavar="N", help="The order's slot.")
@click.option("--nonce", type=click.IntRange(0), metavar="N", help="Up to this nonce. [default: that of what rests]")
@click.option("--all", "is_all", is_flag=True, help="Every order of the account.")
@wallet_option
@node_option
@passphrase_option
@json_option
def cancel(
    slot: int | None,
    nonce: int | None,
    is_all: bool,
    wallet_dir: Path | None,
    node_url: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Cancel an order, or all, free and at once: with the receipt in hand a later fill is proof of misconduct.

    Example: zkmargin cancel --slot 3
    """
    if is_all == (slot is not None):
        raise OptionInvalid("--slot", str(slot), "either --slot or --all")

    async def send(desk: Desk) -> tuple[dict[str, Any], Receipt]:
        if slot is None:
            everything = desk.signer.cancel_all()
            return {"account": everything.account, "all": True}, await desk.client.cancel_all(everything)
        command = desk.signer.cancel_order(slot, await _find_nonce(desk, slot) if nonce is None else nonce)
        what = {"account": command.account, "slot": slot, "nonce": command.nonce}
        return what, await desk.client.cancel_order(command)

    what, receipt = run_desk(send, wallet_dir, node_url, passphrase_file)
    print_receipt(receipt, what, as_json)


async def _find_nonce(desk: Desk, slot: int) -> int:
    orders = await desk.client.list_orders(desk.wallet.account)
    nonces = [order.nonce for order in orders if order.slot == slot]
    if not nonces:
        raise OptionInvalid("--slot", str(slot), "a slot in which an order rests, or --nonce")
    return nonces[0]

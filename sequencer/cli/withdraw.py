"""`zkmargin withdraw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import json_option
from sequencer.cli.trading import (
    Desk,
    max_fee_option,
    node_option,
    parse_amount,
    passphrase_option,
    print_receipt,
    run_desk,
    wallet_option,
)

if TYPE_CHECKING:
    from sequencer.node.commands import CashRequest
    from sequencer.node.receipts import Receipt

__all__ = ["withdraw"]


@click.command()
@click.argument("amount", metavar="USD")
@max_fee_option
@wallet_option
@node_option
@passphrase_option
@json_option
def withdraw(
    amount: str,
    max_fee: str,
    wallet_dir: Path | None,
    node_url: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign a withdrawal to the account's owner, send it, and print the node's receipt.

    The money is claimable on the base layer once the batch that takes it is settled.

    Example: zkmargin withdraw 250
    """
    amount_e6 = parse_amount("USD", amount)

    async def send(desk: Desk) -> tuple[CashRequest, Receipt]:
        command = desk.signer.withdraw(amount_e6, parse_amount("--max-fee", max_fee))
        return command, await desk.client.request_cash(command)

    command, receipt = run_desk(send, wallet_dir, node_url, passphrase_file)
    what = {"account": command.account, "amount_e6": str(amount_e6), "cash_nonce": command.op.cash_nonce}
    print_receipt(receipt, what, as_json)

"""`zkmargin quote`."""

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
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from sequencer.client.signer import Wish
    from sequencer.node.commands import PlaceQuote
    from sequencer.node.receipts import Receipt
    from sequencer.node.view_types import MarketView

__all__ = ["quote"]


@click.command()
@click.option("--market", required=True, metavar="NAME", help="The market, by name or number.")
@click.option("--bid", "bids", multiple=True, metavar="SIZE@USD", help="Buy so much at this price; as often as needed.")
@click.option("--ask", "asks", multiple=True, metavar="SIZE@USD", help="Sell so much at this price.")
@click.option(
    "--slots-from",
    "first_slot",
    type=click.IntRange(0, 511),
    metavar="N",
    help="Replace what stands in the slots from this one on. [default: free slots]",
)
@max_fee_option
@wallet_option
@node_option
@passphrase_option
@json_option
def quote(
    market: str,
    bids: tuple[str, ...],
    asks: tuple[str, ...],
    first_slot: int | None,
    max_fee: str,
    wallet_dir: Path | None,
    node_url: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign up to sixteen post-only orders at once, send them, and print the node's receipt.

    Example: zkmargin quote --market AVAX-USD --bid 10@24.90 --ask 10@25.10
    """
    levels = [(0, text) for text in bids] + [(1, text) for text in asks]
    if not 1 <= len(levels) <= 16:
        raise OptionInvalid("--bid and --ask", str(len(levels)), "1 to 16 of them")

    async def place(desk: Desk) -> tuple[PlaceQuote, Receipt]:
        found = await desk.find_market(market)
        max_fee_e6 = parse_amount("--max-fee", max_fee)
        wishes = [
            _make_wish(found, side, text, max_fee_e6, None if first_slot is None else first_slot + place)
            for place, (side, text) in enumerate(levels)
        ]
        command = desk.signer.place_quote(wishes)
        return command, await desk.client.place_quote(command)

    command, receipt = run_desk(place, wallet_dir, node_url, passphrase_file)
    orders = [order for order in command.signed.quote.orders if order is not None]
    what = {
        "account": command.account,
        "market": orders[0].market,
        "orders": [{"slot": order.slot, "nonce": order.nonce} for order in orders],
    }
    print_receipt(receipt, what, as_json)


def _make_wish(market: MarketView, side: int, text: str, max_fee_e6: int, slot: int | None) -> Wish:
    from rollup.orders import POST_ONLY
    from sequencer.client.signer import Wish

    option = "--ask" if side else "--bid"
    size, at, price = text.partition("@")
    if not at:
        raise OptionInvalid(option, text[:80], "SIZE@USD")
    size_lots = parse_amount(option, size, market.size_decimals)
    limit_ticks = parse_amount(option, price, market.price_decimals)
    return Wish(market.market, side, size_lots, limit_ticks, POST_ONLY, max_fee_e6, slot=slot)

"""`zkmargin order`."""

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
    from sequencer.node.commands import PlaceOrder, Trigger
    from sequencer.node.receipts import Receipt
    from sequencer.node.view_types import MarketView

__all__ = ["order"]

_SLOT = click.IntRange(0, 511)


@click.command()
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.option("--market", required=True, metavar="NAME", help="The market, by name or number.")
@click.option("--size", required=True, metavar="X", help="How much, in the market's base.")
@click.option("--price", metavar="USD", help="The limit; without one any price within the band will do.")
@click.option("--ioc", is_flag=True, help="What the first auction leaves is void.")
@click.option("--reduce-only", is_flag=True, help="Only bring the position closer to zero.")
@click.option("--post-only", is_flag=True, help="Trade only from the far side of the mark, and earn the maker fee.")
@click.option("--above", metavar="USD", help="Enter the book once the mark is at or above this.")
@click.option("--below", metavar="USD", help="Enter the book once the mark is at or below this.")
@click.option("--slot", type=_SLOT, metavar="N", help="Replace what stands in this slot. [default: a free one]")
@click.option("--life", "life_s", type=click.IntRange(1), default=86_400, show_default=True, metavar="SECONDS")
@max_fee_option
@wallet_option
@node_option
@passphrase_option
@json_option
def order(
    side: str,
    market: str,
    size: str,
    price: str | None,
    ioc: bool,
    reduce_only: bool,
    post_only: bool,
    above: str | None,
    below: str | None,
    slot: int | None,
    life_s: int,
    max_fee: str,
    wallet_dir: Path | None,
    node_url: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign an order, send it, and print the node's receipt.

    Example: zkmargin order buy --market AVAX-USD --size 10 --price 24.95
    """
    from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY
    from sequencer.client.signer import Wish

    flags = ioc * IOC | reduce_only * REDUCE_ONLY | post_only * POST_ONLY

    async def place(desk: Desk) -> tuple[PlaceOrder, Receipt]:
        found = await desk.find_market(market)
        any_price = ANY_SELL_TICKS if side == "sell" else ANY_BUY_TICKS
        wish = Wish(
            market=found.market,
            side=int(side == "sell"),
            size_lots=parse_amount("--size", size, found.size_decimals),
            limit_ticks=any_price if price is None else parse_amount("--price", price, found.price_decimals),
            flags=flags,
            max_fee_e6=parse_amount("--max-fee", max_fee),
            slot=slot,
            life_s=life_s,
        )
        command = desk.signer.place_order(wish, _read_trigger(above, below, found))
        return command, await desk.client.place_order(command)

    command, receipt = run_desk(place, wallet_dir, node_url, passphrase_file)
    placed = command.signed.order
    what = {"account": placed.account, "market": placed.market, "slot": placed.slot, "nonce": placed.nonce}
    print_receipt(receipt, what, as_json)


def _read_trigger(above: str | None, below: str | None, market: MarketView) -> Trigger | None:
    from sequencer.errors import OptionInvalid
    from sequencer.node.commands import Trigger

    if above is not None and below is not None:
        raise OptionInvalid("--above", above[:80], "one of --above and --below")
    if above is not None:
        return Trigger(parse_amount("--above", above, market.price_decimals), is_above=True)
    if below is not None:
        return Trigger(parse_amount("--below", below, market.price_decimals), is_above=False)
    return None

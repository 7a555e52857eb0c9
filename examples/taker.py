"""A taker: buys or sells at any price within the band, and waits on the stream to hear what it got.

    python examples/taker.py buy --market PERP-USD --size 1

The wallet is that of `zkmargin account create`; its passphrase comes from $ZKMARGIN_PASSPHRASE_FILE or is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
from getpass import getpass
from pathlib import Path

from prover import kernel
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC
from sequencer.client import NodeClient, OrderSigner
from sequencer.client.keystore import open_wallet
from sequencer.client.node_stream import open_stream
from sequencer.client.passphrase import read_passphrase
from sequencer.client.signer import Wish
from sequencer.client.slots import SlotBook
from sequencer.node.event_types import FillSeen, OrderClosed


async def take(client: NodeClient, signer: OrderSigner, options: argparse.Namespace) -> None:
    """Send one order and print its fills until it is gone."""
    await signer.sync(client)
    market = next(m for m in await client.list_markets() if m.name == options.market)
    side = int(options.side == "sell")
    size_lots = round(options.size * 10**market.size_decimals)
    any_price = ANY_SELL_TICKS if side else ANY_BUY_TICKS
    async with open_stream(client) as stream:
        await stream.subscribe(accounts=[signer.account])  # first, so that no fill is missed
        order = signer.place_order(Wish(market.market, side, size_lots, any_price, IOC))
        (outcome,) = await stream.submit([order])
        if isinstance(outcome, Exception):
            raise outcome
        print(f"record {outcome.sequence}: {options.side} {options.size} {market.name}")
        slot, nonce = order.signed.order.slot, order.signed.order.nonce
        async for event in stream.events():
            if isinstance(event, FillSeen) and (event.slot, event.nonce) == (slot, nonce):
                size, price = event.size_lots / 10**market.size_decimals, event.price_ticks / 10**market.price_decimals
                print(f"batch {event.batch_number}: {size} at {price}")
            elif isinstance(event, OrderClosed) and (event.slot, event.nonce) == (slot, nonce):
                print(f"gone: {event.reason}")
                return


async def main() -> None:
    """Open the wallet and take."""
    parser = argparse.ArgumentParser(description="Take what the book offers.")
    parser.add_argument("side", choices=("buy", "sell"))
    parser.add_argument("--wallet", type=Path, default=Path.home() / ".local/share/zkmargin/wallet")
    parser.add_argument("--node")
    parser.add_argument("--market", default="PERP-USD")
    parser.add_argument("--size", type=float, default=1.0, help="in the market's base")
    options = parser.parse_args()
    kernel.install()
    wallet = open_wallet(options.wallet)
    key = wallet.load_trading_key(read_passphrase(None, getpass))
    with SlotBook(wallet.folder, wallet.account) as slots:
        async with await NodeClient.connect(options.node or wallet.node_url, wallet.deployment) as client:
            await take(client, OrderSigner(key, wallet.deployment, slots), options)


if __name__ == "__main__":
    asyncio.run(main())

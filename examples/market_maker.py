"""A market maker: keeps post-only bids and asks around the mark, one signature a refresh. Stop it with Ctrl+C.

    python examples/market_maker.py --market PERP-USD --size 2 --spread-ppm 2000

The wallet is that of `zkmargin account create`; its passphrase comes from $ZKMARGIN_PASSPHRASE_FILE or is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import suppress
from getpass import getpass
from pathlib import Path

from prover import kernel
from rollup.orders import POST_ONLY
from rollup.units import PPM
from sequencer.client import NodeClient, OrderSigner
from sequencer.client.errors import CommandRefused
from sequencer.client.keystore import open_wallet
from sequencer.client.passphrase import read_passphrase
from sequencer.client.signer import Wish
from sequencer.client.slots import SlotBook
from sequencer.node.view_types import MarketView

FIRST_SLOT = 0  # a refresh replaces the quote before it: the same slots, higher nonces


def make_wishes(market: MarketView, size_lots: int, spread_ppm: int, levels: int) -> list[Wish]:
    """Return bids and asks at rising distance from the mark."""
    wishes = []
    for level in range(levels):
        distance = market.mark_ticks * spread_ppm * (level + 1) // (2 * PPM)
        for side, price_ticks in ((0, market.mark_ticks - distance), (1, market.mark_ticks + distance)):
            slot = FIRST_SLOT + 2 * level + side
            wishes.append(Wish(market.market, side, size_lots, price_ticks, POST_ONLY, slot=slot))
    return wishes


async def make_market(client: NodeClient, signer: OrderSigner, options: argparse.Namespace) -> None:
    """Quote, and quote again every `--every` seconds: marks move, and fills leave holes."""
    await signer.sync(client)
    try:
        for _ in range(options.rounds) if options.rounds else iter(int, 1):
            market = next(m for m in await client.list_markets() if m.name == options.market)
            size_lots = round(options.size * 10**market.size_decimals)
            quote = signer.place_quote(make_wishes(market, size_lots, options.spread_ppm, options.levels))
            try:
                receipt = await client.place_quote(quote)
                print(f"mark {market.mark_ticks / 10**market.price_decimals}: quote is record {receipt.sequence}")
            except CommandRefused as refused:
                print(f"not quoted: {refused}")
            for fill in await client.list_fills(signer.account, limit=50):
                signer.note(fill)  # a fill raises its slot in the state: more nonces are free above it
            await asyncio.sleep(options.every)
    finally:
        receipt = await client.cancel_all(signer.cancel_all())
        print(f"everything cancelled: record {receipt.sequence}")


async def main() -> None:
    """Open the wallet, and make the market until stopped."""
    parser = argparse.ArgumentParser(description="Make a market.")
    parser.add_argument("--wallet", type=Path, default=Path.home() / ".local/share/zkmargin/wallet")
    parser.add_argument("--node")
    parser.add_argument("--market", default="PERP-USD")
    parser.add_argument("--size", type=float, default=1.0, help="of each order, in the market's base")
    parser.add_argument("--spread-ppm", type=int, default=2_000)
    parser.add_argument("--levels", type=int, default=4, choices=range(1, 9))
    parser.add_argument("--every", type=float, default=1.0, help="seconds")
    parser.add_argument("--rounds", type=int, default=0, help="stop after so many refreshes")
    options = parser.parse_args()
    stop = asyncio.current_task()
    assert stop is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.cancel)
    kernel.install()
    wallet = open_wallet(options.wallet)
    key = wallet.load_trading_key(read_passphrase(None, getpass))
    with SlotBook(wallet.folder, wallet.account) as slots:
        async with await NodeClient.connect(options.node or wallet.node_url, wallet.deployment) as client:
            await make_market(client, OrderSigner(key, wallet.deployment, slots), options)


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        asyncio.run(main())

"""What the commands of traders share: the wallet, the node, the passphrase; sizes and prices as people write them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import rich_click as click

from sequencer.cli.output import make_table, print_json, print_tables
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sequencer.client.keystore import Wallet
    from sequencer.client.node_client import NodeClient
    from sequencer.client.signer import OrderSigner
    from sequencer.node.receipts import Receipt
    from sequencer.node.view_types import MarketView

__all__ = [
    "Desk",
    "ask_passphrase",
    "max_fee_option",
    "node_option",
    "parse_amount",
    "passphrase_option",
    "print_receipt",
    "resolve_wallet",
    "run_desk",
    "wallet_option",
]

WALLET_VARIABLE: Final = "ZKMARGIN_WALLET"
_USD_DECIMALS: Final = 6
_T = TypeVar("_T")
wallet_option = click.option(
    "--wallet",
    "wallet_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The wallet's folder. [default: $ZKMARGIN_WALLET, else zkmargin/wallet in the XDG data folder]",
)
node_option = click.option("--node", "node_url", metavar="URL", help="The node. [default: the wallet's]")
passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of mode 0600 with the passphrase. [default: $ZKMARGIN_PASSPHRASE_FILE, else it is asked for]",
)
max_fee_option = click.option(
    "--max-fee", "max_fee", default="1", show_default=True, metavar="USD", help="The most it may pay for its place."
)


class Desk:
    """A wallet at work on a node."""

    def __init__(self, wallet: Wallet, client: NodeClient, signer: OrderSigner) -> None:
        """Sign by `signer`, send by `client`."""
        self.wallet, self.client, self.signer = wallet, client, signer

    async def find_market(self, name: str) -> MarketView:
        """Return the market of a name or number. Raises OptionInvalid."""
        markets = await self.client.list_markets()
        for market in markets:
            if name.lower() == market.name.lower() or name == str(market.market):
                return market
        raise OptionInvalid("--market", name[:80], f"one of {', '.join(market.name for market in markets)}")


def resolve_wallet(folder: Path | None) -> Path:
    """Return the folder named, or the default one."""
    named = os.environ.get(WALLET_VARIABLE)
    if folder is not None or named:
        return folder or Path(named or "")
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "zkmargin" / "wallet"


def ask_passphrase(file: Path | None, *, is_new: bool = False) -> str:
    """Return the wallet's passphrase, from a file or asked for on the terminal."""
    from sequencer.client.passphrase import read_passphrase

    def ask() -> str:
        return str(click.prompt("passphrase", hide_input=True, confirmation_prompt=is_new, err=True))

    return read_passphrase(file, ask)


def run_desk(
    work: Callable[[Desk], Awaitable[_T]], wallet_dir: Path | None, node_url: str | None, passphrase_file: Path | None
) -> _T:
    """Return what `work` does with an opened wallet whose signer is in step with the node."""
    from prover import kernel
    from sequencer.client.keystore import open_wallet

    kernel.install()
    wallet = open_wallet(resolve_wallet(wallet_dir))
    key = wallet.load_trading_key(ask_passphrase(passphrase_file))

    async def run() -> _T:
        async with _open_desk(wallet, node_url, key) as desk:
            return await work(desk)

    return asyncio.run(run())


@asynccontextmanager
async def _open_desk(wallet: Wallet, node_url: str | None, key: bytes) -> AsyncIterator[Desk]:
    from sequencer.client.node_client import NodeClient
    from sequencer.client.signer import OrderSigner
    from sequencer.client.slots import SlotBook

    with SlotBook(wallet.folder, wallet.account) as slots:
        async with await NodeClient.connect(node_url or wallet.node_url, wallet.deployment) as client:
            signer = OrderSigner(key, wallet.deployment, slots)
            await signer.sync(client)
            yield Desk(wallet, client, signer)


def parse_amount(option: str, text: str, decimals: int = _USD_DECIMALS) -> int:
    """Return a decimal number as an integer of its last decimal. Raises OptionInvalid rather than round."""
    try:
        scaled = Decimal(text).scaleb(decimals)
        amount = int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        raise OptionInvalid(option, text[:80], "a number") from None
    if amount != scaled or not 0 <= amount < 2**64:
        raise OptionInvalid(option, text[:80], f"a number of at most {decimals} decimals, not negative")
    return amount


def print_receipt(receipt: Receipt, what: dict[str, Any], as_json: bool) -> None:
    """Print what was sent and the receipt: as JSON all of it, which `zkmargin audit` reads."""
    from sequencer.node.receipt_codec import write_receipt_object

    if as_json:
        print_json({**what, "receipt": write_receipt_object(receipt)})
        return
    facts = {**what, "sequence": receipt.sequence, "link": receipt.link.hex()}
    print_tables(make_table("Recorded, signed by the node", ("what", "value"), [(k, str(v)) for k, v in facts.items()]))

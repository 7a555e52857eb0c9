"""`zkmargin oracle`: `key`, `submit` and `status`."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import json_option, make_table, print_json, print_tables
from sequencer.cli.trading import parse_amount, print_receipt
from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from rollup.babyjubjub import Point
    from sequencer.client.node_client import NodeClient
    from sequencer.node.receipts import Receipt
    from sequencer.node.view_types import MarketView, OracleView

__all__ = ["oracle"]

_KEY_BYTES = 32
_node_option = click.option(
    "--node", "node_url", metavar="URL", default="http://127.0.0.1:8645", show_default=True, help="The node."
)
_key_option = click.option(
    "--key-file", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The signer's key, mode 0600."
)


@click.group()
def oracle() -> None:
    """Be one of a node's three oracle signers.

    Example: zkmargin oracle submit AVAX-USD=25.1 --key-file oracle.key
    """


@oracle.command()
@_key_option
@json_option
def key(key_file: Path, as_json: bool) -> None:
    """Print a signer's public key for `oracle.public_keys`; the key is made at random where there is no file.

    Example: zkmargin oracle key --key-file oracle.key
    """
    from prover import kernel
    from sequencer.node.oracle import open_signer
    from sequencer.oracle_keys import spell_public_key

    kernel.install()
    spelled = spell_public_key(open_signer(key_file).public_key)
    if as_json:
        print_json({"public_key": spelled, "key_file": str(key_file)})
    else:
        click.echo(spelled)


@oracle.command()
@click.argument("prices", nargs=-1, required=True, metavar="MARKET=USD...")
@_key_option
@click.option("--contract", metavar="ADDRESS", help="Sign for this rollup alone, whatever the node names.")
@_node_option
@json_option
def submit(prices: tuple[str, ...], key_file: Path, contract: str | None, node_url: str, as_json: bool) -> None:
    """Sign the price of every market as of now, send it, and print the node's receipt.

    Example: zkmargin oracle submit AVAX-USD=25.1 ETH-USD=4000 --key-file oracle.key
    """
    from prover import kernel
    from sequencer.node.secret_files import read_secret

    kernel.install()
    private_key = read_secret(key_file, _KEY_BYTES)
    signer, prices_ticks, receipt = asyncio.run(_submit(private_key, prices, contract, node_url))
    print_receipt(receipt, {"signer": signer, "prices_ticks": list(prices_ticks)}, as_json)


@oracle.command()
@_node_option
@json_option
def status(node_url: str, as_json: bool) -> None:
    """Show what each signer said last, and whether a batch now could use it.

    Example: zkmargin oracle status
    """
    from sequencer.oracle_keys import spell_public_key

    view = asyncio.run(_get_oracle(node_url))
    rows = [
        {
            "signer": one.signer,
            "key": spell_public_key(one.key),
            "time_s": one.time_s,
            "fresh": one.is_fresh,
            "prices_ticks": list(one.prices_ticks),
        }
        for one in view.signers
    ]
    if as_json:
        print_json({"stale": view.is_stale, "max_age_s": view.max_age_s, "signers": rows})
        return
    table = [[f"{row['signer']}", row["fresh"], row["time_s"] or "never", str(row["prices_ticks"])] for row in rows]
    print_tables(make_table("stale" if view.is_stale else "fresh", ("signer", "fresh", "time", "ticks"), table))


async def _get_oracle(node_url: str) -> OracleView:
    from sequencer.client.node_client import NodeClient

    async with await NodeClient.connect(node_url) as client:
        return await client.get_oracle()


async def _submit(
    private_key: bytes, prices: Sequence[str], contract: str | None, node_url: str
) -> tuple[int, tuple[int, ...], Receipt]:
    from rollup.signature import derive_public_key
    from sequencer.client.node_client import NodeClient
    from sequencer.oracle_feed import sign_message

    async with await NodeClient.connect(node_url) as client:
        _check_contract(client, contract)
        signer = _find_signer(await client.get_oracle(), derive_public_key(private_key))
        prices_ticks = _read_prices(prices, await client.list_markets())
        signed = sign_message(private_key, signer, prices_ticks, int(time.time()), client.deployment.domain)
        return signer, prices_ticks, await client.submit_prices(signed)


def _check_contract(client: NodeClient, contract: str | None) -> None:
    """Raise OptionInvalid where the node serves another rollup: its markets may stand in another order."""
    if contract is None:
        return
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", contract):
        raise OptionInvalid("--contract", contract[:80], "0x and 40 hexadecimal digits")
    if int(contract, 16) != client.deployment.contract:
        raise OptionInvalid("--contract", contract, f"the node's, {client.deployment.contract:#042x}")


def _find_signer(view: OracleView, public_key: Point) -> int:
    for one in view.signers:
        if one.key == public_key:
            return one.signer
    raise OptionInvalid("--key-file", "a key", "that of one of the node's signers")


def _read_prices(prices: Sequence[str], markets: Sequence[MarketView]) -> tuple[int, ...]:
    """Return the prices by market, 1 where there is none. Raises OptionInvalid: unknown, twice, or one is missing."""
    by_name, found = {market.name.lower(): market for market in markets}, {}
    for text in prices:
        name, sign, price = text.partition("=")
        market = by_name.get(name.lower())
        if not sign or market is None or market.market in found:
            raise OptionInvalid("MARKET=USD", text[:80], f"each once of {', '.join(one.name for one in markets)}")
        found[market.market] = parse_amount(name, price, market.price_decimals)
    missing = [market.name for market in markets if market.market not in found]
    if missing:
        raise OptionInvalid("MARKET=USD", "no price", f"one of {missing[0]} as well: a signer prices every market")
    return tuple(found.get(market, 1) for market in range(max(found) + 1))

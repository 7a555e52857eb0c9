"""`zkmargin account create`, `status` and `deposit`: those that take a wallet."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from sequencer.cli.options import account_option
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.trading import (
    ask_passphrase,
    node_option,
    parse_amount,
    passphrase_option,
    resolve_wallet,
    wallet_option,
)

if TYPE_CHECKING:
    from sequencer.client.deployment import Deployment
    from sequencer.node.view_types import AccountView, OrderView

__all__ = ["create", "deposit", "status"]


@click.command()
@account_option
@click.option("--node", "node_url", required=True, metavar="URL", help="The node, whose deployment and key are kept.")
@click.option(
    "--owner-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The owner's private key: hexadecimal, mode 0600. [default: a new one]",
)
@wallet_option
@passphrase_option
@json_option
def create(
    account_id: int,
    node_url: str,
    owner_key_file: Path | None,
    wallet_dir: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a wallet: a trading key and the owner's key, encrypted, for an account of the rollup that a node serves.

    Compare the contract that is printed with the one you mean to use: signatures are good for that one alone.

    Example: zkmargin account create --account 7 --node http://127.0.0.1:8000
    """
    from prover import kernel
    from sequencer.client.keystore import create_wallet
    from verifier.base_layer.key_file import read_keys

    kernel.install()
    owner_key = bytes(read_keys(owner_key_file)[0].key) if owner_key_file else None
    deployment = asyncio.run(_ask_deployment(node_url))
    passphrase = ask_passphrase(passphrase_file, is_new=True)
    folder = resolve_wallet(wallet_dir)
    with show_stage("encrypting keys"):
        wallet = create_wallet(folder, account_id, deployment, node_url, passphrase, owner_key=owner_key)
    facts = {
        "account": wallet.account,
        "owner": wallet.owner,
        "key_x": str(wallet.key[0]),
        "key_y": str(wallet.key[1]),
        "chain_id": str(deployment.chain_id),
        "contract": f"{deployment.contract:#042x}",
        "wallet": str(folder),
    }
    _print("Wallet", facts, as_json)


async def _ask_deployment(node_url: str) -> Deployment:
    from sequencer.client.node_client import NodeClient

    async with await NodeClient.connect(node_url) as client:
        return client.deployment


@click.command()
@wallet_option
@node_option
@json_option
def status(wallet_dir: Path | None, node_url: str | None, as_json: bool) -> None:
    """Show the wallet's account on the node: cash, margin, positions, resting orders. Takes no passphrase.

    Example: zkmargin account status
    """
    from prover import kernel
    from sequencer.client.keystore import open_wallet

    kernel.install()
    wallet = open_wallet(resolve_wallet(wallet_dir))
    found, orders = asyncio.run(_ask_account(node_url or wallet.node_url, wallet.deployment, wallet.account))
    facts = _describe(found)
    if as_json:
        print_json(facts | {"positions": [asdict(p) for p in found.positions], "orders": [asdict(o) for o in orders]})
        return
    tables = [make_table(f"Account {found.account}", ("what", "value"), list(facts.items()))]
    if found.positions:
        rows = [(p.market, p.size_lots, p.mark_ticks, p.liquidation_price_ticks or "-") for p in found.positions]
        tables.append(make_table("Positions", ("market", "lots", "mark ticks", "liquidation ticks"), rows))
    if orders:
        rows_ = [(o.slot, o.nonce, o.market, "sell" if o.side else "buy", o.size_lots, o.limit_ticks) for o in orders]
        tables.append(make_table("Orders", ("slot", "nonce", "market", "side", "lots", "limit ticks"), rows_))
    print_tables(*tables)


async def _ask_account(
    node_url: str, deployment: Deployment, account: int
) -> tuple[AccountView, tuple[OrderView, ...]]:
    from sequencer.client.node_client import NodeClient

    async with await NodeClient.connect(node_url, deployment) as client:
        return await client.get_account(account), await client.list_orders(account)


def _describe(account: AccountView) -> dict[str, Any]:
    return {
        "account": account.account,
        "owner": f"{account.owner:#042x}",
        "epoch": account.epoch,
        "cash_nonce": account.cash_nonce,
        "next_cash_nonce": account.next_cash_nonce,
        "tier": account.tier,
        "cash_atoms": str(account.cash_atoms),
        "equity_atoms": str(account.equity_atoms),
        "initial_atoms": str(account.initial_atoms),
        "maintenance_atoms": str(account.maintenance_atoms),
        "free_collateral_e6": str(account.free_collateral_e6),
        "batch_number": account.batch_number,
    }


@click.command()
@click.argument("amount", metavar="USD")
@click.option(
    "--base-layer",
    metavar="URL",
    help="A node of the chain: its JSON-RPC address. [default: the chain that lives in the rollup's node]",
)
@wallet_option
@passphrase_option
@json_option
def deposit(
    amount: str, base_layer: str | None, wallet_dir: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Deposit collateral by the owner's transaction on the base layer. Opens the account where it is new.

    The owner needs the collateral and wei for gas; where the chain lives in the rollup's node, that gives both. The
    node takes the deposit once its block is final.

    Example: zkmargin account deposit 1000 --base-layer http://127.0.0.1:8545
    """
    from prover import kernel
    from sequencer.client import depositing
    from sequencer.client.embedded_deposit import deposit_on_embedded
    from sequencer.client.keystore import open_wallet
    from verifier.base_layer.json_rpc import JsonRpcNode

    kernel.install()
    amount_e6 = parse_amount("USD", amount)
    wallet = open_wallet(resolve_wallet(wallet_dir))
    owner = wallet.load_owner(ask_passphrase(passphrase_file))
    deployment = wallet.deployment
    bound = (deployment.chain_id, deployment.contract)
    facts: dict[str, Any] = {"account": wallet.account, "deposited_e6": str(amount_e6)}
    with show_stage("deposit"):
        if base_layer is None:
            sending = deposit_on_embedded(wallet.node_url, *bound, owner, wallet.account, wallet.key, amount_e6)
            _, transaction = asyncio.run(sending)
            facts |= {"transaction": transaction}
        else:
            layer = JsonRpcNode(base_layer, (owner,))
            done = depositing.deposit(layer, *bound, layer.sender, wallet.account, wallet.key, amount_e6)
            facts |= {"entry": done.index, "credit_e6": str(done.credit_e6), "fee_e6": str(done.fee_e6)}
            facts |= {"transaction": f"0x{done.transaction.hex()}", "gas": done.gas}
    _print("Deposit", facts, as_json)


def _print(title: str, facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print_tables(make_table(title, ("what", "value"), [(name, str(value)) for name, value in facts.items()]))

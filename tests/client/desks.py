"""A client and a signer of one account, on a stepped node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sequencer.client import NodeClient, OrderSigner
from sequencer.client.slots import SlotBook
from sequencer.node.api import ApiLimits
from tests.client.wallets import DEPLOYMENT
from tests.node.api_client import Served, run, serve
from tests.scenarios import key_of

PATIENCE_S = 20.0
DeskTest = Callable[[Served, NodeClient, OrderSigner], Awaitable[None]]


def with_client(folder: Path, test: DeskTest, account: int = 2, limits: ApiLimits | None = None) -> None:
    """Run a test with a client and a signer of an account."""

    async def main() -> None:
        async with serve(folder / "store", limits) as server, desk(server, folder, account) as (client, signer):
            await test(server, client, signer)

    run(main())


@asynccontextmanager
async def desk(server: Served, folder: Path, account: int) -> AsyncIterator[tuple[NodeClient, OrderSigner]]:
    home = folder / f"wallet {account}"
    home.mkdir(exist_ok=True)
    with SlotBook(home, account) as slots:
        async with await NodeClient.connect(server.url, DEPLOYMENT) as client:
            signer = OrderSigner(key_of(account), DEPLOYMENT, slots)
            await signer.sync(client)
            yield client, signer

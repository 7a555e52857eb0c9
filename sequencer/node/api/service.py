"""What handlers share: the core, the limits, the rates, the metrics; and how commands go in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from rollup.errors import RollupError
from rollup.oracle import SignedPrices
from sequencer.node.api.errors import NodeDraining
from sequencer.node.api.limits import ApiLimits, RateLimits
from sequencer.node.api.metrics import Metrics
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.api.pulse import Pulse
from sequencer.node.commands import ClientCommand
from sequencer.node.core import Core
from sequencer.node.receipts import Receipt

__all__ = ["Service"]


class Service:
    """One node's API."""

    def __init__(
        self,
        core: Core,
        limits: ApiLimits,
        origins: frozenset[str] = frozenset(),
        proving: ProvingFacts | None = None,
        page: str = "",
    ) -> None:
        """Serve this core. `origins`: whose pages may read answers and open streams. `page`: the dashboard's."""
        self.core = core
        self.limits = limits
        self.origins = origins
        self.rates = RateLimits(limits)
        self.metrics = Metrics(core)
        self.proving = proving
        self.pulse = Pulse(core, proving, page)
        self.checking = asyncio.Lock()  # proofs are checked one at a time
        self.is_draining = False

    async def submit_all(self, commands: Sequence[ClientCommand], address: str) -> list[Receipt | RollupError]:
        """Return what became of each command, in order. Raises RateExceeded (of the address), NodeDraining, StoreError.

        An account's commands are counted when the node has taken them; those beyond its rate are refused one by one.
        """
        self._check_door(address, len(commands))
        refused = self._find_hurried(commands)
        passed = [command for command in commands if command.account not in refused]
        outcomes = await self.core.submit(passed) if passed else []
        taken = Counter(
            command.account for command, outcome in zip(passed, outcomes, strict=True) if isinstance(outcome, Receipt)
        )
        for account, count in taken.items():
            self.rates.charge_account(account, count)
        results = iter(outcomes)
        merged = [refused.get(command.account) or next(results) for command in commands]
        self.metrics.count_outcomes(merged)
        return merged

    async def submit_one(self, command: ClientCommand, address: str) -> Receipt:
        """Return the command's receipt. Raises why it was refused."""
        self._check_door(address, 1)
        outcome: Receipt | RollupError | None = self.rates.check_account(command.account, 1)
        if outcome is None:
            (outcome,) = await self.core.submit((command,))
        self.metrics.count_outcomes((outcome,))
        if isinstance(outcome, RollupError):
            raise outcome
        self.rates.charge_account(command.account, 1)
        return outcome

    async def submit_prices(self, signed: SignedPrices, address: str) -> Receipt:
        """Return the receipt of an oracle's message. Raises why it was refused.

        A signer's messages are counted when the node has taken them: a stranger cannot use up what it may send.
        """
        self._check_door(address, 1)
        hurried = self.rates.check_signer(signed.signer)
        if hurried is not None:
            raise hurried
        receipt = await self.core.submit_prices(signed)
        self.rates.charge_signer(signed.signer)
        return receipt

    def _check_door(self, address: str, count: int) -> None:
        if self.is_draining:
            raise NodeDraining()
        self.rates.take_commands(address, count)

    def _find_hurried(self, commands: Sequence[ClientCommand]) -> dict[int, RollupError]:
        counts = Counter(command.account for command in commands)
        checked = ((account, self.rates.check_account(account, count)) for account, count in counts.items())
        return {account: error for account, error in checked if error is not None}

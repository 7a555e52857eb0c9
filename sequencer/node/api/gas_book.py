"""What an order costs on the base layer: the gas of the groups that were settled last, over the orders in them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sequencer.node.core import Core
from sequencer.node.stages import SETTLED, Settlement, decode_settlement, name_group
from sequencer.node.view_types import BatchStage, BatchView

__all__ = ["GasBook"]

_RECENT_BATCHES: Final = 200
_GROUPS: Final = 8


class GasBook:
    """Reads each settled group once: what is settled does not change."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[int, Settlement] = {}

    def compute_per_order(self, core: Core) -> float | None:
        """Return gas an order, liquidations too, of the last groups that hold some and are whole in memory.

        None where no gas is known.
        """
        gas_used = n_orders = 0
        groups = dict(list(_group_settled(core).items())[:_GROUPS])
        self._known = {group: settled for group in groups if (settled := self._find(core, group)) is not None}
        for group, settled in self._known.items():
            own = sum(batch.fills + batch.liquidations for batch in groups[group])
            if own and settled.gas_used is not None and settled.n_batches == len(groups[group]):
                gas_used += settled.gas_used
                n_orders += own
        return gas_used / n_orders if n_orders else None

    def _find(self, core: Core, group: int) -> Settlement | None:
        if group in self._known:
            return self._known[group]
        raw = core.get_file(SETTLED, name_group(group))
        return None if raw is None else decode_settlement(name_group(group), raw)


def _group_settled(core: Core) -> dict[int, list[BatchView]]:
    """Return the settled batches in memory by group, the last group first."""
    groups: defaultdict[int, list[BatchView]] = defaultdict(list)
    for batch in core.list_batches(_RECENT_BATCHES):
        if batch.stage is BatchStage.SETTLED and batch.group is not None:
            groups[batch.group].append(batch)
    return groups

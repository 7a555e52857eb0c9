"""The publisher: settles proved groups in order, and follows what the base layer does. It remembers nothing by itself.

Whether a group is settled stands in the contract; which notices were dealt with, in the watcher's file. So it may be
killed at any moment, and two tries at one group settle it once: the contract takes each number once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import WATCHER_STATE, AlarmChanged, ChainSeen, EntryNotice, FromPublisher, Notice
from sequencer.node.base_messages import PublisherSettings as Settings
from sequencer.node.deploying import NodeDeployment
from sequencer.node.group_settling import GroupSettler
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.pipeline_types import GroupSettled
from verifier import watcher
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer
from verifier.watcher import Kind, Watched, Watcher, list_topics

__all__ = ["Publisher"]

_EVENTS: Final = ("EntryQueued", "GroupSettled", "Frozen", "PauseSet")
_TOLD_AT_ONCE: Final = 1_000


class Publisher:
    """One contract on one layer. For one thread."""

    def __init__(
        self,
        layer: BaseLayer,
        deployment: NodeDeployment,
        folder: Path,
        settings: Settings,
        tell: Callable[[FromPublisher], None],
    ) -> None:
        """Open the watcher's state in the folder. The layer holds the sequencer's key. Raises WatcherStateForeign."""
        self._layer, self._deployment, self._settings, self._tell = layer, deployment, settings, tell
        self._rollup = deployment.open_rollup(layer)
        topics = list_topics(load_artifact("Rollup"), *_EVENTS)
        watched = Watched(layer.chain_id, (deployment.contract,), topics, deployment.first_block)
        self._watcher = Watcher(layer, watched, folder / WATCHER_STATE)
        place = (deployment.sequencer, deployment.first_block)
        self._settler = GroupSettler(layer, self._rollup, *place, settings.is_in_parts)
        self._groups: dict[int, ProvedGroup] = {}
        self._told = 0  # sequence of the last notice
        self.alarms = Alarms(lambda code, text: tell(AlarmChanged(code, text)))

    def take(self, proved: ProvedGroup) -> None:
        """Keep a group until it is settled for good."""
        self._groups[proved.number] = proved

    def acknowledge(self, sequence: int) -> None:
        """Drop the notices up to this one."""
        self._watcher.acknowledge(sequence)

    def follow(self) -> bool:
        """Look at the chain, tell what is new, and return whether there may be more at once.

        Raises BaseLayerError; ReorgTooDeep, FinalBlockReplaced, after which somebody has to decide.
        """
        self._watcher.catch_up()
        waiting = self._watcher.get_notices(_TOLD_AT_ONCE)
        for notice in waiting:
            if notice.sequence > self._told:
                self._pass_on(notice)
                self._told = notice.sequence
        head, progress = self._layer.get_head(), self._settler.get_progress()
        balance_wei = self._layer.get_balance_wei(self._deployment.sequencer)
        self._tell(ChainSeen(head.number, head.timestamp_s, progress.group, progress.n_entries, balance_wei))
        self._check_balance(balance_wei)
        self._check_state(progress.is_paused)
        return False

    def settle(self) -> bool:
        """Settle the contract's next group, if it is here, and return whether it was.

        Raises SettlementDiverged, BaseLayerError.
        """
        proved = self._groups.get(self._settler.get_progress().group)
        if proved is None or self._is_early(proved):
            return False
        self._settler.settle(proved)
        return True

    def close(self) -> None:
        """Close the watcher's state and the layer."""
        self._watcher.close()
        self._layer.close()

    def _pass_on(self, notice: watcher.Notice) -> None:
        for event in self._rollup.decode_events("EntryQueued", (notice.log,)):
            self._tell(Notice(notice.sequence, EntryNotice(notice.kind, event["index"], bytes(event["entry"]))))
            return
        if notice.kind is Kind.FINAL:
            for event in self._rollup.decode_events("GroupSettled", (notice.log,)):
                block = self._layer.get_block(notice.log.block_number)
                place = (notice.log.transaction_hash, block.number, block.timestamp_s)
                gas_used = self._settler.take_gas(event["number"])
                settled = GroupSettled(event["number"], event["newRoot"], *place, gas_used)
                self._tell(Notice(notice.sequence, settled))
                self._groups = {number: group for number, group in self._groups.items() if number > event["number"]}
                return
        self._tell(Notice(notice.sequence, None))  # nothing that anybody waits for

    def _is_early(self, proved: ProvedGroup) -> bool:
        """Whether the contract would say that the group is of the future: this machine's clock was set back."""
        lead_s = self._settler.get_lead_s(proved)
        if lead_s <= 0:
            self.alarms.clear("clock")
            return False
        self.alarms.sound("clock", f"group {proved.number} is {lead_s} s later than the base layer: was the clock set?")
        return True

    def _check_balance(self, balance_wei: int) -> None:
        if balance_wei >= self._settings.min_balance_wei:
            self.alarms.clear("low_balance")
            return
        address = f"0x{self._deployment.sequencer.hex()}"
        least = f"{self._settings.min_balance_wei} are wanted"
        self.alarms.sound("low_balance", f"the sequencer {address} has {balance_wei} wei to settle with, {least}")

    def _check_state(self, is_paused: bool) -> None:
        frozen_at_s = self._rollup.call("frozenAtS")
        for code, is_so, text in (
            ("rollup_paused", is_paused, "the contract is paused: nothing settles"),
            ("rollup_frozen", frozen_at_s, f"the contract is frozen since {frozen_at_s} s: exits only"),
        ):
            if is_so:
                self.alarms.sound(code, text)
            else:
                self.alarms.clear(code)

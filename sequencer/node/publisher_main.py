"""The publisher's own process: py-evm and KZG are heavy Python, and a base layer may keep one waiting for minutes.

Two tasks, each with pauses of its own that grow while it fails: following, so that entries are seen while settlement is
refused, and settling.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from rollup.errors import RollupError
from sequencer.base_layers import is_embedded, open_base_layer
from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import Acknowledge, AlarmChanged, Answer, Ask, PublisherConfig, Stop, ToPublisher
from sequencer.node.base_messages import PublisherSettings as Settings
from sequencer.node.deploying import NodeDeployment, read_deployment, read_sequencer_key
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.priorities import give_way
from sequencer.node.public_requests import execute
from sequencer.node.publisher import Publisher
from verifier.base_layer import BaseLayer

__all__ = ["run_publisher"]

_NODE_GONE: Final = 1
_NICENESS: Final = 10  # of an embedded base layer, which computes for seconds: orders come first, proofs after it


class _Task:
    """Something to do again and again: at once while there is more, else later, and patiently while it fails."""

    def __init__(self, name: str, act: Callable[[], bool], settings: Settings, alarms: Alarms) -> None:
        self._name, self._act, self._settings, self._alarms = name, act, settings, alarms
        self._wait = wait_exponential_jitter(initial=settings.first_pause_s, max=settings.max_pause_s)
        self._failures = RetryCallState(Retrying(), None, (), {})
        self._n_failures = 0
        self.due_s = 0.0  # time.monotonic

    @property
    def is_failing(self) -> bool:
        return self._n_failures > 0

    def run(self) -> None:
        """Do it, if it is due."""
        if time.monotonic() < self.due_s:
            return
        try:
            is_more = self._act()
        except RollupError as error:
            self._n_failures += 1
            self._failures.attempt_number = self._n_failures
            self.due_s = time.monotonic() + self._wait(self._failures)
            if self._n_failures > self._settings.quiet_failures:
                self._alarms.sound(self._name, f"{error.code}: {error}")
            return
        self._n_failures = 0
        self._alarms.clear(self._name)
        self.due_s = time.monotonic() + (0.0 if is_more else self._settings.poll_s)


class _Service:
    """The loop."""

    def __init__(self, connection: Connection, config: PublisherConfig) -> None:
        self._connection, self._config = connection, config
        self._inbox: queue.SimpleQueue[ToPublisher] = queue.SimpleQueue()
        self._alarms = Alarms(lambda code, text: connection.send(AlarmChanged(code, text)))
        self._publisher: Publisher | None = None
        self._layer: BaseLayer | None = None
        self._deployment: NodeDeployment = read_deployment(config.folder)
        self._early: list[ProvedGroup | Ask] = []  # came before the base layer answered
        self._is_over = False
        threading.Thread(target=self._read, daemon=True).start()

    def run(self) -> None:
        make = self._config.settings
        opening = _Task("base_layer", self._open, make, self._alarms)
        following = _Task("base_layer", self._follow, make, self._alarms)
        settling = _Task("settlement", self._settle, make, self._alarms)
        while not self._is_over:
            tasks = [opening] if self._publisher is None else [following, settling]
            for task in tasks:
                task.run()
            patience_s = min(task.due_s for task in tasks) - time.monotonic()
            try:
                self._take(self._inbox.get(timeout=max(patience_s, 0.001)))
                while True:
                    self._take(self._inbox.get_nowait())
            except queue.Empty:
                continue
            finally:
                if not settling.is_failing:
                    settling.due_s = 0.0
        if self._publisher is not None:
            self._publisher.close()

    def _read(self) -> None:
        """Take in what the node says, at once, so that it never waits; end with it."""
        try:
            while True:
                self._inbox.put(self._connection.recv())
        except (EOFError, OSError):
            os._exit(_NODE_GONE)  # whatever is being done stands in the contract, or does not

    def _open(self) -> bool:
        config, deployment = self._config, self._deployment
        if is_embedded(config.base_layer):
            layer = open_base_layer(config.base_layer, None, is_real_time=True)
        else:
            from verifier.base_layer.json_rpc import JsonRpcNode  # web3 takes a second

            settings = config.settings.send
            layer = JsonRpcNode(config.base_layer, chain_id=deployment.chain_id, settings=settings)
        layer.add_senders([read_sequencer_key(config.folder)])
        self._layer = layer
        self._publisher = Publisher(layer, deployment, config.folder, config.settings, self._connection.send)
        for early in self._early:
            self._take(early)
        return True

    def _follow(self) -> bool:
        return self._publisher is not None and self._publisher.follow()

    def _settle(self) -> bool:
        return self._publisher is not None and self._publisher.settle()

    def _take(self, message: ToPublisher) -> None:
        if isinstance(message, Stop):
            self._is_over = True
        elif self._publisher is None or self._layer is None:
            assert not isinstance(message, Acknowledge), "nothing was told yet"
            self._early.append(message)
        elif isinstance(message, Acknowledge):
            self._publisher.acknowledge(message.sequence)
        elif isinstance(message, ProvedGroup):
            self._publisher.take(message)
        else:
            self._connection.send(self._answer(message, self._layer))

    def _answer(self, ask: Ask, layer: BaseLayer) -> Answer:
        try:
            return Answer(ask.number, execute(layer, self._deployment, ask.request), None)
        except (RollupError, ValueError) as error:
            return Answer(ask.number, None, error)


def run_publisher(connection: Connection, config: PublisherConfig) -> None:
    """Serve until told to stop, or until the node is gone. A terminal's Ctrl-C is the node's to deal with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if is_embedded(config.base_layer):
        give_way(_NICENESS)
    _Service(connection, config).run()

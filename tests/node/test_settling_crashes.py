"""Batches proved and settled on the embedded chain, by a node that is killed again and again on the way."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from sequencer.node.commands import Kind
from sequencer.node.stages import decode_proved_record, decode_settled_record
from sequencer.node.view_types import BatchStage
from tests.owners import deposit
from tests.proving import ROOT, wait_for
from tests.small_node import SmallNode, deploy
from verifier.base_layer import EmbeddedEvm

N_BATCHES = 3


def run_until(folder: Path, base_layer: str, word: str) -> list[str]:
    """Run the node until it says a line with this word, kill it, and return all that it said."""
    command = [sys.executable, "-m", "tests.small_node", str(folder), base_layer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line.strip())
            if line.startswith(word):
                break
        child.kill()
        return [*said, *(line.strip() for line in child.stdout)]


def test_killed_node_loses_no_proof_and_settles_each_group_once(tmp_path: Path) -> None:
    base_layer, start_s = f"embedded:{tmp_path / 'chain.db'}", int(time.time()) - 1_000
    with closing(EmbeddedEvm(start_s, path=tmp_path / "chain.db", is_real_time=True)) as layer:
        deployment = deploy(layer, tmp_path, start_s)
        assert deploy(layer, tmp_path, 0) == deployment  # a second start finds the first one's
        for account in range(2, 2 + N_BATCHES):
            deposit(layer, deployment, account)
    said = [line for word in ("entry 1", "proved 1", "settled 0") for line in run_until(tmp_path, base_layer, word)]
    with closing(SmallNode(tmp_path, base_layer, said.append)) as node:
        node.start()
        wait_for(lambda: node.pipeline.n_settled == N_BATCHES or node.alarms.list_texts())
        assert node.alarms.list_texts() == ()
        proved = [decode_proved_record(body)[0] for body in node.read_log(Kind.PROVED)]
        settled = [decode_settled_record(body)[0] for body in node.read_log(Kind.SETTLED)]
        assert len(node.read_log(Kind.ENTRY)) == len(node.read_log(Kind.GROUP)) == N_BATCHES
        assert (sorted(proved), settled) == ([1, 2, 3], [0, 1, 2])
        assert [said.count(f"proved {batch}") for batch in (1, 2, 3)] == [1, 1, 1]
        assert [said.count(f"settled {group}") for group in range(N_BATCHES)] == [1, 1, 1]
        last = node.pipeline.get_progress(N_BATCHES)
        assert last is not None
        assert (last.stage, last.group) == (BatchStage.SETTLED, 2)
        root = node._exchange.state.state_root
    with closing(EmbeddedEvm(path=tmp_path / "chain.db")) as layer:
        rollup = deployment.open_rollup(layer)
        assert rollup.call("stateRoot") == root
        assert rollup.call("progress")[4] == N_BATCHES
        events = rollup.decode_events("GroupSettled", layer.get_logs(0, layer.get_head().number))
        assert [event["number"] for event in events] == [0, 1, 2]
        assert last.settlement in {log.transaction_hash for log in layer.get_logs(0, layer.get_head().number)}

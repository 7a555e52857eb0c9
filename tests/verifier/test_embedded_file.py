"""The embedded chain in a file: what every base layer does, and what is left when its process is killed."""

from __future__ import annotations

import random
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.verifier.base_layer_suite import BLOBS, BaseLayerSuite, deploy_code
from tests.verifier.tiny_contracts import TIME_LOGGER, TIME_RETURNER, WORD_LOGGER
from verifier.base_layer import EmbeddedEvm
from verifier.base_layer.embedded import GENESIS_TIMESTAMP_S
from verifier.base_layer.errors import ChainFileUnusable
from verifier.base_layer.node_errors import NodeRefused

ROOT = Path(__file__).parents[2]
KEY = (12345).to_bytes(32, "big")
# each line is a block that was told to be there: number and hash
MINER = """
import sys
from pathlib import Path
from verifier.base_layer import EmbeddedEvm
evm = EmbeddedEvm(path=Path(sys.argv[1]))
for i in range(100):
    receipt = evm.transact(bytes.fromhex(sys.argv[2]), i.to_bytes(32, "big"))
    print(receipt.block_number, evm.get_head().hash.hex(), flush=True)
"""


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEvm]:
    with closing(EmbeddedEvm(path=tmp_path_factory.mktemp("chain") / "chain.db")) as evm:
        yield evm


class TestEmbeddedFile(BaseLayerSuite):
    pass


def test_chain_is_found_again(tmp_path: Path) -> None:
    path, memory = tmp_path / "chain.db", EmbeddedEvm()
    with closing(EmbeddedEvm(path=path)) as evm:
        for each in (evm, memory):
            logger = deploy_code(each, WORD_LOGGER)
            each.add_senders([KEY])
            each.transact(each.senders[-1], b"", value_wei=10**18)
            each.transact(logger, bytes(32), sender=each.senders[-1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(EmbeddedEvm(99, path=path)) as evm:
        assert evm.senders == memory.senders
        assert evm.get_block(0).timestamp_s == GENESIS_TIMESTAMP_S
        assert [evm.get_block(i) for i in range(4)] == [memory.get_block(i) for i in range(4)]
        assert evm.get_logs(0, 9) == memory.get_logs(0, 9) != ()
        assert evm.get_balance_wei(evm.senders[-1]) == memory.get_balance_wei(evm.senders[-1]) > 0
        for each in (evm, memory):
            each.transact(logger, b"\x01" * 32, sender=each.senders[-1])
        assert evm.get_head() == memory.get_head()


def test_chain_of_a_killed_process_stands_at_a_block_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with closing(EmbeddedEvm(path=path)) as evm:
        logger = deploy_code(evm, WORD_LOGGER)
    told = ["1 0"]
    for seed in range(3):
        command = [sys.executable, "-c", MINER, str(path), logger.hex()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(random.Random(seed).random() / 4)
            child.kill()
            told += [first.strip(), *(line.strip() for line in child.stdout if line.endswith("\n"))]
        number, block_hash = told[-1].split()
        with closing(EmbeddedEvm(path=path)) as evm:
            assert int(number) <= evm.get_head().number <= int(number) + 1  # killed between the write and its telling
            assert evm.get_block(int(number)).hash.hex() == block_hash
            blocks = [evm.get_block(i) for i in range(evm.get_head().number + 1)]
            assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
            assert [len(evm.get_logs(block.number, block.number)) for block in blocks[2:]] == [1] * (len(blocks) - 2)
            assert evm.transact(logger, bytes(32)).block_number == len(blocks)
            told.append(f"{len(blocks)} {evm.get_head().hash.hex()}")


def test_block_has_this_machine_s_time_and_calls_too(tmp_path: Path) -> None:
    before_s = int(time.time())
    with closing(EmbeddedEvm(path=tmp_path / "chain.db", is_real_time=True)) as evm:
        logger, returner = deploy_code(evm, TIME_LOGGER), deploy_code(evm, TIME_RETURNER)
        evm.wait_until(evm.get_head().timestamp_s + 1)
        receipt = evm.transact(logger, b"")
        assert before_s <= receipt.timestamp_s <= int(time.time()) + 1
        assert int.from_bytes(evm.call(returner, b""), "big") >= receipt.timestamp_s
        ahead_s = int(time.time()) + 1_000
        evm.set_next_timestamp(ahead_s)
        assert [evm.mine().timestamp_s for _ in range(3)] == [ahead_s, ahead_s + 1, ahead_s + 2]


def test_invalid_transaction_leaves_the_chain_where_it_was(tmp_path: Path) -> None:
    with closing(EmbeddedEvm(path=tmp_path / "chain.db")) as evm:
        evm.add_senders([KEY])  # whose account has nothing
        with pytest.raises(NodeRefused, match="cannot afford"):
            evm.transact(evm.sender, b"", sender=evm.senders[-1])
        assert evm.get_head().number == 0
        assert evm.transact(evm.sender, b"").block_number == 1


def test_invalid_second_process_with_one_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with closing(EmbeddedEvm(path=path)), pytest.raises(ChainFileUnusable, match="another process has it"):
        EmbeddedEvm(path=path)
    EmbeddedEvm(path=path).close()


def test_invalid_chain_files(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(ChainFileUnusable, match="file is not a database"):
        EmbeddedEvm(path=path)
    with pytest.raises(ChainFileUnusable, match="No such file or directory"):
        EmbeddedEvm(path=tmp_path / "nowhere" / "chain.db")
    path.unlink()
    EmbeddedEvm(path=path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE format SET version = 9")
        file.commit()
    with pytest.raises(ChainFileUnusable, match="version"):
        EmbeddedEvm(path=path)


def test_invalid_read_after_damage(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with closing(EmbeddedEvm(path=path)) as evm:
        logger = deploy_code(evm, WORD_LOGGER)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE state")
        file.execute("CREATE TABLE state (key BLOB)")
        file.commit()
    with pytest.raises(ChainFileUnusable, match="no such column: value"), closing(EmbeddedEvm(path=path)) as evm:
        evm.transact(logger, b"")


def test_blobs_are_kept_with_the_chain(tmp_path: Path) -> None:
    with closing(EmbeddedEvm(path=tmp_path / "chain.db")) as evm:
        hashes = evm.transact(evm.senders[1], b"", blobs=BLOBS).versioned_hashes
    with closing(EmbeddedEvm(path=tmp_path / "chain.db")) as evm:
        assert [evm.get_blob(one) for one in hashes] == BLOBS
        assert evm.get_blob(bytes(32)) is None

"""Where a node's time goes under load: `ZKMARGIN_BENCH_MODULE=benchmarks.node_profile zkmargin bench node`.

Runs the node's event loop under cProfile and, apart, what it hands to other threads, each thread in its own processor
time: what the kernel's threads spend is in neither. The figures go to the files that ZKMARGIN_BENCH_PROFILE names, with
`.loop` and `.threads` behind it, for `python -m pstats`.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import sys
import threading
import time
from collections.abc import Callable
from pstats import Stats
from typing import Any

from sequencer.cli.main import run_cli
from sequencer.node import starting
from sequencer.node.config import NodeConfig
from sequencer.node.running import RunSettings

OUT = os.environ.get("ZKMARGIN_BENCH_PROFILE", "node-profile")
_local = threading.local()
_profiles: list[cProfile.Profile] = []
_to_thread = asyncio.to_thread
_serve_node = starting.serve_node


def _profiled(work: Callable[..., Any], *args: Any, **named: Any) -> Any:  # noqa: ANN401 (whatever is handed over)
    if not hasattr(_local, "profile"):
        _local.profile = cProfile.Profile(time.thread_time)
        _profiles.append(_local.profile)
    return _local.profile.runcall(work, *args, **named)


async def _hand_over(work: Callable[..., Any], /, *args: Any, **named: Any) -> Any:  # noqa: ANN401 (as `asyncio.to_thread`)
    return await _to_thread(_profiled, work, *args, **named)


async def _serve_profiled(config: NodeConfig, settings: RunSettings) -> None:
    loop = cProfile.Profile(time.thread_time)
    loop.enable()
    try:
        await _serve_node(config, settings)
    finally:
        loop.disable()
        loop.dump_stats(f"{OUT}.loop")


def main() -> None:
    """Run the command line, its node profiled."""
    asyncio.to_thread = _hand_over  # type: ignore[assignment] # the same call, measured
    starting.serve_node = _serve_profiled
    status = run_cli(sys.argv[1:])
    if _profiles:
        stats = Stats(_profiles[0])
        stats.add(*_profiles[1:])
        stats.dump_stats(f"{OUT}.threads")
    sys.exit(status)


if __name__ == "__main__":  # a spawned child imports this module under another name, and runs nothing
    main()

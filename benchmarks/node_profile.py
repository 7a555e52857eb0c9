"""Where a node's time goes under load: `ZKMARGIN_BENCH_MODULE=benchmarks.node_profile zkmargin bench node`.

Runs the command line under cProfile, the event loop's thread and, apart, what it hands to other threads; the figures go
to the files named by ZKMARGIN_BENCH_PROFILE, with `.loop` and `.threads` behind it, for `python -m pstats`.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import threading
import time
from collections.abc import Callable
from pstats import Stats
from typing import Any

from sequencer.cli.main import run_cli

OUT = os.environ.get("ZKMARGIN_BENCH_PROFILE", "node-profile")
_local = threading.local()
_profiles: list[cProfile.Profile] = []
_to_thread = asyncio.to_thread


def _profiled(work: Callable[..., Any], *args: Any, **named: Any) -> Any:  # noqa: ANN401 (whatever is handed over)
    if not hasattr(_local, "profile"):
        _local.profile = cProfile.Profile(time.thread_time)
        _profiles.append(_local.profile)
    return _local.profile.runcall(work, *args, **named)


async def _hand_over(work: Callable[..., Any], /, *args: Any, **named: Any) -> Any:  # noqa: ANN401
    return await _to_thread(_profiled, work, *args, **named)


def main() -> None:
    """Run the command line, profiled."""
    import sys

    asyncio.to_thread = _hand_over  # type: ignore[assignment]
    loop = cProfile.Profile(time.thread_time)
    status = loop.runcall(run_cli, sys.argv[1:])
    loop.dump_stats(f"{OUT}.loop")
    if _profiles:
        stats = Stats(_profiles[0])
        stats.add(*_profiles[1:])
        stats.dump_stats(f"{OUT}.threads")
    sys.exit(status)


if __name__ == "__main__":  # a spawned child imports this module under another name, and runs nothing
    main()

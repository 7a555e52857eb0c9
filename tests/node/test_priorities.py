"""Who of the node's processes gets the processor, and how soon: asked of the system, each in a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from sequencer.node import priorities

SHORTEST_NS = 100_000


def ask(code: str) -> list[int]:
    """Return the numbers that a fresh process prints."""
    command = [sys.executable, "-c", f"import os, sys, threading\nfrom sequencer.node.priorities import *\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_short_turns_are_asked_for_and_threads_have_them_too() -> None:
    code = """
react_soon()
print(round(1e6 * sys.getswitchinterval()), get_slice_ns())
thread = threading.Thread(target=lambda: print(get_slice_ns()))
thread.start()
thread.join()
"""
    python_us, own_ns, threads_ns = ask(code)
    assert python_us == 500
    assert own_ns == threads_ns
    assert own_ns in (0, SHORTEST_NS)  # 0: Linux before 6.12


def test_who_gives_way_has_the_systems_own_slice() -> None:
    usual_ns, short_ns, niceness, slice_ns = ask(
        """
give_way(0)  # whoever started this process may have short ones
print(get_slice_ns())
react_soon()
print(get_slice_ns())
give_way(7)
print(os.getpriority(os.PRIO_PROCESS, 0), get_slice_ns())
"""
    )
    assert short_ns in (0, SHORTEST_NS)
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 7
    assert slice_ns == usual_ns != SHORTEST_NS


def test_lowest_is_of_the_idle_class() -> None:
    niceness, policy = ask(
        "give_way(LOWEST_PRIORITY); print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))"
    )
    assert (niceness, policy) == (19, os.SCHED_IDLE)


def test_system_without_slices_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    interval_s = sys.getswitchinterval()
    try:
        priorities.react_soon()
        assert priorities.get_slice_ns() == 0
    finally:
        sys.setswitchinterval(interval_s)

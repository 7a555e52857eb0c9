"""How much memory this process may still take: what the machine has available, or its control group where less."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["give_back", "read_available_bytes"]

_PROC: Final = Path("/proc")
_CGROUPS: Final = Path("/sys/fs/cgroup")
_KIB: Final = 1024


def read_available_bytes(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """Return the bytes that can be taken without swapping, None where the system does not say (not Linux).

    MemAvailable of proc(5), and of each control group above this process, version 1 or 2, its limit less what it uses;
    file pages not used of late count as free, since the kernel takes them back first.
    """
    rooms = [room for path, version in _list_groups(proc, cgroups) if (room := _read_room(path, version)) is not None]
    machine = _read_machine(proc / "meminfo")
    return min([*rooms, *([] if machine is None else [machine])], default=None)


def _read_machine(path: Path) -> int | None:
    for line in _read(path).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    return None


def _list_groups(proc: Path, cgroups: Path) -> Iterator[tuple[Path, int]]:
    """Yield the folders of the process's groups, up to the root, with the interface's version."""
    for line in _read(proc / "self" / "cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, version = (cgroups / "memory", 1) if controllers else (cgroups, 2)
        group = root / name.strip("/")
        while True:
            yield group, version
            if group == root:
                break
            group = group.parent


def _read_room(group: Path, version: int) -> int | None:
    files = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    limit, used = (_read(group / name).strip() for name in files)
    if not limit.isdecimal() or not used.isdecimal():  # no such group in this container's view, or "max"
        return None
    return max(0, int(limit) - int(used) + _read_idle_file_bytes(group, version))


def _read_idle_file_bytes(group: Path, version: int) -> int:
    name = "inactive_file" if version == 2 else "total_inactive_file"
    for line in _read(group / "memory.stat").splitlines():
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def give_back() -> None:
    """Hand memory that the allocator keeps for later back to the system, where it can (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)

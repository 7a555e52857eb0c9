"""Who there is, built from source where it must be; who is not there is named with the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from benchmarks.prover.cases import Case
from benchmarks.prover.peer import Contestant

__all__ = ["Line", "Missing", "list_contestants"]

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks" / "peers"
BUILT = ROOT / ".cache" / "peers"
KERNEL_PATHS = ("portable", "ifma")
_OURS = (sys.executable, "-m", "benchmarks.prover.ours")
_TAIL = 300


class Missing(Exception):
    """A contestant cannot be had here."""


Line = tuple[list[Contestant], dict[str, str]]
"""Those who take part, and why the others do not."""


def list_contestants(case: Case, skipped: Sequence[str] = ()) -> Line:
    """Return who takes part in a case, but for names that begin with one of `skipped`: those are not built either.

    Building what is not built yet takes minutes.
    """
    found, left_out = [], {}
    for name, find in _list_candidates(case).items():
        if name.startswith(tuple(skipped)):
            left_out[name] = "by --without"
            continue
        try:
            found.append(find())
        except Missing as reason:
            left_out[name] = str(reason)
    return found, left_out


def _list_candidates(case: Case) -> dict[str, Callable[[], Contestant]]:
    if case.group is not None:
        ours = {f"ours-{path}": partial(_ours_msm, path) for path in KERNEL_PATHS}
        return {**ours, "gnark": _gnark_msm}
    kinds = ("native", "r1cs") if case.chain is not None else ("r1cs",)
    peers = {"gnark": _build_gnark, "arkworks": _build_arkworks}
    return {
        **{f"ours-{path}": partial(_ours, path) for path in KERNEL_PATHS},
        **{f"{peer}-{kind}": partial(_by_kind, peer, kind, build) for peer, build in peers.items() for kind in kinds},
        "snarkjs": _snarkjs,
    }


def _by_kind(name: str, kind: str, build: Callable[[], str]) -> Contestant:
    program = build()
    return Contestant(f"{name}-{kind}", (program, "serve", kind), (program, "prepare", kind))


def _gnark_msm() -> Contestant:
    return Contestant("gnark", (_build_gnark(), "msm"))


def _ours(path: str) -> Contestant:
    _check_path(path)
    env = {"ZKMARGIN_KERNEL": path}
    return Contestant(f"ours-{path}", (*_OURS, "serve"), (*_OURS, "prepare"), env, kernel=path)


def _ours_msm(path: str) -> Contestant:
    _check_path(path)
    return Contestant(f"ours-{path}", (_build_msm_example(),), env={"ZKMARGIN_KERNEL": path}, kernel=path)


@cache
def _ask_path(path: str) -> str:
    done = subprocess.run(
        [*_OURS, "path", "", ""], env=os.environ | {"ZKMARGIN_KERNEL": path}, capture_output=True, text=True
    )
    return done.stdout.strip() or done.stderr.strip()[-_TAIL:]


def _check_path(path: str) -> None:
    if (found := _ask_path(path)) != path:
        raise Missing(f"the kernel, asked for the path {path}, says: {found}")


def _snarkjs() -> Contestant:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "snarkjs").is_dir():
        raise Missing("no node, or snarkjs is not installed (npm ci)")
    return Contestant("snarkjs", (node, str(PEERS / "snarkjs.cjs")), (*_OURS, "zkey"))


@cache
def _build_gnark() -> str:
    program = BUILT / "gnark"
    _build("go", ["build", "-o", str(program), "."], PEERS / "gnark", {})
    return str(program)


@cache
def _build_arkworks() -> str:
    target = BUILT / "arkworks"
    arguments = ["build", "--release", "--locked", "--target-dir", str(target)]
    _build("cargo", arguments, PEERS / "arkworks", {"RUSTFLAGS": "-C target-cpu=native"})
    return str(target / "release" / "arkworks-peer")


@cache
def _build_msm_example() -> str:
    native = ROOT / "prover" / "native"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or native / "target")
    arguments = ["build", "--release", "--locked", "--package", "zkmargin-lanes", "--example", "msm_timing"]
    _build("cargo", arguments, native, {})
    return str(target / "release" / "examples" / "msm_timing")


def _build(tool: str, arguments: list[str], folder: Path, env: dict[str, str]) -> None:
    found = shutil.which(tool)
    if found is None:
        raise Missing(f"{tool} is not installed")
    command = [found, *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"{tool} {arguments[0]} failed: {' '.join(done.stderr[-_TAIL:].split())}")

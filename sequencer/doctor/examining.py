"""All checks of the doctor, one after the other: each stands for itself."""

from __future__ import annotations

from collections.abc import Iterator

from sequencer.doctor.base_layer import check_base_layer
from sequencer.doctor.checks import Check
from sequencer.doctor.machine import check_machine
from sequencer.doctor.roots import KnownRoots, check_store
from sequencer.doctor.secrets import check_secrets
from sequencer.node.config import NodeConfig

__all__ = ["examine"]


def examine(config: NodeConfig) -> Iterator[Check]:
    """Yield every check, as it is done."""
    known = KnownRoots()
    yield from check_secrets(config)
    yield from check_store(config, known)
    yield from check_base_layer(config, known)
    yield from check_machine(config)

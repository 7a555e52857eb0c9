"""What a wallet is for: one rollup on one chain, and the node key it trusts to sign receipts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rollup import tags
from rollup.babyjubjub import Point
from rollup.poseidon import poseidon
from sequencer.client.errors import NodeForeign
from sequencer.node.api.wire_status import Status

__all__ = ["Deployment", "read_deployment"]


@dataclass(frozen=True)
class Deployment:
    """What signatures are bound to, and whose receipts are taken."""

    chain_id: int
    contract: int  # 160-bit address
    version: int
    receipt_key: Point

    @cached_property
    def domain(self) -> int:
        """What every signature is bound to. Worked out here: a node could name another deployment's."""
        return poseidon((self.chain_id, self.contract, self.version), tags.DOMAIN)

    def check_same(self, other: Deployment) -> None:
        """Raise NodeForeign unless a node's deployment is this one."""
        for name in ("chain_id", "contract", "version", "receipt_key"):
            got, expected = getattr(other, name), getattr(self, name)
            if got != expected:
                raise NodeForeign(name, _spell(name, got), _spell(name, expected))


def _spell(name: str, value: object) -> str:
    return f"{value:#042x}" if name == "contract" else str(value)


def read_deployment(status: Status) -> Deployment:
    """Return what a node says it serves. Raises NodeForeign where its domain is not that of its own contract."""
    key = (int(status.receipt_key[0]), int(status.receipt_key[1]))
    deployment = Deployment(int(status.chain_id), int(status.contract, 16), status.version, key)
    if int(status.domain) != deployment.domain:
        raise NodeForeign("domain", status.domain, f"{deployment.domain}, of its chain and contract")
    return deployment

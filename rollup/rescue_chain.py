"""RescueLanes in the making: each one's account, and what it hands to the next."""

from __future__ import annotations

from dataclasses import replace

from rollup.accounts import Account
from rollup.margin import Margin
from rollup.rent import charge_rent
from rollup.rescue import Carry, RescueOp, compute_lane_rent, open_carry
from rollup.trace import RescueLaneTrace
from rollup.units import FUND_ACCOUNT
from rollup.workspace import Workspace

__all__ = ["RescueChain"]


class RescueChain:
    """Mutable: lanes are added one by one."""

    def __init__(self, workspace: Workspace, n_lanes: int) -> None:
        self.workspace = workspace
        self.lanes: list[RescueLaneTrace] = []
        self.carry = open_carry(workspace.compute_margin(workspace.get(FUND_ACCOUNT)).equity)
        self.rent_atoms = 0
        self._n_lanes = n_lanes

    @property
    def n_free(self) -> int:
        """Lanes that are left."""
        return self._n_lanes - len(self.lanes)

    def open(self, account_id: int) -> tuple[Account, Margin]:
        """Return the account as a lane works on it, its rent paid, and its standing."""
        opened, _ = charge_rent(self.workspace.get(account_id), self.workspace.tick)
        return opened, self.workspace.compute_margin(opened)

    def add(self, account_id: int, op: RescueOp, after: Account, carry: Carry) -> None:
        """Use the next lane. Assumes that the operation is allowed and that one is left."""
        workspace = self.workspace
        lane = self._make_lane(account_id, op, after, carry)
        self.rent_atoms += compute_lane_rent(op, lane.before, workspace.tick)
        workspace.put(account_id, after)
        self.carry = carry
        self.lanes.append(lane)

    def credit_fund(self, equity_atoms: int) -> Carry:
        """Return what the lane hands on that brings the fund this equity."""
        return replace(self.carry, fund_equity_atoms=self.carry.fund_equity_atoms + equity_atoms)

    def make_unused(self) -> RescueLaneTrace:
        """Return a lane that does nothing."""
        return self._make_lane(FUND_ACCOUNT, None, self.workspace.get(FUND_ACCOUNT), self.carry)

    def _make_lane(self, account_id: int, op: RescueOp | None, after: Account, carry: Carry) -> RescueLaneTrace:
        before, path = self.workspace.get(account_id), self.workspace.path(account_id)
        return RescueLaneTrace(account_id, before, after, path, op, self.carry, carry)

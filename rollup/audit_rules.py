"""How a checker says which rule a batch breaks."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid

__all__ = ["BatchRuleBroken", "require"]


@dataclass(eq=False)
class BatchRuleBroken(BatchInvalid):
    """A batch breaks a rule; `rule` is a stable name."""

    code = "batch_rule_broken"
    where: str
    rule: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: got {self.got}, expected {self.expected}"


def require(is_met: bool, where: str, rule: str, got: object, expected: object) -> None:
    """Raise BatchRuleBroken unless the rule is met."""
    if not is_met:
        raise BatchRuleBroken(where, rule, str(got), str(expected))

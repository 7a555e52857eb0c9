"""What an audit says: each finding with the receipts and the published facts that a third party needs to check it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sequencer.audit.statements import Statement

__all__ = ["Finding", "Rule", "Verdict"]


class Rule(StrEnum):
    """What was broken."""

    CONTRADICTION = "contradiction"
    FILL_AFTER_CANCEL = "fill_after_cancel"
    FILL_AFTER_REPLACE = "fill_after_replace"
    BETTER_ORDER_LEFT_OUT = "better_order_left_out"
    CROSSING_POST_ONLY = "crossing_post_only"


class Verdict(StrEnum):
    """Proved by what is shown, or not: then there is an excuse that the rules allow and nothing shown excludes."""

    MISCONDUCT = "misconduct"
    UNPROVED = "unproved"


@dataclass(frozen=True)
class Finding:
    """One breach of a rule, or what may be one."""

    rule: Rule
    verdict: Verdict
    what: str
    evidence: tuple[Statement, ...]
    published: Mapping[str, Any] = field(default_factory=dict)  # facts of the batch, as anyone can rebuild them
    excuses: tuple[str, ...] = ()  # none where it is proved

    def to_object(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return {
            "rule": self.rule.value,
            "verdict": self.verdict.value,
            "what": self.what,
            "evidence": [statement.to_object() for statement in self.evidence],
            "published": dict(self.published),
            "excuses": list(self.excuses),
        }

"""What the audit of a forged batch says."""

from __future__ import annotations

import pytest

from rollup.audit import check_batch
from rollup.audit_rules import BatchRuleBroken
from rollup.trace import BatchTrace


def assert_breaks(rule: str, trace: BatchTrace) -> None:
    """Assert that the audit refuses the batch, and for this rule."""
    with pytest.raises(BatchRuleBroken) as raised:
        check_batch(trace)
    assert raised.value.rule == rule

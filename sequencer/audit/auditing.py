"""The audit: all rules over all receipts and batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollup.babyjubjub import Point
from sequencer.audit.auctions import Called, place_auctions
from sequencer.audit.contradictions import find_contradictions
from sequencer.audit.excuses import get_lanes_excuse, list_excuses
from sequencer.audit.findings import Finding, Rule, Verdict
from sequencer.audit.history import History
from sequencer.audit.left_out import LeftOut, find_candidates
from sequencer.audit.post_only import find_crossing_post_only
from sequencer.audit.published import Published
from sequencer.audit.rerun import RerunFills, rerun_auctions
from sequencer.audit.statements import Statement, Unusable, check_statements
from sequencer.audit.voided import find_voided_fills

__all__ = ["Audit", "audit"]


@dataclass(frozen=True)
class Audit:
    """What an audit found, and what it looked at."""

    findings: tuple[Finding, ...]
    unusable: tuple[Unusable, ...]
    receipts: int  # that the node signed, each record once
    batches: int
    batches_placed: int  # of which receipts tell where in the log their auction was called
    batches_rerun: int

    @property
    def misconduct(self) -> tuple[Finding, ...]:
        """The findings that are proved."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.MISCONDUCT)


def audit(statements: Sequence[Statement], published: Published | None, receipt_key: Point, domain: int) -> Audit:
    """Return every breach that the receipts prove, with what was published of batches, or alone where that is None.

    Receipts that `receipt_key` did not sign for `domain` say nothing and are listed apart.
    """
    usable, unusable = check_statements(statements, receipt_key, domain)
    history = History(usable)
    findings = find_contradictions(usable)
    batches = published.batches if published is not None else ()
    called = place_auctions(usable, batches)
    findings += find_voided_fills(history, batches, called)
    findings += find_crossing_post_only(usable, batches)
    rerun: dict[int, RerunFills] = {}
    if published is not None:
        candidates = list(find_candidates(history, batches, called))
        rerun = _rerun(candidates, history, published, called)
        findings += (found for one in candidates if (found := _judge(one, history, rerun)) is not None)
    n_records = len({statement.sequence for statement in usable})
    return Audit(tuple(findings), tuple(unusable), n_records, len(batches), len(called), len(rerun))


def _rerun(
    candidates: Sequence[LeftOut], history: History, published: Published, called: dict[int, Called]
) -> dict[int, RerunFills]:
    numbers = {one.batch.number for one in candidates}
    return rerun_auctions(history, published, called, numbers) if numbers else {}


def _judge(left_out: LeftOut, history: History, rerun: dict[int, RerunFills]) -> Finding | None:
    """Return the finding; None where the rules themselves leave the order out."""
    by_rules = rerun.get(left_out.batch.number)
    if by_rules is None:
        return _spell(left_out, Verdict.UNPROVED, "", list_excuses(left_out, history))
    due_lots = by_rules.get(left_out.key, 0)
    if due_lots <= left_out.fill_lots:
        return None
    lanes = get_lanes_excuse(left_out)
    verdict = Verdict.MISCONDUCT if lanes is None else Verdict.UNPROVED
    return _spell(
        left_out,
        verdict,
        f"; by the rules, over records 1 to {left_out.called.sequence}, {due_lots}",
        iter([lanes] if lanes else []),
    )


def _spell(left_out: LeftOut, verdict: Verdict, more: str, excuses: Iterator[str]) -> Finding:
    order, batch = left_out.order, left_out.batch
    what = f"account {order.account}, slot {order.slot}, nonce {order.nonce}: a {'sell' if order.side else 'buy'} of"
    what += f" {order.size_lots} lots with limit {order.limit_ticks} was acknowledged before the auction; market"
    what += f" {order.market} cleared at {left_out.price_ticks}; filled before {left_out.filled_before_lots}, in this"
    what += f" batch {left_out.fill_lots}{more}"
    facts = batch.describe() | {"price_ticks": left_out.price_ticks}
    evidence = (left_out.by, left_out.called.by)
    return Finding(Rule.BETTER_ORDER_LEFT_OUT, verdict, what, evidence, facts, tuple(excuses))

"""Two receipts that cannot both be of one log: a place with two links, or a time that falls.

A receipt vouches for its own link, for the one before it, and for those of its tail up to the one that is signed. So
two of them can contradict one another without being of the same record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sequencer.audit.findings import Finding, Rule, Verdict
from sequencer.audit.statements import Statement
from sequencer.node.links import GENESIS, compute_link
from sequencer.node.receipts import Receipt

__all__ = ["find_contradictions", "list_links"]


def list_links(receipt: Receipt) -> Iterator[tuple[int, bytes]]:
    """Yield (sequence, link) of every place that a receipt vouches for."""
    link = receipt.link
    yield receipt.sequence - 1, receipt.previous
    yield receipt.sequence, link
    for step, (kind, digest) in enumerate(receipt.tail, start=1):
        link = compute_link(link, receipt.sequence + step, kind, digest, receipt.time_us)
        yield receipt.sequence + step, link


def find_contradictions(statements: Sequence[Statement]) -> list[Finding]:
    """Return the first place with two links, and the first time that falls. Behind a fork every place has two."""
    return [*_find_fork(statements), *_find_falling_time(statements)]


def _find_fork(statements: Sequence[Statement]) -> Iterator[Finding]:
    first: dict[int, tuple[bytes, Statement | None]] = {0: (GENESIS.link, None)}
    forks: dict[int, tuple[Statement | None, Statement]] = {}
    for statement in statements:
        for sequence, link in list_links(statement.receipt):
            known, by = first.setdefault(sequence, (link, statement))
            if known != link:
                forks.setdefault(sequence, (by, statement))
    if forks:
        sequence = min(forks)
        one, other = forks[sequence]
        what = f"record {sequence} has two links" if sequence else "the log does not begin with link 0"
        yield _spell(what, *([one] if one else []), other)


def _find_falling_time(statements: Sequence[Statement]) -> Iterator[Finding]:
    latest: Statement | None = None
    for statement in statements:  # in order of the log
        receipt = statement.receipt
        if latest is not None and receipt.sequence > latest.sequence and receipt.time_us < latest.receipt.time_us:
            times = f"{latest.receipt.time_us} and then {receipt.time_us} us"
            yield _spell(f"records {latest.sequence} and {receipt.sequence}: {times}", latest, statement)
            return
        if latest is None or receipt.time_us >= latest.receipt.time_us:
            latest = statement


def _spell(what: str, *evidence: Statement) -> Finding:
    return Finding(Rule.CONTRADICTION, Verdict.MISCONDUCT, what, evidence)

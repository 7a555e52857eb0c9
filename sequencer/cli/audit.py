"""`zkmargin audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.options import parse_element
from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from rollup.babyjubjub import Point
    from sequencer.audit.auditing import Audit
    from sequencer.audit.published import Published

__all__ = ["audit"]


@click.command()
@click.argument("receipts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RECEIPTS...")
@click.option(
    "--published",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="What the node published: genesis.zks, queue.json, groups with blobs. Without it only receipts are compared.",
)
@click.option(
    "--receipt-key",
    required=True,
    metavar="X,Y",
    help="The key that signs the node's receipts: both coordinates, decimal or 0x hexadecimal.",
)
@click.option(
    "--domain",
    callback=parse_element,
    metavar="N",
    help="What signatures of the deployment are bound to. [default: that of genesis.zks]",
)
@json_option
def audit(receipts: tuple[Path, ...], folder: Path | None, receipt_key: str, domain: int | None, as_json: bool) -> int:
    """Prove a node's misconduct from its receipts and what it published, with no trust in the node.

    Found are receipts that contradict one another, fills of orders that were cancelled or replaced, better orders left
    out, and post-only orders filled across the mark. Exit status 0 where nothing is proved, else 1. What the rules may
    excuse is listed as unproved, with what would settle it.

    Example: zkmargin audit receipts.json --published run --receipt-key 123,456
    """
    from prover import kernel
    from sequencer.audit.auditing import audit as run_audit
    from sequencer.audit.published import read_published
    from sequencer.audit.statements import read_statements

    kernel.install()
    key = _parse_key(receipt_key)
    with show_stage("audit"):
        statements = [statement for path in receipts for statement in read_statements(path)]
        published = read_published(folder) if folder is not None else None
        found = run_audit(statements, published, key, _choose_domain(domain, published))
    if as_json:
        print_json(describe_audit(found))
    else:
        _print(found)
    return EXIT_NOT_VALID if found.misconduct else 0


def _parse_key(text: str) -> Point:
    from rollup.babyjubjub import is_in_subgroup

    parts = [parse_element(None, None, part.strip()) for part in text.split(",")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or not is_in_subgroup((parts[0], parts[1])):
        raise click.BadParameter(f"{text[:80]!r} is no key: two coordinates of a point of BabyJubJub's subgroup")
    return parts[0], parts[1]


def _choose_domain(domain: int | None, published: Published | None) -> int:
    """Return the domain, of the option or of genesis. Raises OptionInvalid where they differ, or neither is there."""
    from sequencer.errors import OptionInvalid

    if published is None:
        if domain is None:
            raise OptionInvalid("--domain", "nothing", "the deployment's, or --published")
        return domain
    if domain not in (None, published.params.domain):
        raise OptionInvalid("--domain", str(domain), f"{published.params.domain}, of genesis.zks")
    return published.params.domain


def describe_audit(found: Audit) -> dict[str, object]:
    """Return it as JSON's types: every finding with its evidence."""
    return {
        "misconduct": len(found.misconduct),
        "findings": [finding.to_object() for finding in found.findings],
        "receipts": found.receipts,
        "batches": found.batches,
        "batches_placed": found.batches_placed,
        "batches_rerun": found.batches_rerun,
        "unusable": [{"sequence": one.sequence, "reason": one.reason} for one in found.unusable],
    }


def _print(found: Audit) -> None:
    facts = [
        ("receipts that the node signed", found.receipts),
        ("receipts that say nothing", len(found.unusable)),
        ("batches", found.batches),
        ("of these, auction placed in the log", found.batches_placed),
        ("of these, run again over the whole log", found.batches_rerun),
        ("misconduct", len(found.misconduct)),
        ("unproved", len(found.findings) - len(found.misconduct)),
    ]
    print_tables(make_table("Audit", ("what", "value"), facts))
    for finding in found.findings:
        click.echo(f"{finding.verdict.value}: {finding.rule.value}: {finding.what}")
        for excuse in finding.excuses:
            click.echo(f"    not excluded: {excuse}")
    for one in found.unusable:
        click.echo(f"says nothing: receipt {one.sequence}: {one.reason}")

"""`zkmargin rebuild`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import json_option, make_table, print_json, print_tables, show_stage
from sequencer.cli.status import EXIT_NOT_VALID

if TYPE_CHECKING:
    from sequencer.rebuilding import Rebuilt

__all__ = ["rebuild"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Snapshot file to write the state to.")
@json_option
def rebuild(run: Path, out: Path | None, as_json: bool) -> int:
    """Recover the whole state of a replay from genesis, queue entries and blobs alone.

    Exit status 0 where it has the root that the run published last, else 1: then what was rebuilt ends before the
    first blob that is missing, not the one its group names, or does not lead to the root of its batch. The snapshot is
    written only where the roots are equal.

    Example: zkmargin rebuild run --out again.zks
    """
    from prover import kernel
    from sequencer.rebuilding import rebuild_run
    from sequencer.snapshots import write_snapshot

    kernel.install()
    with show_stage("rebuild") as stage:
        rebuilt = rebuild_run(run, stage.report)
    if out is not None and rebuilt.is_equal:
        write_snapshot(out, rebuilt.snapshot.params, rebuilt.snapshot.state)
    facts = describe_rebuilt(rebuilt)
    if as_json:
        print_json(facts)
    else:
        reason = facts.pop("reason", None)
        print_tables(make_table(f"Rebuilt from {run.name}", ("what", "value"), list(facts.items())))
        click.echo("equal to the published root" if rebuilt.is_equal else f"not equal: {reason}")
    return 0 if rebuilt.is_equal else EXIT_NOT_VALID


def describe_rebuilt(rebuilt: Rebuilt) -> dict[str, object]:
    """Return the figures; roots as decimal strings, as in public.json."""
    why = {} if rebuilt.is_equal else {"reason": rebuilt.reason}
    return {
        "equal": rebuilt.is_equal,
        **why,
        "batches": rebuilt.batches,
        "groups": rebuilt.groups,
        "elements": rebuilt.elements,
        "accounts": len(rebuilt.snapshot.state.accounts),
        "seconds": rebuilt.seconds,
        "state_root": str(rebuilt.state_root),
        "published_root": str(rebuilt.published_root),
    }

"""`zkmargin node`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from sequencer.cli.output import make_table, print_tables, show_stage

if TYPE_CHECKING:
    from sequencer.node.config import NodeConfig

__all__ = ["node"]


@click.command()
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="TOML, docs/node-config.md.",
)
@click.option("--check", is_flag=True, help="Read the configuration, deploy what is missing, and end.")
@click.option(
    "--rebuild-from-base-layer",
    "is_rebuilt",
    is_flag=True,
    help="Fill an empty store with the last settled state, and end.",
)
@click.option(
    "--blobs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="For a rebuild: *.blob files that the base layer no longer gives.",
)
@click.option(
    "--beacon",
    "beacons",
    multiple=True,
    metavar="URL",
    help="For a rebuild: a beacon node to ask for blobs, before those of the configuration.",
)
def node(config_file: Path, check: bool, is_rebuilt: bool, blobs: Path | None, beacons: tuple[str, ...]) -> None:
    """Run a sequencer: orders over the network, acknowledged durably, cleared, proved and settled.

    At the first start keys are made and the contract is deployed. Ends after SIGINT or SIGTERM with everything written;
    after any other end it is, when started again, where it was. Every key of the file can be set by the environment.

    A rebuild is for a store that was lost: what was acknowledged and not settled does not come back (docs/rebuild.md).

    Example: zkmargin node --config examples/node.toml
    """
    import uvloop

    from sequencer.node.config_loading import load_config
    from sequencer.node.logs import configure_logs
    from sequencer.node.starting import prepare_node, serve_node

    config = load_config(config_file, os.environ)
    configure_logs(level=config.log.level, as_json=config.log.json)
    if is_rebuilt:
        _rebuild(config, blobs, beacons)
        return
    with show_stage("node: keys and contract") as stage:
        settings = prepare_node(config, stage.report)
    if not check:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_node(config, settings))


def _rebuild(config: NodeConfig, blobs: Path | None, beacons: tuple[str, ...]) -> None:
    from sequencer.node.rebuilding import rebuild_node

    with show_stage("rebuild") as stage:
        rebuilt = rebuild_node(config, blobs, stage.report, beacons=beacons)
    header = rebuilt.state.header
    facts = {
        "state root": str(header.state_root),
        "batch": header.batch_number,
        "groups settled": len(rebuilt.settlements),
        "accounts": len(rebuilt.state.accounts),
        "queue: entries consumed, of": f"{header.queue_consumed}, {rebuilt.n_entries}",
        "base layer read up to block": rebuilt.block,
    }
    print_tables(make_table(f"Rebuilt in {config.store_target}", ("what", "value"), list(facts.items())))
    click.echo("What was acknowledged and not settled is gone: orders, cancels, fills. Receipts begin under a new key.")

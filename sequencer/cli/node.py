"""`zkmargin node`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import rich_click as click

from sequencer.cli.output import show_stage

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
def node(config_file: Path, check: bool) -> None:
    """Run a sequencer: orders over the network, acknowledged durably, cleared, proved and settled.

    At the first start keys are made and the contract is deployed. Ends after SIGINT or SIGTERM with everything written;
    after any other end it is, when started again, where it was. Every key of the file can be set by the environment.

    Example: zkmargin node --config examples/node.toml
    """
    import uvloop

    from sequencer.node.config_loading import load_config
    from sequencer.node.logs import configure_logs
    from sequencer.node.starting import prepare_node, serve_node

    config = load_config(config_file, os.environ)
    configure_logs(level=config.log.level, as_json=config.log.json)
    with show_stage("node: keys and contract") as stage:
        settings = prepare_node(config, stage.report)
    if not check:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_node(config, settings))

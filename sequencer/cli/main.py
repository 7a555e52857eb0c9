"""Entry point: the command group, and the one place where an error becomes a line and an exit status."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import rich_click as click

from rollup.errors import RollupError
from sequencer.cli.status import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_NOT_VALID

__all__ = ["cli", "main", "run_cli"]

# Modules are imported when their command is called: `zkmargin --version` loads neither the kernel nor an EVM.
_COMMANDS: Final = {
    "demo": "sequencer.cli.demo",
    "node": "sequencer.cli.node",
    "top": "sequencer.cli.top",
    "bench": "sequencer.cli.bench",
    "setup": "sequencer.cli.setup",
    "ceremony": "sequencer.cli.ceremony",
    "key": "sequencer.cli.key",
    "replay": "sequencer.cli.replay",
    "prove": "sequencer.cli.prove",
    "verify": "sequencer.cli.verify",
    "settle": "sequencer.cli.settle",
    "compare": "sequencer.cli.compare",
    "report": "sequencer.cli.report",
    "circuit": "sequencer.cli.circuit",
    "account": "sequencer.cli.account",
    "order": "sequencer.cli.order",
    "quote": "sequencer.cli.quote",
    "cancel": "sequencer.cli.cancel",
    "withdraw": "sequencer.cli.withdraw",
    "oracle": "sequencer.cli.oracle",
    "exit": "sequencer.cli.exit",
    "rebuild": "sequencer.cli.rebuild",
    "audit": "sequencer.cli.audit",
    "doctor": "sequencer.cli.doctor",
}


class _LazyGroup(click.RichGroup):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zkmargin")
def cli() -> None:
    """A ZK rollup for margin trading: clears signed orders in batches, proves them, settles them in an EVM.

    Example: zkmargin demo
    """


def main() -> None:
    """Run the command line and exit: 0, 1 where the answer is no, 2 where the input is bad."""
    sys.exit(run_cli(sys.argv[1:]))


def run_cli(arguments: list[str]) -> int:
    """Return the exit status of one command line."""
    try:
        status = cli.main(arguments, prog_name="zkmargin", standalone_mode=False)
    except click.ClickException as error:
        return _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        print("zkmargin: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except RollupError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of stdout went away, as `head` does: nothing to report, and no way to
        return EXIT_NOT_VALID
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return status if isinstance(status, int) else 0


def _refuse(message: str) -> int:
    line = " ".join(message.split())  # a node's words may be in it: they move no cursor
    print("zkmargin: " + "".join(letter if letter.isprintable() else "\ufffd" for letter in line), file=sys.stderr)
    return EXIT_BAD_INPUT

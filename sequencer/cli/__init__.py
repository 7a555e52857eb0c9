"""The console script `zkmargin`. Data goes to stdout, progress and errors to stderr."""

from sequencer.cli.main import main

__all__ = ["main"]

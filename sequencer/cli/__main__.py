"""`python -m sequencer.cli`, where the console script is not installed."""

from sequencer.cli.main import main

main()

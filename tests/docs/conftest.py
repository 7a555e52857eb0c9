"""The cache of keys that tests of the command line fill."""

from tests.cli.conftest import keys_dir

__all__ = ["keys_dir"]

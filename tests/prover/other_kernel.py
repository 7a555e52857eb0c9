"""A pytest plugin: tests run with another build of the kernel, the file that KERNEL_FILE names (`make sanitize`)."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location

_NAME = "prover._kernel"

_path = os.environ["KERNEL_FILE"]
_spec = spec_from_file_location(_NAME, _path, loader=ExtensionFileLoader(_NAME, _path))
assert _spec is not None
assert _spec.loader is not None
sys.modules[_NAME] = module_from_spec(_spec)
_spec.loader.exec_module(sys.modules[_NAME])

"""`make sanitize`, with one file of the prover's tests: the kernel under AddressSanitizer is built and tested.

`make test` leaves this folder out where there is no nightly Rust or no libasan. All files take half an hour.
"""

from __future__ import annotations

import re
import subprocess

from tests.node_stores import ROOT

FILE = "template_bytes"  # the parser of what comes from outside, and no key that takes a minute


def test_tests_pass_under_address_sanitizer() -> None:
    command = ["make", "--no-print-directory", "sanitize", f"SANITIZED_TESTS={FILE}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\.{20,} *\[100%\]$", done.stdout, re.MULTILINE), done.stdout

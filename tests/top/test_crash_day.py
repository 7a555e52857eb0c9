"""The command that drew docs/top.svg, of a shorter day: its people deposit, quote and trade, and a picture is there."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

from tests.browser.crash_day import read_prices
from tests.node.whole_node import ROOT


def read_text(svg: str) -> str:
    """Return what a picture of a terminal says, words apart by single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", svg.split("</style>")[1])).split())


def test_a_trader_and_a_falling_price(tmp_path: Path) -> None:
    picture = tmp_path / "top.svg"
    small = ("--steady", "2", "--shown", "0", "--traders", "1")
    subprocess.run([sys.executable, "-m", "tests.browser.crash_day", picture, *small], cwd=ROOT, check=True)
    found = re.search(r"PERP-USD ([\d.]+) ", read_text(picture.read_text()))  # the market and its mark
    assert found is not None
    paid = [price for _, price in read_prices(0)]
    assert min(paid) <= float(found[1]) <= max(paid)

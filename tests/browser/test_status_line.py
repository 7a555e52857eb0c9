"""The line at the top, of a node in trouble: what it says, and that every alarm stands below it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import PATIENCE_MS, Window
from tests.node.api_client import Served, serve_in_thread

expect.set_options(timeout=PATIENCE_MS)


def set_back_clock(server: Served) -> None:
    """Let the last batch be one that was made by a clock a day ahead."""
    live = server.core.live
    live.state = replace(live.state, header=replace(live.state.header, timestamp_s=int(time.time()) + 86_400))


def test_alarms_and_a_clock_that_was_ahead(tmp_path: Path, context: BrowserContext) -> None:
    with serve_in_thread(tmp_path / "store") as server:
        window = Window(context.new_page(), server.url)
        page = window.page
        context.route("**/*", window.guard)
        page.goto(server.url)
        expect(page.locator(".pill")).to_have_text("Quiet")
        expect(page.locator(".alarm")).to_have_count(0)
        server.core.alarms = ("low_balance: the sequencer has 5 wei to settle with",)
        set_back_clock(server)
        expect(page.locator(".pill")).to_have_text("2 alarms")
        expect(page.locator(".status .line")).to_contain_text(
            "No batches for 24 h: the last one's time is in the future"
        )
        expect(page.locator(".alarm").first).to_have_text(server.core.alarms[0])
        expect(page.locator(".alarm").nth(1)).to_contain_text("clock: the last batch is in the future")
        assert (window.complaints, window.strangers) == ([], [])

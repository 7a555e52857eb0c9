"""A node in trouble: what the line at the top says, every alarm below it; who was rescued beside who was liquidated."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from sequencer.node.event_types import PositionGone, RescueKind
from tests.browser.conftest import PATIENCE_MS, Window
from tests.node.api_client import Served, serve_in_thread
from tests.node.test_api_events import LIQUIDATED, TAKEN_OVER
from tests.scenarios import AVAX_PRICE, ETH_PRICE

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


async def tell_blows(server: Served) -> None:
    """Let somebody be liquidated, another be taken over, a third be deleveraged."""
    server.core.publish(replace(LIQUIDATED, account=11, batch_number=4))
    server.core.publish(replace(TAKEN_OVER, account=12, batch_number=5, equity_atoms=-(10**18)))
    lost = (PositionGone(0, -6, AVAX_PRICE), PositionGone(1, 7, ETH_PRICE))
    end = replace(TAKEN_OVER, kind=RescueKind.DELEVERAGING, positions=lost, counterparties=(3,))
    server.core.publish(replace(end, account=13, batch_number=6, equity_atoms=5))


def test_takeovers_and_deleveragings_stand_beside_liquidations(tmp_path: Path, context: BrowserContext) -> None:
    with serve_in_thread(tmp_path / "store") as server:
        window = Window(context.new_page(), server.url)
        page = window.page
        context.route("**/*", window.guard)
        page.goto(server.url)
        expect(page.get_by_text("Nobody was liquidated since this process began.")).to_be_visible()
        server.call(lambda: tell_blows(server))
        for _ in range(2):  # as they happen, and in the snapshot of another connection
            rows = page.get_by_role("region", name="Liquidations, takeovers and deleveragings").locator("tbody tr")
            expect(rows).to_have_count(4)
            whole = [" ".join(text.split()) for text in rows.all_inner_texts()]
            assert ["13 Deleveraged Buy" in whole[0], "13 Deleveraged Sell" in whole[1]] == [True, True]
            assert "12 Taken over owed 1.00 Sell" in whole[2]
            assert "11 Liquidated Sell" in whole[3]
            page.reload()
        assert (window.complaints, window.strangers) == ([], [])

"""The dashboard as somebody uses it: opens it, trades, follows a batch, checks a proof, loses the node for a while."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Window
from tests.browser.town import MAKER, OTHER, PRICE, TRADER, Town

expect.set_options(timeout=PATIENCE_MS)
# While there is no node, whatever the page asks it for.
UNREACHABLE = re.compile(r"error: Failed to load resource: net::ERR_\w+ http://127\.0\.0\.1:\d+/")


def shoot(page: Page, folder: Path | None, name: str, *, theme: str = "light", width: int = 1280) -> None:
    """Keep a picture, where pictures are asked for."""
    if folder is None:
        return
    size = page.viewport_size
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900 if width > 600 else 844})
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_500)
    path = folder / f"{name}.png"
    page.screenshot(path=str(path), full_page=True)
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)  # a third
    page.emulate_media(color_scheme="light")
    if size is not None:
        page.set_viewport_size(size)


def read_mark(page: Page) -> float:
    return float(page.locator(".quotes dd").first.inner_text())


def live_a_while(town: Town, page: Page) -> None:
    """Let people trade until the price has fallen and somebody is liquidated."""
    town.arrive(OTHER, 20_000)
    turn = 0
    while page.locator(".pill").inner_text() != "Liquidating":
        town.trade(OTHER, turn % 2, 10 + 7 * (turn % 5))
        turn += 1
        page.wait_for_timeout(4_000)
    page.wait_for_timeout(8_000)


@pytest.mark.timeout(900)
def test_session_of_a_user(town: Town, window: Window, shots: Path | None) -> None:
    page = window.page
    page.goto(f"{town.node.url}/")
    expect(page.locator(".pill")).to_have_text("Quiet")
    expect(page.get_by_role("heading", name="PERP-USD")).to_be_visible()
    assert read_mark(page) == PRICE

    town.arrive(MAKER, 200_000)
    town.arrive(TRADER, 1_000)
    town.rest(MAKER, 1, 400, PRICE * 1.001)
    town.rest(MAKER, 0, 300, PRICE * 0.999)
    expect(page.locator(".book tr.ask")).to_have_count(1)
    expect(page.locator(".book tr.bid td").nth(1)).to_have_text("300")
    town.trade(TRADER, 0, 320)
    expect(page.locator(".quotes dd").nth(3)).to_have_text("320")  # open interest, without a reload
    batch = town.node.get("batches")["batches"][0]["number"]

    expect(page.locator(f'.stage.settled a[href="#/batch/{batch}"]')).to_be_visible()
    page.locator(f'.stage.settled a[href="#/batch/{batch}"]').click()
    expect(page.get_by_role("heading", name=f"Batch {batch}")).to_be_visible()
    expect(page.locator(".steps [aria-current]")).to_have_text("settled")
    expect(page.locator("dd", has_text=re.compile("^213,668$"))).to_be_visible()
    expect(page.get_by_text("Transaction")).to_be_visible()
    expect(page.get_by_text("old state root")).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".verdict.good")).to_contain_text("The pairing equation holds.")
    shoot(page, shots, "dashboard-batch")

    page.get_by_label("Account").fill(str(TRADER))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Account {TRADER}")).to_be_visible()
    expect(page.get_by_role("cell", name="Long")).to_be_visible()
    page.get_by_role("button", name="Check it in the node").click()
    expect(page.locator(".verdict.good")).to_contain_text("The state holds this account.")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    proof = Path(waiting.value.path()).read_bytes()
    assert proof == town.do(town.get_inclusion(TRADER))
    shoot(page, shots, "dashboard-account")

    page.get_by_role("link", name="zkmargin").click()
    process = page.locator("footer span").inner_text()
    town.prepare_fall(5 if shots is None else 90)  # a picture is to show some life before
    town.leave()
    assert window.complaints == []
    assert town.node.end(signal.SIGKILL) == -signal.SIGKILL
    expect(page.locator(".pill")).to_have_text("No connection")
    expect(page.locator("main")).to_have_attribute("data-link", "lost")
    town.restart()
    expect(page.locator(".news")).to_contain_text("loaded afresh")
    expect(page.locator("main")).to_have_attribute("data-link", "live")
    expect(page.locator("footer span")).not_to_have_text(process)
    expect(page.locator(f'.stage.settled a[href="#/batch/{batch}"]')).to_be_visible()
    assert [text for text in window.complaints if not UNREACHABLE.match(text)] == []
    window.complaints.clear()

    town.meet(MAKER)
    town.start_quoting(400)
    if shots is not None:
        live_a_while(town, page)
    expect(page.locator(".pill")).to_have_text("Liquidating")
    expect(
        page.get_by_role("row").filter(has=page.get_by_role("link", name=str(TRADER), exact=True)).first
    ).to_be_visible()
    shoot(page, shots, "dashboard-light")
    shoot(page, shots, "dashboard-dark", theme="dark")
    shoot(page, shots, "dashboard-phone", width=390)
    assert read_mark(page) < PRICE
    assert window.complaints == []
    assert window.strangers == []


def test_page_is_usable_by_keyboard_and_in_both_themes(town: Town, window: Window) -> None:
    page = window.page
    page.goto(f"{town.node.url}/")
    expect(page.locator("main")).to_have_attribute("data-link", "live")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark colours").press("Enter")
    expect(page.get_by_role("button", name="Light colours")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")  # kept by the browser
    assert page.locator("div[onclick], span[onclick]").count() == 0
    assert window.complaints == []


@pytest.mark.parametrize("place", ["", "#/account/8", "#/batch/1"])
def test_page_fits_a_phone(town: Town, window: Window, place: str) -> None:
    page = window.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.node.url}/{place}")
    expect(page.locator(".panel").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert window.complaints == []
    assert window.strangers == []


def test_invalid_request_of_another_site_is_noticed(town: Town, window: Window) -> None:
    page = window.page
    page.goto(f"{town.node.url}/")
    page.evaluate("fetch('http://127.0.0.2:1/').catch(() => null)")
    assert any("Content Security Policy" in text for text in window.complaints)
    page.goto("about:blank")
    page.set_content('<img src="http://127.0.0.2:1/x.png">')
    page.wait_for_timeout(200)
    assert window.strangers == ["http://127.0.0.2:1/x.png"]

"""A headless Chromium that sees the node under test and nothing else, and a node with people on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, sync_playwright

from tests.browser.town import Town

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 300_000  # what takes a proof takes as long as the machine likes


class Window:
    """One page, with all that it asked for and complained of."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def guard(self, route: Route) -> None:
        """Let a request to the node pass; any other is noted and goes nowhere."""
        parts = urlsplit(route.request.url)
        if f"{parts.scheme}://{parts.netloc}" == self.origin:
            route.continue_()
        else:
            self.strangers.append(route.request.url)
            route.abort()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")


@pytest.fixture(scope="module")  # not for the session: while Playwright runs, nothing else can run an event loop here
def browser() -> Iterator[Browser]:
    found = [path for name in CHROMIUM if (path := shutil.which(name))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"))
    try:
        yield town
    finally:
        town.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def window(context: BrowserContext, town: Town) -> Window:
    window = Window(context.new_page(), town.node.url)
    context.route("**/*", window.guard)
    return window


@pytest.fixture
def shots() -> Path | None:
    """The folder for screenshots where they are asked for: ZKMARGIN_SCREENSHOTS=docs."""
    name = os.environ.get("ZKMARGIN_SCREENSHOTS")
    return Path(name) if name else None

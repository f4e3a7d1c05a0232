"""A real Chromium, driven by Playwright. Console errors, a broken CSP and requests to foreign hosts fail their test."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import ROOT
from tests.requirement import missing

CHROMIUM = os.environ.get("DCA_CHROMIUM", "/usr/bin/chromium")
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
"""What Chromium says of a load under way when an engine of another test makes a network on this machine; no page can cause it."""
DESKTOP = (1280, 800)
PHONE = (390, 844)


@dataclass
class Watch:
    """What the pages of one test did that a person does not see."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    allowed_errors: list[str] = field(default_factory=lambda: [NETWORK_CHANGED])

    def follow(self, page: Page) -> None:
        """Note the errors and requests of `page`."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(allowed in message.text for allowed in self.allowed_errors):
            self.errors.append(message.text)


class OpenPage(Protocol):
    """The `open_page` fixture."""

    def __call__(self, *, size: tuple[int, int] = DESKTOP, dark: bool = False, **context: Any) -> Page:
        """Return a page in a new browser profile; `context` goes to Playwright's `new_context`."""
        ...


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Yield the browser. Not for the whole session: while Playwright runs, no other test of its process may use `asyncio.run`."""
    if shutil.which(CHROMIUM) is None:
        missing(f"Chromium is not at {CHROMIUM}; install the package chromium, or name it in DCA_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Yield the watch over the pages of the test; errors and foreign hosts it has seen fail the test at its end."""
    watch = Watch()
    yield watch
    assert watch.errors == []
    assert watch.hosts <= {"127.0.0.1", "localhost", ""}


@pytest.fixture
def open_page(chromium: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Yield a function that opens pages, closed with the test."""
    contexts = []

    def new_page(*, size: tuple[int, int] = DESKTOP, dark: bool = False, **context: Any) -> Page:
        width, height = size
        profile = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            **context,
        )
        contexts.append(profile)
        page = profile.new_page()
        page.set_default_timeout(30_000)
        watch.follow(page)
        return page

    yield new_page
    for profile in contexts:
        profile.close()


class TakePicture(Protocol):
    """The `picture` fixture."""

    def __call__(self, page: Page, name: str, *, document: bool = False, part: str | None = None) -> Path:
        """Take a picture of what the window shows, or of a `part` by its selector, and return its file.

        `document`: it belongs in the documents.
        """
        ...


@pytest.fixture
def picture(tmp_path: Path) -> TakePicture:
    """Return a function that takes pictures.

    Those for the documents go to the folder named by DCA_SCREENSHOTS (DCA_SCREENSHOTS=docs/images makes them anew), all others,
    and without it all, to the test's own folder: a test run changes no file of the tree.
    """
    own = tmp_path / "pictures"
    documents = Path(os.environ.get("DCA_SCREENSHOTS") or own)

    def take(page: Page, name: str, *, document: bool = False, part: str | None = None) -> Path:
        folder = documents if document else own
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.png"
        if part:
            page.locator(part).screenshot(path=file, animations="disabled")
            return file
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=file, animations="disabled")
        return file

    return take


def accessibility_faults(page: Page, rules: Sequence[str] = ("critical", "serious")) -> list[str]:
    """Return what axe-core finds on the page that keeps people out, one line each."""
    if not AXE.exists():
        missing(f"axe-core is not at {AXE}; run `make frontend`")
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {fault['id']} ({fault['impact']}): {json.dumps([node['html'][:160] for node in fault['nodes'][:3]])}"
        for fault in found["violations"]
        if fault["impact"] in rules
    ]


def overflows(page: Page) -> bool:
    """Whether the page is wider than the window, so that a person would have to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

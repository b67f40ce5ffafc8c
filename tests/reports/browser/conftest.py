"""Opens reports in the machine's own chromium, through Playwright: nothing is downloaded."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--disable-dev-shm-usage", "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND")


class Tab:
    """One page in a context of its own.

    Attributes:
        problems: console errors and warnings, and uncaught exceptions.
        requests: URLs that the page asked for beyond its own file.
    """

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.requests.append(request.url)

    def open(self, path: Path, *, anchor: str = "") -> None:
        self.page.goto(path.as_uri() + (f"#{anchor}" if anchor else ""), wait_until="load")

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)

    def prefer(self, scheme: str) -> None:
        self.page.emulate_media(color_scheme=scheme)

    def keep(self, name: str, *, whole: bool = False) -> bytes:
        """Take a screenshot and keep it as build output."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        taken: bytes = self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)
        return taken

    def keep_printed(self, name: str) -> bytes:
        """Print to PDF and keep it as build output."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        printed: bytes = self.page.pdf(
            path=SCREENSHOTS / f"{name}.pdf", prefer_css_page_size=True, print_background=True
        )
        return printed


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a running chromium, or skip where the machine has none."""
    binary = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"no chromium on this machine (looked for {', '.join(_NAMES)})")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives chromium")
    # Of this module alone: while it runs, no other test could use an event loop.
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=binary, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a tab: 1366 x 900 unless told otherwise."""
    tabs: list[Tab] = []

    def _open(width: int = 1366, height: int = 900, **options: Any) -> Tab:
        tabs.append(Tab(browser, viewport={"width": width, "height": height}, **options))
        return tabs[-1]

    yield _open
    for tab in tabs:
        tab.context.close()

"""A real Chromium on the panel that `gateway run` serves, with the practice data."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from gateway.web.panel import is_built
from tests.support.receivers import Mailbox, mailbox

CHROMIUM = os.environ.get("GATEWAY_CHROMIUM")

# A loaded machine starts the program slowly; a page that never comes is noticed all the same.
START_TIMEOUT_S = 120
PAGE_TIMEOUT_MS = 30_000

# A practice grid whose tasks stand still: it looks the same in each run, and costs next to nothing.
QUIET = {"GATEWAY_PRACTICE_SPEED": "0.001"}

# No sandbox: tests run as root in containers, where Chromium cannot make one. The rest: no network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def gateway_running(folder: Path, **settings: str) -> Iterator[str]:
    """Run a gateway with the practice data as a person starts it; give its address."""
    if CHROMIUM is None or not is_built():
        pytest.skip("NOT RUN: the panel in a browser: no Chromium or no built panel (make test finds both)")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    own = {"GATEWAY_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/gateway.db", **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "run", "--port", "0"],
        env=kept | own,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        found: list[str] = []
        ready = threading.Event()

        def read() -> None:
            # Read to the end: a full pipe would stop the program.
            for line in process.stdout or ():
                if (match := re.search(r"(http://127\.0\.0\.1:\d+)/graphql", line)) and not found:
                    found.append(match[1])
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            assert ready.wait(START_TIMEOUT_S), "the gateway is not ready in time"
            assert found, "the gateway ended before it was ready"
            yield found[0]
        finally:
            process.terminate()
            process.wait(60)
            reader.join(10)


@pytest.fixture(scope="session")
def gateway_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway that is only read."""
    with gateway_running(tmp_path_factory.mktemp("panel"), **QUIET) as url:
        yield url


@pytest.fixture(scope="session")
async def mail() -> AsyncIterator[Mailbox]:
    """Where e-mails arrive of the gateway that people change things in."""
    async with mailbox() as box:
        yield box


@pytest.fixture(scope="session")
async def own_url(tmp_path_factory: pytest.TempPathFactory, mail: Mailbox) -> AsyncIterator[str]:
    """The address of a gateway that people change things in; its practice grid is quick."""
    running = gateway_running(
        tmp_path_factory.mktemp("changes"),
        GATEWAY_PRACTICE_SPEED="10000",
        GATEWAY_SMTP_HOST="127.0.0.1",
        GATEWAY_SMTP_PORT=str(mail.port),
        GATEWAY_SMTP_SECURITY="none",
        GATEWAY_PANDA_TASK_PAGE="https://monitor.test/task/{id}/",
    )
    # Starting it takes seconds, in which the mailbox must answer.
    url = await asyncio.to_thread(running.__enter__)
    yield url
    await asyncio.to_thread(running.__exit__, None, None, None)


@pytest.fixture(scope="session")
async def browser(gateway_url: str) -> AsyncIterator[Browser]:
    """A browser for all tests; each test gets a clean context of it."""
    del gateway_url  # without a gateway no browser is started
    async with async_playwright() as playwright:
        expect.set_options(timeout=PAGE_TIMEOUT_MS)
        browser = await playwright.chromium.launch(executable_path=Path(CHROMIUM or ""), args=ARGUMENTS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def new_page(
    browser: Browser,
    gateway_url: str,
    *,
    locale: str = "en-GB",
    color_scheme: Literal["light", "dark"] = "light",
    size: tuple[int, int] = (1440, 900),
    is_line_cut: bool = False,
) -> AsyncIterator[Page]:
    """Give a page of a new visitor; nothing it logs may be an error, a broken policy above all.

    Where the line is cut on purpose, what the browser says of the network is no error.
    """
    context = await browser.new_context(
        base_url=gateway_url,
        locale=locale,
        timezone_id="Europe/Moscow",
        color_scheme=color_scheme,
        viewport={"width": size[0], "height": size[1]},
    )
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def hear(line: ConsoleMessage) -> None:
        # What the practice IAM's login page lacks is not ours. A broken policy is told without a place.
        is_ours = line.location["url"].startswith(gateway_url) or (
            "Content Security Policy" in line.text and page.url.startswith(gateway_url)
        )
        if line.type == "error" and is_ours and not (is_line_cut and "net::ERR_" in line.text):
            complaints.append(line.text)

    page.on("console", hear)
    yield page
    await context.close()
    assert complaints == []


@pytest.fixture
async def page(browser: Browser, gateway_url: str) -> AsyncIterator[Page]:
    """A page of a new visitor, English, light."""
    async with new_page(browser, gateway_url) as page:
        yield page


async def log_in(page: Page, account: str, path: str = "/requests") -> None:
    """Log in as a person does; the browser comes back to the path."""
    await page.goto(path)
    await page.get_by_role("banner").get_by_role("link", name="Log in with SPD IAM").click()
    await page.locator(f"button[value={account}]").click()
    await expect(
        page.get_by_role("banner").get_by_role("button", name=re.compile("^Account of"))
    ).to_be_visible()

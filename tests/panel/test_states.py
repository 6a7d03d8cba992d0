"""What a view says when it cannot show all: a cut line, old copies, parts that fail, nobody logged in."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.panel.conftest import log_in, new_page
from tests.panel.test_every_page import violations
from tests.panel.test_limits import doctored


class Line:
    """A line to a gateway that can be cut and mended: while it is cut, nobody is answered."""

    def __init__(self, gateway_url: str) -> None:
        self._port = urlsplit(gateway_url).port
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.sent = bytearray()

    @property
    def url(self) -> str:
        """The near end."""
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        """Let connections through; again at the same port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break what is open and refuse what is new."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, far_writer}

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray) -> None:
            with contextlib.suppress(ConnectionError):
                while content := await source.read(65_536):
                    kept += content
                    sink.write(content)
                    await sink.drain()
            sink.close()

        await asyncio.gather(copy(reader, far_writer, self.sent), copy(far_reader, writer, bytearray()))
        self._open -= {writer, far_writer}


# The longest pause before the panel tries a broken line again, three times over.
AGAIN_MS = 90_000


@contextlib.asynccontextmanager
async def line_to(gateway_url: str) -> AsyncIterator[Line]:
    """A line that holds."""
    line = Line(gateway_url)
    await line.mend()
    yield line
    await line.cut()


async def comment(page: Page, words: str) -> None:
    """Say something about the request that is open."""
    await page.get_by_label("Your comment (Markdown)").fill(words)
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.get_by_text(words)).to_be_visible()


async def test_a_line_that_breaks_is_said_and_what_happened_meanwhile_is_seen_without_a_reload(
    browser: Browser, own_url: str
) -> None:
    async with (
        line_to(own_url) as line,
        new_page(browser, own_url) as writer,
        new_page(browser, line.url, is_line_cut=True) as page,
    ):
        await log_in(writer, "prodman", "/requests/PROD2026-003")
        await page.goto("/requests/PROD2026-003")
        await expect(page.get_by_role("heading", name="PROD2026-003")).to_be_visible()
        await page.evaluate("window.isTheSame = true")
        banner = page.get_by_role("banner")
        await expect(banner.get_by_text("Live", exact=True)).to_be_visible()

        await line.cut()
        await expect(banner.get_by_text("Connection lost; the numbers stand still")).to_be_visible()
        await comment(writer, "Said before any event was seen.")
        await line.mend()
        await expect(page.get_by_text("Said before any event was seen.")).to_be_visible(timeout=AGAIN_MS)
        await expect(banner.get_by_text("Live", exact=True)).to_be_visible()

        await comment(writer, "Said on a whole line.")
        await expect(page.get_by_text("Said on a whole line.")).to_be_visible()
        before = len(line.sent)
        await line.cut()
        await comment(writer, "Said while the line was cut again.")
        await line.mend()
        await expect(page.get_by_text("Said while the line was cut again.")).to_be_visible(timeout=AGAIN_MS)

        assert re.search(rb"(?i)\r\nlast-event-id: \d+\r\n", bytes(line.sent[before:]))
        assert await page.evaluate("window.isTheSame")


async def test_an_old_copy_is_said_on_the_value_and_on_the_page(page: Page) -> None:
    def age(data: dict[str, dict[str, object]]) -> None:
        data["task"] |= {"isStale": True, "ageSeconds": 7_200, "staleReason": "PanDA has been silent."}

    async with doctored(page, "Task", age):
        await page.goto("/tasks/363")

        await expect(page.get_by_text(re.compile("Old: PanDA has been silent"))).to_be_visible()
        await expect(page.get_by_role("region", name="Why it is not complete")).to_be_visible()
        assert await violations(page) == []


async def answer_with(page: Page, operation: str, change: dict[str, object]) -> None:
    """Let an operation be answered with something else beside, or in place of, its data."""

    async def handle(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if asked.get("operationName") != operation:
            await route.continue_()
            return
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | change)

    await page.route("**/graphql", handle)


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("REFUSED", "You may not see this"),
        ("UNAUTHENTICATED", "Log in to see this"),
        ("INTERNAL", "This could not be read"),
    ],
)
async def test_a_page_that_cannot_be_read_says_why_and_what_helps(page: Page, code: str, title: str) -> None:
    error = {"message": "So it is.", "extensions": {"code": code}}
    await answer_with(page, "Site", {"data": None, "errors": [error]})

    await page.goto("/sites/JINR")

    alert = page.get_by_role("alert").filter(has_text=title)
    await expect(alert).to_contain_text("So it is.")
    await expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    assert await alert.get_by_role("link", name="Log in with SPD IAM").count() == (code == "UNAUTHENTICATED")
    assert await violations(page) == []
    await page.unroute_all(behavior="ignoreErrors")


async def test_part_of_a_page_that_could_not_be_read_leaves_the_rest_standing(page: Page) -> None:
    error = {"message": "The quotas are not for you.", "path": ["storage", "quotas"], "extensions": {}}
    await answer_with(page, "Storage", {"errors": [error]})

    await page.goto("/storages/JINR_EOS")

    alert = page.get_by_role("alert").filter(has_text="Part of this could not be read")
    await expect(alert).to_contain_text("The quotas are not for you.")
    await expect(page.get_by_role("heading", name="JINR_EOS")).to_be_visible()
    await expect(page.get_by_role("region", name="Ends first")).to_be_visible()
    assert await violations(page) == []
    await page.unroute_all(behavior="ignoreErrors")


async def run_a_script(browser: Browser, gateway_url: str) -> None:
    """Do what the policy forbids."""
    async with new_page(browser, gateway_url) as page:
        await page.goto("/requests")
        await page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.text = "window.ran = true";
                document.body.append(script);
            }"""
        )
        assert await page.evaluate("window.ran") is None


async def test_a_broken_policy_fails_whatever_test_breaks_it(browser: Browser, gateway_url: str) -> None:
    with pytest.raises(AssertionError, match="Content Security Policy"):
        await run_a_script(browser, gateway_url)

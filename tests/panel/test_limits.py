"""What the panel must bear: long tables, hostile words from elsewhere, slow lines, paper and workbooks."""

import contextlib
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any

import openpyxl
from playwright.async_api import Page, Response, Route, expect

ROWS = 10_000
MOST_ROWS_DRAWN = 60

# First paint of a cold load, compressed; more would be felt on a line of a laboratory's guest network.
SCRIPT_BUDGET_BYTES = 260_000

HOSTILE = (
    "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>\u202e=cmd()"
    + "A" * 10_000
)


@contextlib.asynccontextmanager
async def doctored(page: Page, operation: str, change: Callable[[Any], None]) -> AsyncIterator[None]:
    """Let the page get the server's answer to an operation with something in it changed."""

    async def handle(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if asked.get("operationName") != operation:
            await route.continue_()
            return
        answer = await route.fetch()
        content = await answer.json()
        change(content["data"])
        await route.fulfill(response=answer, json=content)

    await page.route("**/graphql", handle)
    yield
    # The page asks anew whenever something changed: an answer may be on its way at the end.
    await page.unroute_all(behavior="ignoreErrors")


def multiply(data: Any, rows: int) -> None:
    """Make a list of so many requests of the first one."""
    row = data["requests"]["nodes"][0]
    data["requests"] |= {
        "nodes": [row | {"id": f"r{n}", "name": f"PROD2030-{n:05d}"} for n in range(rows)],
        "pageInfo": {"hasNextPage": False, "endCursor": None, "__typename": "PageInfo"},
        "totalCount": rows,
    }


async def test_ten_thousand_rows_are_a_table_of_which_few_are_drawn(page: Page) -> None:
    async with doctored(page, "Requests", lambda data: multiply(data, ROWS)):
        await page.goto("/requests")
        table = page.get_by_role("table", name="Requests")
        await expect(table.get_by_role("link", name="PROD2030-00000")).to_be_visible()
        await expect(table).to_have_attribute("aria-rowcount", str(ROWS + 1))
        assert await table.locator("tr").count() < MOST_ROWS_DRAWN

        box = page.get_by_role("region", name="Requests")
        await box.evaluate("box => { box.scrollTop = box.scrollHeight; }")

        await expect(table.get_by_role("link", name=f"PROD2030-{ROWS - 1:05d}")).to_be_visible()
        assert await table.locator("tr").count() < MOST_ROWS_DRAWN


async def test_words_from_elsewhere_are_shown_and_never_run(page: Page) -> None:
    def poison(data: Any) -> None:
        data["request"] |= {"tag": HOSTILE, "description": HOSTILE, "requestedBy": HOSTILE}
        for step in data["request"]["steps"]:
            for attempt in step["attempts"]:
                attempt["reason"] = HOSTILE
                if attempt["task"]:
                    attempt["task"]["errorDialog"] = HOSTILE

    async with doctored(page, "Request", poison):
        await page.goto("/requests/PROD2025-013")

        await expect(page.get_by_text(re.compile("^<img src=x onerror")).first).to_be_visible()
        assert await page.locator("img[src=x]").count() == 0
        assert await page.title() != "broken"
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_the_first_page_loads_little_script(page: Page) -> None:
    scripts: list[Response] = []
    page.on("response", lambda response: scripts.append(response) if response.url.endswith(".js") else None)
    await page.goto("/requests")
    await expect(page.get_by_role("link", name="PROD2025-013")).to_be_visible()

    compressed = {one.url: len(gzip.compress(await one.body())) for one in scripts}

    assert len(compressed) > 1
    assert sum(compressed.values()) <= SCRIPT_BUDGET_BYTES, compressed


async def test_paper_gets_every_row_and_nothing_to_press(page: Page) -> None:
    async with doctored(page, "Requests", lambda data: multiply(data, 300)):
        await page.goto("/requests")
        table = page.get_by_role("table", name="Requests")
        await expect(table.get_by_role("link", name="PROD2030-00000")).to_be_visible()

        await page.emulate_media(media="print")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")

        await expect(table.get_by_role("link", name=re.compile("^PROD2030-"))).to_have_count(300)
        await expect(page.get_by_role("banner")).to_be_hidden()
        await expect(page.get_by_role("button", name="Export")).to_be_hidden()
        await page.emulate_media(media="screen")
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        await expect(table.get_by_role("link", name="PROD2030-00299")).to_have_count(0)


async def test_a_table_becomes_a_workbook_in_which_numbers_are_numbers(page: Page) -> None:
    def poison(data: Any) -> None:
        data["requests"]["nodes"][0] |= {"name": "PROD2030-00000", "tag": "=cmd()", "events": 4_000}

    async with doctored(page, "Requests", poison):
        await page.goto("/requests")
        await expect(page.get_by_role("link", name="PROD2030-00000")).to_be_visible()
        await page.get_by_role("button", name="Export").click()
        async with page.expect_download() as download:
            await page.get_by_role("menuitem", name="Excel").click()

    kept = await (await download.value).path()
    sheet = openpyxl.load_workbook(BytesIO(kept.read_bytes())).active
    heads, first = ([cell.value for cell in row] for row in sheet.iter_rows(max_row=2))
    row = dict(zip(heads, first, strict=True))
    assert (row["Request"], row["Physics"], row["Events"]) == ("PROD2030-00000", "=cmd()", 4_000)
    assert sheet.cell(2, heads.index("Physics") + 1).data_type == "s"

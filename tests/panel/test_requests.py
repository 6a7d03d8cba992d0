"""The productions in a browser: the table that replaces the spreadsheet, and one production end to end."""

import re

from playwright.async_api import Page, expect

from tests.panel.test_every_page import violations


async def test_all_productions_stand_in_a_table_that_can_be_filtered_and_pasted_as_a_link(page: Page) -> None:
    await page.goto("/requests")
    table = page.get_by_role("table", name="Requests")
    await expect(table.get_by_role("link", name="PROD2025-013")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"^\d+ rows$"))).to_be_visible()

    await page.get_by_role("searchbox", name="Filter").fill("dd-minbias")

    await expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    await expect(page).to_have_url(re.compile(r"q=dd-minbias"))
    await page.goto(page.url)
    await expect(table.get_by_role("row")).to_have_count(2)
    await expect(table.get_by_role("link", name="PROD2025-010")).to_be_visible()


async def test_a_filter_that_nothing_passes_says_so(page: Page) -> None:
    await page.goto("/requests?q=nosuchthing")

    await expect(page.get_by_text("Nothing matches; loosen the filter")).to_be_visible()


async def test_a_line_with_keys_filters_the_list_and_stands_in_the_address(page: Page) -> None:
    await page.goto("/requests")
    await page.get_by_role("searchbox", name="Filter").fill(
        "stage:S2 energy:27 status:PARTIAL intent:ACCEPTED events:>=40M"
    )

    table = page.get_by_role("table", name="Requests")
    await expect(table.get_by_role("link", name=re.compile("^PROD"))).to_have_text(
        ["PROD2025-012", "PROD2025-013"]
    )
    await page.goto(page.url)
    await expect(table.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("searchbox", name="Filter")).to_have_value(
        "stage:S2 energy:27 status:PARTIAL intent:ACCEPTED events:>=40M"
    )


async def test_a_line_that_cannot_be_understood_is_marked_where_it_is_wrong(page: Page) -> None:
    await page.goto("/requests?q=stage:S2 enrgy:27")

    problem = page.get_by_role("alert")
    await expect(problem.get_by_role("mark")).to_have_text("enrgy")
    await expect(problem).to_contain_text("There is no key 'enrgy'. Did you mean energy?")
    assert await violations(page) == []

    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog")
    await palette.get_by_role("textbox").fill("stage:S2 events:many")
    await expect(palette.get_by_role("mark")).to_have_text("many")
    assert await violations(page) == []
    await palette.get_by_role("textbox").fill("stage:S2 -status:READY energy:27 site:PNPI")
    await palette.get_by_role("button", name="Requests: stage:S2 -status:READY").click()
    await expect(problem).to_have_count(0)
    await expect(page.get_by_role("link", name="PROD2025-013")).to_be_visible()
    await expect(page).to_have_url(re.compile("q=stage"))


async def test_a_press_on_a_head_orders_the_table_at_the_server(page: Page) -> None:
    await page.goto("/requests")
    await page.get_by_role("button", name=re.compile(r"^Request")).click()
    await page.get_by_role("button", name=re.compile(r"^Request")).click()

    head = page.get_by_role("columnheader", name=re.compile(r"^Request"))
    await expect(head).to_have_attribute("aria-sort", "descending")
    await expect(page.get_by_role("row").nth(1).get_by_role("link")).to_have_text("PROD2026-003")


async def test_a_production_is_found_by_one_search_and_one_key_and_shows_its_missing_seeds(
    page: Page,
) -> None:
    posts: list[str] = []
    await page.goto("/requests")
    await expect(page.get_by_role("link", name="PROD2025-013")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_placeholder("A name, a task, a person, a dataset …").fill("PROD2025-013")
    option = page.get_by_role("button", name=re.compile("^PROD2025-013 "))
    await expect(option).to_be_visible()
    page.on(
        "request", lambda request: posts.append(request.post_data or "") if request.method == "POST" else None
    )

    await option.click()

    await expect(page.get_by_role("heading", name="PROD2025-013")).to_be_visible()
    reco = page.get_by_role("region", name="RECO")
    await expect(reco.get_by_text("Missing seeds:")).to_be_visible()
    queries = [body for body in posts if '"operationName":"Request"' in body]
    assert len(queries) == 1
    assert all("documentId" in body and '"query"' not in body for body in posts)


async def test_a_production_that_is_not_there_is_said_to_be_absent(page: Page) -> None:
    await page.goto("/requests/PROD2099-001")

    await expect(page.get_by_text(re.compile("PROD2099-001"))).to_be_visible()

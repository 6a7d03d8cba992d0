"""What stands beside a production: its seeds' neighbours, its past, its trail, the rules of its datasets."""

import asyncio
import datetime as dt
import re
from urllib.parse import quote

from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import log_in, new_page
from tests.panel.test_every_page import violations
from tests.support.receivers import Mailbox

DATASET = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-011.RECO.1.R"


async def test_the_seeds_of_a_request_lead_to_who_holds_the_others(page: Page) -> None:
    await page.goto("/requests/PROD2025-016")
    await page.get_by_role("link", name=re.compile("40.001–50.000")).click()

    table = page.get_by_role("table", name="Who holds which seeds")
    await expect(table.get_by_role("row", name=re.compile("PROD2025-016 .* 40.001 50.000"))).to_be_visible()
    await expect(table.get_by_role("row", name=re.compile("PROD2025-014 .* 20.001 30.000"))).to_be_visible()
    await expect(page.get_by_text("50 001".replace(" ", "\u2009"), exact=True)).to_be_visible()
    await page.get_by_label("Physics of the request").fill("PROD2025-999")
    await page.get_by_role("button", name="Show its seeds").click()
    await expect(page.get_by_text("There is no request 'PROD2025-999'.")).to_be_visible()


async def test_a_production_is_shown_as_it_was_and_its_trail_says_what_happened_since(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman")
        await page.goto("/requests/PROD2025-016?do=clone")
        await page.get_by_role("button", name="Make 1 clone").click()
        await page.get_by_role("dialog").get_by_role("link", name=re.compile("PROD20")).click()
        heading = page.get_by_role("heading", level=1)
        await expect(heading).not_to_have_text("PROD2025-016")
        name = await heading.inner_text()
        await expect(page.get_by_title("Decision")).to_have_text("DRAFT")
        before = dt.datetime.now(dt.UTC)
        await page.goto(f"/requests/{name}?do=hold")
        await page.get_by_label("Why").fill("a test")
        await page.get_by_role("button", name="Hold", exact=True).last.click()
        await expect(page.get_by_title("Decision")).to_have_text("ON HOLD")

        await page.goto(f"/requests/{name}?asOf={quote(before.isoformat())}")

        await expect(page.get_by_title("Decision")).to_have_text("DRAFT")
        await expect(page.get_by_role("status").filter(has_text="as of")).to_be_visible()
        await expect(page.get_by_role("group", name="What can be done")).to_have_count(0)
        assert await violations(page) == []
        await page.get_by_role("button", name="Back to now").click()
        await expect(page.get_by_title("Decision")).to_have_text("ON HOLD")
        await expect(page.get_by_role("region", name="Trail")).to_have_count(0)
    async with new_page(browser, own_url) as page:
        await log_in(page, "voadmin", f"/requests/{name}")
        trail = page.get_by_role("region", name="Trail", exact=True)
        row = trail.get_by_role("row", name=re.compile(f"prodman holdRequest {name} DONE a test"))
        await expect(row).to_be_visible()
        assert await violations(page) == []


async def test_what_came_of_a_production_stands_beside_what_was_to_be_expected(page: Page) -> None:
    await page.goto("/requests/PROD2025-013")

    table = page.get_by_role("region", name="Forecast and outcome").get_by_role("table")
    output = table.get_by_role("row", name=re.compile("RECO Output"))
    await expect(output).to_contain_text(re.compile(r"TB \(.*TB\).*TB.*(WITHIN|OUTSIDE)"))


async def test_rules_are_added_and_deleted_where_the_dataset_is_shown(browser: Browser, own_url: str) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "operator", f"/datasets/{DATASET}")
        await page.get_by_role("button", name="Add a rule …").click()
        dialog = page.get_by_role("dialog", name="Keep copies by a new rule")
        await dialog.get_by_label("Storage, or an expression of Rucio").fill("NOWHERE")
        await dialog.get_by_role("button", name="Add the rule").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("RSE")
        assert await violations(page) == []
        await dialog.get_by_label("Storage, or an expression of Rucio").fill("JINR_EOS")
        await dialog.get_by_label("Days from now").fill("30")
        await dialog.get_by_role("button", name="Add the rule").click()
        await expect(dialog.get_by_role("status")).to_contain_text("Rucio has taken it")
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", f"/datasets/{DATASET}")
        # The operator's rule may be shown by now: the row says whose each is.
        row = page.get_by_role("row", name=re.compile("JINR_EOS × 1 .* prodman"))
        await row.get_by_role("button", name="Delete the rule for JINR_EOS").click()
        dialog = page.get_by_role("dialog", name="Delete the rule for JINR_EOS")
        confirm = dialog.get_by_role("button", name="Delete the rule")
        await expect(confirm).to_be_disabled()
        await dialog.get_by_label("Why").fill("a test")
        await confirm.click()
        await expect(dialog.get_by_role("status")).to_contain_text("Rucio has taken it")
        await page.goto(f"/datasets/{DATASET}?do=lifetime.none")
        await expect(page.get_by_role("heading", name="Rules")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_many_tasks_are_asked_about_before_any_of_them_is_steered(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/tasks?q=PROD2025-013")
        for task in ("362", "363"):
            await page.get_by_role("checkbox", name=f"Select {task}").check()
        await page.get_by_role("button", name="Ask PanDA for 2 tasks …").click()
        await page.get_by_role("menuitem", name="Kill …").click()

        dialog = page.get_by_role("dialog", name="Kill 2 tasks")
        await expect(dialog.get_by_role("listitem").filter(has_text="Task 362")).to_contain_text(
            "cannot take it"
        )
        await expect(dialog.get_by_role("listitem").filter(has_text="Task 363")).to_contain_text(
            "cannot take it"
        )
        await expect(dialog.get_by_role("button", name="Kill 0 tasks")).to_be_disabled()
        assert await violations(page) == []


async def code_in(box: Mailbox) -> str:
    """The code of the one mail that comes."""
    async with asyncio.timeout(60):
        await box.has_come.wait()
    found = re.search(r"^\s*(\d{6,})\s*$", box.mails[0].get_content(), re.MULTILINE)
    assert found is not None
    return found[1]


async def test_an_address_is_confirmed_by_its_code(browser: Browser, own_url: str, mail: Mailbox) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/settings")
        settings = page.get_by_role("region", name="E-mail")
        await settings.get_by_label("Address").fill("prodman@example.test")
        await settings.get_by_label("tasks that are done").check()
        await settings.get_by_role("button", name="Keep").click()
        code = settings.get_by_label("Code from the e-mail")
        await expect(code).to_be_visible()
        await code.fill("000000")
        await settings.get_by_role("button", name="Confirm").click()
        await expect(settings.get_by_role("alert")).to_be_visible()
        await code.fill(await code_in(mail))
        await settings.get_by_role("button", name="Confirm").click()
        await expect(settings.get_by_text("Confirmed as yours")).to_be_visible()
        await page.reload()
        await expect(settings.get_by_label("tasks that are done")).to_be_checked()
        await expect(settings.get_by_label("new findings")).not_to_be_checked()
        assert await violations(page) == []

        await page.goto("/tasks/363")
        await expect(page.get_by_role("link", name="at PanDA ↗")).to_have_attribute(
            "href", "https://monitor.test/task/363/"
        )

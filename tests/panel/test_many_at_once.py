"""Work on many things in a browser: edits of many requests and back, findings noted, tasks adopted."""

import re
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import log_in, new_page
from tests.panel.test_every_page import violations
from tests.panel.test_limits import doctored
from tests.panel.test_states import answer_with

ADOPTED: dict[str, object] = {
    "data": {
        "change": {
            "__typename": "RequestChanged",
            "request": {"__typename": "Request", "id": "r", "name": "PROD2025-015"},
        }
    }
}


async def column(page: Page, head: str) -> None:
    """Show one more column of the table."""
    await page.get_by_role("button", name="Columns", exact=True).click()
    await page.get_by_role("checkbox", name=head, exact=True).check()
    await page.keyboard.press("Escape")


async def test_many_requests_are_edited_at_once_after_a_preview_and_the_edit_is_undone(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/requests?q=PROD2026")
        table = page.get_by_role("table", name="Requests")
        await column(page, "Campaign")
        for name in ("PROD2026-001", "PROD2026-002"):
            await page.get_by_role("checkbox", name=f"Select {name}").check()
        await page.get_by_role("button", name="Edit 2 …").click()
        dialog = page.get_by_role("dialog", name="Edit 2 requests")
        await dialog.get_by_label("Priority").fill("650")

        preview = dialog.get_by_role("table", name="What will change")
        await expect(
            preview.get_by_role("row", name=re.compile("PROD2026-001 priority .* 650"))
        ).to_be_visible()
        await expect(
            preview.get_by_role("row", name=re.compile("PROD2026-002 priority .* 650"))
        ).to_be_visible()
        assert await violations(page) == []
        await dialog.get_by_role("button", name="Edit 2 requests").click()

        notice = page.get_by_role("status").filter(has_text="2 requests were edited")
        await expect(notice).to_contain_text("PROD2026-001, PROD2026-002")
        await column(page, "Priority")
        await expect(table.get_by_role("cell", name="650")).to_have_count(2)
        await notice.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("2 requests are as they were before")).to_be_visible()
        await expect(table.get_by_role("cell", name="650")).to_have_count(0)


async def test_an_edit_that_one_request_cannot_bear_is_not_offered_for_any(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman")
        for name in ("PROD2025-013", "PROD2026-003"):
            await page.get_by_role("checkbox", name=f"Select {name}").check()
        await page.get_by_role("button", name="Edit 2 …").click()
        dialog = page.get_by_role("dialog", name="Edit 2 requests")

        await dialog.get_by_label("Tag").fill("minbias-P8")

        row = dialog.get_by_role("row", name=re.compile("^PROD2025-013"))
        await expect(row).to_contain_text("ACCEPTED")
        await expect(dialog.get_by_role("button", name=re.compile("^Edit [0-9]+ request"))).to_be_disabled()


async def test_findings_are_noted_with_a_reason_and_the_notes_are_taken_back(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/findings?q=widow")
        row = page.get_by_role("row", name=re.compile("PROD2025-004"))
        await page.get_by_role("checkbox", name="Select widow PROD2025-004").check()
        await page.get_by_role("button", name="Take note of 1 …").click()
        dialog = page.get_by_role("dialog", name="Take note of 1 finding")
        confirm = dialog.get_by_role("button", name="Take note of 1 finding")
        await expect(confirm).to_be_disabled()
        await dialog.get_by_label("Why they may stand").fill("Its data were removed on purpose.")
        assert await violations(page) == []
        await confirm.click()

        await expect(dialog).to_have_count(0)
        await expect(row).to_have_count(0)
        await page.goto('/findings?q=widow&is={"noted":["yes"]}')
        await expect(row).to_contain_text("prodman: Its data were removed on purpose.")
        await page.get_by_role("checkbox", name="Select widow PROD2025-004").check()
        await page.get_by_role("button", name="Take 1 note back …").click()
        await page.get_by_role("dialog").get_by_role("button", name="Take 1 note back").click()
        await expect(row).to_have_count(0)
        await page.goto("/findings?q=widow")
        await expect(row).to_be_visible()


async def test_a_task_that_nobody_claims_is_adopted_from_its_finding(browser: Browser, own_url: str) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/findings?q=orphan-task")

        await page.get_by_role("link", name="347").click()
        dialog = page.get_by_role("dialog", name="Adopt task 347")
        await expect(dialog.get_by_label("Step")).to_have_value("RECO")
        await dialog.get_by_label("Request").fill("PROD2025-015")
        await dialog.get_by_label("Why").fill("Sent by hand before the request was written down.")
        assert await violations(page) == []
        await dialog.get_by_role("button", name="Adopt the task").click()

        await expect(dialog).to_have_count(0)
        await expect(page.get_by_role("button", name="Adopt …")).to_have_count(0)
        await page.goto("/requests/PROD2025-015")
        await expect(page.get_by_role("region", name="RECO").get_by_text("Attempt 1")).to_be_visible()


async def test_datasets_that_nobody_claims_are_adopted_from_their_findings(
    browser: Browser, own_url: str
) -> None:
    dids = [f"MC2025_S1:MC2025_S1.x.27GeV-UU.PROD2019-001.SIM.1.{output}" for output in "SP"]

    def orphan(data: Any) -> None:
        row = data["findings"]["nodes"][0]
        data["findings"]["nodes"] = [
            row
            | {
                "id": did,
                "code": "orphan-dataset",
                "subjectKind": "DATASET",
                "subjectKey": did,
                "request": None,
            }
            for did in dids
        ]

    async with new_page(browser, own_url) as page, doctored(page, "Findings", orphan):
        await log_in(page, "prodman", "/findings?q=orphan")
        await expect(page.get_by_role("link", name=dids[0])).to_have_attribute("href", re.compile("do=adopt"))
        for did in dids:
            await page.get_by_role("checkbox", name=f"Select orphan-dataset {did}").check()
        await page.get_by_role("button", name="Adopt 2 datasets …").click()
        dialog = page.get_by_role("dialog", name="Adopt 2 datasets")
        await expect(dialog.get_by_role("listitem")).to_have_text(dids)
        await expect(dialog.get_by_label("Step")).to_have_value("SIM")
        await dialog.get_by_label("Request").fill("PROD2025-015")
        await dialog.get_by_label("Why").fill("Written before the request was.")
        assert await violations(page) == []
        await dialog.get_by_role("button", name="Adopt 2 datasets").click()

        # The gateway looks for them in its copy of Rucio, and these are made up.
        await expect(dialog.get_by_role("alert")).to_contain_text(f"Rucio has no dataset '{dids[1]}'")
        await answer_with(page, "AdoptDatasets", ADOPTED)
        await dialog.get_by_role("button", name="Adopt 2 datasets").click()
        await expect(dialog).to_have_count(0)


async def test_whoever_may_only_read_is_offered_no_choice_of_rows(browser: Browser, own_url: str) -> None:
    async with new_page(browser, own_url) as page:
        for path in ("/requests", "/findings"):
            await page.goto(path)
            await expect(page.get_by_role("row").nth(1)).to_be_visible()
            await expect(page.get_by_role("checkbox")).to_have_count(0)

"""What people change in a browser: who they are, clones, forms, submissions, repairs and tokens."""

import re

from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import log_in, new_page
from tests.panel.test_every_page import violations

SCRIPTS = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"
COUNT_CLICKS = "window.clicks = 0; addEventListener('click', (event) => { clicks += event.detail > 0 }, true)"


async def test_a_person_logs_in_at_iam_and_sees_their_roles_and_logs_out(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await page.goto("/requests/PROD2025-016")
        await expect(page.get_by_role("heading", name="PROD2025-016")).to_be_visible()
        await expect(page.get_by_role("button", name="Clone …")).to_have_count(0)

        await log_in(page, "prodman", "/requests/PROD2025-016")

        await expect(page).to_have_url(re.compile("/requests/PROD2025-016$"))
        await expect(page.get_by_role("button", name="Clone …")).to_be_visible()
        await page.get_by_role("button", name="Account of Production Manager").click()
        await expect(page.get_by_role("menu")).to_contain_text("production manager, viewer")
        await page.get_by_role("menuitem", name="Log out").click()
        await expect(page.get_by_role("link", name="Log in with SPD IAM")).to_be_visible()


async def test_an_analyst_reads_in_words_why_they_may_not_submit(browser: Browser, own_url: str) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "analyst")

        await page.goto("/requests/PROD2025-016?do=submit")

        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("alert")).to_have_text(
            "Analyst, you may not do this as analyst, viewer: it needs the right SUBMIT."
        )
        await expect(dialog.get_by_role("button", name=re.compile("^Send"))).to_have_count(0)
        await dialog.get_by_role("button", name="Close").last.click()
        await expect(page.get_by_role("button", name="Submit …")).to_have_count(0)
        await expect(page.get_by_role("button", name="Clone …")).to_be_visible()


async def test_seeds_that_collide_cannot_be_saved_and_the_form_shows_with_whom(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman", "/requests/new")
        typed = {
            "Stage": "S2",
            "Version": "4.1.7.2",
            "Tag": "minbias-P8-spdroot4172-dev",
            "Events": "40 000 000",
            "Events per file": "4000",
            "Geometry, with commas": "DSSD, TS, TOF, ECal, FARICH, RS, BBC, ZDC (sketch)",
            "First seed": "40001",
            "Last seed": "50000",
        }
        for label, value in typed.items():
            await page.get_by_role("textbox", name=label, exact=True).fill(value)
        for place, script in enumerate(("simu.C", "reco.C")):
            await page.get_by_role("textbox", name="Script on CVMFS").nth(place).fill(f"{SCRIPTS}/{script}")
        preview = page.get_by_role("region", name="What it becomes")
        save = page.get_by_role("button", name="Make the draft")

        await expect(preview.get_by_text("This cannot be saved")).to_be_visible()
        await expect(preview.get_by_role("row", name=re.compile("PROD2025-016 collides"))).to_be_visible()
        await expect(save).to_be_disabled()

        for label in ("First seed", "Last seed"):
            await page.get_by_role("textbox", name=label, exact=True).fill("")
        await expect(preview.get_by_text("50 001–60 000".replace(" ", "\u2009"))).to_be_visible()
        await expect(save).to_be_enabled()
        assert await violations(page) == []


async def test_a_stale_edit_shows_the_difference_and_goes_on_from_the_present(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page, new_page(browser, own_url) as other:
        for tab in (page, other):
            await log_in(tab, "prodman", "/requests/PROD2025-016/edit")
            await expect(tab.get_by_role("textbox", name="Priority")).to_be_visible()
        await other.get_by_role("textbox", name="Priority").fill("700")
        await other.get_by_role("button", name="Save 1 field").click()
        await expect(other).to_have_url(re.compile("/requests/PROD2025-016$"))
        await page.get_by_role("textbox", name="Campaign").fill("")
        await page.get_by_role("textbox", name="Description (Markdown)").fill("One more batch.")

        await page.get_by_role("button", name="Save 1 field").click()

        alert = page.get_by_role("alert").filter(has_text="Somebody changed this meanwhile")
        await expect(alert.get_by_role("row", name=re.compile("priority .*700"))).to_be_visible()
        await page.get_by_role("button", name="Go on from the present version").click()
        await expect(page.get_by_role("textbox", name="Priority")).to_have_value("700")
        await page.get_by_role("button", name="Save 1 field").click()
        await expect(page.get_by_text("One more batch.")).to_be_visible()


async def test_five_more_productions_are_made_submitted_watched_and_repaired(
    browser: Browser, own_url: str
) -> None:
    async with new_page(browser, own_url) as page:
        await page.add_init_script(COUNT_CLICKS)
        await log_in(page, "prodman", "/requests?q=PROD2025-016")

        await page.get_by_role("link", name="PROD2025-016").click()
        await page.get_by_role("button", name="Clone …").click()
        await page.get_by_label("How many").fill("5")
        rows = page.get_by_role("table", name="What will be made").get_by_role("row")
        await expect(rows).to_have_count(6)
        await expect(rows.nth(1)).to_contain_text("PROD2025-018")
        await expect(rows.nth(1)).to_contain_text("50 001–60 000".replace(" ", "\u2009"))
        await expect(rows.nth(5)).to_contain_text("PROD2025-022.RECO.1")
        await expect(page.get_by_text("All together: 184.6\u2009TB")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="Make 5 clones").click()
        await expect(page.get_by_text("5 clones were made:")).to_be_visible()
        assert await page.evaluate("clicks") == 3

        await page.get_by_role("button", name="Submit all 5 …").click()
        send = page.get_by_role("button", name="Send 10 tasks to PanDA in my name")
        await expect(send).to_be_enabled()
        assert await violations(page) == []
        await send.click()
        await expect(page.get_by_text("2 tasks are on their way")).to_have_count(5)

        await page.get_by_role("dialog").get_by_role("link", name="PROD2025-018").click()
        sim = page.get_by_role("region", name="SIM")
        # Nothing is reloaded: the page follows by itself.
        await expect(sim.get_by_text(re.compile(r"Jobs done: [1-9]"))).to_be_visible(timeout=90_000)
        again = page.get_by_role("button", name="Redo missing SIM …")
        await expect(again).to_be_visible(timeout=90_000)

        await again.click()
        await page.get_by_role("button", name="Redo 3 seeds").click()

        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(sim.get_by_text("Attempt 2")).to_be_visible()

        await page.goto("/requests/PROD2025-019")
        await expect(page.get_by_role("button", name="Redo missing SIM …")).to_be_visible(timeout=90_000)
        await sim.get_by_role("link", name=re.compile("^Task ")).click()
        await make_a_task_again(page)


async def make_a_task_again(page: Page) -> None:
    """Send the task whose page is open once more, with another priority."""
    await page.get_by_role("button", name="Make again …").click()
    dialog = page.get_by_role("dialog", name=re.compile("^Make task [0-9]+ again$"))
    different = dialog.get_by_role("region", name="What is sent otherwise")
    name = different.get_by_role("row", name=re.compile("^taskName"))
    await expect(name).to_contain_text('PROD2025-019.SIM.1"')
    await expect(name).to_contain_text('PROD2025-019.SIM.2"')
    await expect(different.get_by_role("row", name=re.compile("^taskPriority"))).to_have_count(0)
    await dialog.get_by_label("Priority").fill("850")
    await expect(different.get_by_role("row", name=re.compile("^taskPriority"))).to_contain_text("850")
    assert await violations(page) == []

    await dialog.get_by_role("button", name="Send 1 task to PanDA in my name").click()

    await expect(dialog.get_by_role("status")).to_contain_text("1 task is on its way")
    await expect(dialog.get_by_role("status")).to_contain_text("PROD2025-019.SIM.2")


async def test_a_token_is_shown_once_listed_and_revoked(browser: Browser, own_url: str) -> None:
    async with new_page(browser, own_url) as page:
        await log_in(page, "analyst", "/settings")
        await page.get_by_label("What for").fill("my notebook")

        await page.get_by_role("button", name="Make a token").click()

        await expect(page.get_by_text(re.compile("^spdgw_"))).to_be_visible()
        await page.reload()
        row = page.get_by_role("row", name=re.compile("my notebook"))
        await expect(row).to_be_visible()
        await expect(page.get_by_text(re.compile("^spdgw_"))).to_have_count(0)
        await row.get_by_role("button", name="Revoke my notebook").click()
        await expect(row).to_contain_text("revoked")
        assert await violations(page) == []

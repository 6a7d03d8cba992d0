"""Every dialog and menu: whole on a phone and on a laptop, without a violation of WCAG 2.2 AA."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import log_in, new_page
from tests.panel.layout import breaks, settle
from tests.panel.test_every_page import in_russian, violations

DATASET = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"
# One dialog serves all of them. One of each kind: without a reason, with one, one that cannot be undone.
DECISIONS = ("ready", "hold", "reject")
COMMANDS = ("RETRY", "CHANGE_PRIORITY", "KILL")
# A dialog is as wide as it wants to be on every larger screen.
WIDTHS = (360, 1_440)

# What has an address; nothing is pressed in it.
ADDRESSES = {
    "requests": [
        "/requests/PROD2025-016?do=clone",
        "/requests/PROD2025-014?do=submit",
        "/requests/PROD2025-013?do=recover.RECO",
        *(f"/requests/PROD2025-015?do={decision}" for decision in DECISIONS),
    ],
    "the rest": [
        *(f"/tasks/363?do={command}" for command in COMMANDS),
        "/tasks/363?do=again",
        "/tasks/347?do=adopt",
        f"/datasets/{DATASET}?do=addRule",
        f"/datasets/{DATASET}?do=lifetime.{{rule}}",
        f"/datasets/{DATASET}?do=delete.{{rule}}",
    ],
}
FORMS = ("/settings", "/requests/new", "/requests/PROD2025-015/edit")


async def faults(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands, on a phone and on a laptop and in both themes."""
    found = await violations(page)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await settle(page)
        found += [f"{line}, at {width} px" for line in await breaks(page)]
    return found


async def rule_of(page: Page) -> str:
    """Return the id of a rule of the dataset."""
    answer = await page.request.post(
        "/graphql",
        data={"query": f'{{ dataset(did: "{DATASET}") {{ ... on Dataset {{ rules {{ ruleId }} }} }} }}'},
        headers={"accept": "application/json", "x-gateway-panel": "1"},
    )
    rules: list[Any] = (await answer.json())["data"]["dataset"]["rules"]
    return str(rules[0]["ruleId"])


@pytest.mark.parametrize("group", ADDRESSES)
async def test_every_dialog_with_an_address_is_whole_and_passes_the_audit(
    browser: Browser, own_url: str, group: str
) -> None:
    found: dict[str, list[str]] = {}
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman")
        await in_russian(page)
        rule = await rule_of(page)
        for address in ADDRESSES[group]:
            await page.goto(address.format(rule=rule))
            await expect(page.get_by_role("dialog")).to_be_visible()
            await expect(page.get_by_role("status").filter(has_text="Загрузка")).to_have_count(0)
            if wrong := await faults(page):
                found[address] = wrong

    assert found == {}, found


async def test_every_form_is_whole_and_passes_the_audit(browser: Browser, own_url: str) -> None:
    found: dict[str, list[str]] = {}
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman")
        await in_russian(page)
        for address in FORMS:
            await page.goto(address)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await expect(page.get_by_role("status").filter(has_text="Загрузка")).to_have_count(0)
            if wrong := await faults(page):
                found[address] = wrong

    assert found == {}, found


async def test_what_opens_by_a_press_passes_the_audit_in_both_themes(browser: Browser, own_url: str) -> None:
    found: dict[str, list[str]] = {}
    async with new_page(browser, own_url) as page:
        await log_in(page, "prodman")
        for name in ("Columns", "Views", "Filters", "Export", re.compile("^Account of")):
            await page.get_by_role("button", name=name).first.click()
            await expect(page.locator("[role=dialog], [role=menuitem]").first).to_be_visible()
            if wrong := await violations(page):
                found[str(name)] = wrong
            await page.get_by_role("heading", level=1).click()
            await expect(page.locator("[role=dialog], [role=menu]")).to_have_count(0)
        await page.get_by_role("button", name="Query", exact=True).click()
        await expect(page.get_by_role("dialog").get_by_role("region", name="Requests")).to_be_visible()
        if wrong := await violations(page):
            found["query"] = wrong
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        await page.get_by_role("dialog").get_by_role("textbox").fill("27 GeV PROD2025-013")
        await expect(page.get_by_role("button", name=re.compile("^Requests: 27"))).to_be_visible()
        if wrong := await violations(page):
            found["palette"] = wrong

    assert found == {}, found


async def test_a_row_of_a_phones_table_opens_as_a_card_with_all_of_it(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.goto("/requests?q=PROD2025-013")
    await expect(page.get_by_role("columnheader")).to_have_text(["Request", "Decision", "More"])

    await page.get_by_role("button", name="All of PROD2025-013").click()

    card = page.get_by_role("dialog", name="PROD2025-013")
    await expect(card.get_by_text("10001–20000")).to_be_visible()
    await expect(card.get_by_text("PARTIAL")).to_be_visible()
    assert await violations(page) == []
    assert await breaks(page) == []


async def test_a_phone_has_log_in_at_hand_and_the_rest_in_its_menu(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.goto("/")
    await expect(
        page.get_by_role("banner").get_by_role("link", name="Log in with SPD IAM")
    ).to_be_in_viewport()
    await expect(page.get_by_role("link", name="Sites", exact=True)).to_have_count(0)

    await page.get_by_role("button", name="Menu").click()

    menu = page.get_by_role("navigation", name="Menu")
    await expect(menu.get_by_role("link", name="Sites", exact=True)).to_be_in_viewport()
    await expect(menu.get_by_role("button", name="Dark or light")).to_be_in_viewport()
    assert await violations(page) == []

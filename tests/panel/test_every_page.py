"""Every page of the menu: drawn, without a violation of WCAG 2.2 AA, in both themes and both languages."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import new_page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

LISTS = {
    "/requests": "Requests",
    "/tasks": "Tasks",
    "/datasets": "Datasets",
    "/storages": "Storage",
    "/sites": "Sites",
    "/people": "People",
    "/findings": "Findings",
}
DETAILS = {
    "/": "Overview",
    "/statistics": "Statistics",
    "/statistics?by=STEP&measure=outputBytes&cumulative=true&until=2025-04-30": "Statistics",
    "/services": "Services",
    "/seeds?request=PROD2025-016": "Seeds",
    "/storages/JINR_EOS": "JINR_EOS",
    "/sites/JINR": "JINR",
    "/people/prodman": "Production Manager",
    "/requests/PROD2025-013": "PROD2025-013",
    "/tasks/363": "Task 363",
    "/datasets/MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R": "MC2025_S1:",
}


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds on the page, a line for each."""
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(
        """async (rules) => {
            const { violations } = await axe.run(document, { runOnly: rules });
            return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        }""",
        RULES,
    )
    return found


async def test_the_audit_finds_a_picture_without_words(page: Page) -> None:
    await page.goto("/requests")
    await page.evaluate("document.body.append(document.createElement('img'))")

    assert [line.split(":")[0] for line in await violations(page)] == ["image-alt"]


@pytest.mark.parametrize(("path", "name"), LISTS.items())
async def test_a_list_shows_rows_and_passes_the_audit(page: Page, path: str, name: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await expect(page.get_by_role("row").nth(1)).to_be_visible()
    await expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")

    assert await violations(page) == []


@pytest.mark.parametrize(("path", "heading"), DETAILS.items())
async def test_a_page_shows_itself_and_passes_the_audit(page: Page, path: str, heading: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("heading", name=heading).first).to_be_visible()

    assert await violations(page) == []


@pytest.mark.parametrize("path", [*LISTS, *DETAILS])
async def test_the_same_in_the_dark_and_in_russian(browser: Browser, gateway_url: str, path: str) -> None:
    async with new_page(browser, gateway_url, locale="ru-RU", color_scheme="dark") as page:
        await page.goto(path)
        await expect(page.get_by_role("link", name="Заявки", exact=True)).to_be_visible()
        await expect(page.get_by_role("heading").first).to_be_visible()
        await expect(page.get_by_role("progressbar", name="Загрузка")).to_have_count(0)

        assert await violations(page) == []

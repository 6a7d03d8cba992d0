"""Every page: drawn, without a violation of WCAG 2.2 AA, in both themes and both languages."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

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
    "/settings": "Settings",
    "/query": "Query",
    "/seeds?request=PROD2025-016": "Seeds",
    "/storages/JINR_EOS": "JINR_EOS",
    "/sites/JINR": "JINR",
    "/people/prodman": "Production Manager",
    "/requests/PROD2025-013": "PROD2025-013",
    "/tasks/363": "Task 363",
    "/datasets/MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R": "MC2025_S1:",
}


# GraphiQL is somebody else's; what stands around it is ours. Colours that still change are of neither theme.
AUDIT = """async (rules) => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    const place = { include: [["html"]], exclude: [[".graphiql-container"]] };
    const theme = document.documentElement.dataset.mantineColorScheme;
    const { violations } = await axe.run(place, { runOnly: rules });
    return violations.map(({ id, nodes }) => `${id} (${theme}): ${nodes.map(({ html }) => html).join(" ")}`);
}"""


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds on the page as it stands, in the light and in the dark, a line for each."""
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(AUDIT, RULES)
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme)
        await expect(page.locator(f"html[data-mantine-color-scheme={theme}]")).to_have_count(1)
        if theme == "dark":
            found += await page.evaluate(AUDIT, RULES)
    return found


async def in_russian(page: Page) -> None:
    """Choose the other language, as a person does."""
    choice = page.get_by_role("banner").get_by_role("radiogroup", name="Language")
    await choice.get_by_text("ru", exact=True).click()
    await expect(page.get_by_role("link", name="Заявки", exact=True)).to_be_visible()
    await expect(page.locator("html[lang=ru]")).to_have_count(1)


async def test_the_audit_finds_a_picture_without_words_and_words_too_faint_in_the_dark(page: Page) -> None:
    await page.goto("/requests")
    await expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible()
    await page.evaluate(
        """() => {
            const faint = document.createElement("p");
            faint.textContent = "Too faint in the dark";
            faint.style.color = "light-dark(black, #444)";
            document.querySelector("main").append(document.createElement("img"), faint);
        }"""
    )

    found = [line.partition(":")[0] for line in await violations(page)]

    assert found == ["image-alt (light)", "color-contrast (dark)", "image-alt (dark)"]


@pytest.mark.parametrize(("path", "name"), LISTS.items())
async def test_a_list_shows_rows_and_passes_the_audit_in_both_languages(
    page: Page, path: str, name: str
) -> None:
    await page.goto(path)
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await expect(page.get_by_role("row").nth(1)).to_be_visible()
    await expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")

    assert await violations(page) == []
    await in_russian(page)
    assert await violations(page) == []


@pytest.mark.parametrize(("path", "heading"), DETAILS.items())
async def test_a_page_shows_itself_and_passes_the_audit_in_both_languages(
    page: Page, path: str, heading: str
) -> None:
    await page.goto(path)
    await expect(page.locator("main").get_by_text(heading).first).to_be_visible()

    assert await violations(page) == []
    await in_russian(page)
    assert await violations(page) == []

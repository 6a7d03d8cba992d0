"""Takes the pictures of docs/panel.md: every screen of the panel, light and dark, from a gateway that runs.

Use: `make screenshots URL=http://127.0.0.1:8000` while `make run` serves the practice data.
"""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, Page, async_playwright

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "panel"
SIZE: Final = (1280, 800)

RECO = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"
SCREENS: Final = {
    "overview": "/",
    "requests": "/requests",
    "request": "/requests/PROD2025-013",
    "tasks": "/tasks",
    "task": "/tasks/363",
    "datasets": "/datasets",
    "dataset": f"/datasets/{RECO}",
    "storages": "/storages",
    "storage": "/storages/JINR_EOS",
    "sites": "/sites",
    "site": "/sites/JINR",
    "people": "/people",
    "person": "/people/prodman",
    "findings": "/findings",
    "seeds": "/seeds?request=PROD2025-016",
    "statistics": "/statistics?by=STEP&measure=outputBytes",
    "services": "/services",
    "query": "/query",
}

# What only somebody with rights sees; nothing is pressed that changes anything.
DIALOGS: Final = {
    "new": "/requests/new",
    "edit": "/requests/PROD2025-016/edit",
    "clone": "/requests/PROD2025-016?do=clone",
    "submit": "/requests/PROD2026-003?do=submit",
    "hold": "/requests/PROD2025-016?do=hold",
    "recover": "/requests/PROD2026-002?do=recover.SIM",
    "steer": "/tasks/363?do=RETRY",
    "adopt": "/tasks/347?do=adopt",
    "rule": f"/datasets/{RECO}?do=addRule",
    "settings": "/settings",
}

# Live pages never fall silent, so silence cannot be waited for.
SETTLED_MS: Final = 2_500


async def take(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> None:
    """Write a picture of each screen in one theme."""
    context = await browser.new_context(
        base_url=url,
        locale="en-GB",
        timezone_id="Europe/Moscow",
        color_scheme=scheme,
        viewport={"width": SIZE[0], "height": SIZE[1]},
    )
    page = await context.new_page()
    for name, path in SCREENS.items():
        await page.goto(path)
        await page.get_by_role("heading").first.wait_for()
        await page.wait_for_timeout(SETTLED_MS)
        await page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    await page.goto("/")
    await page.get_by_role("heading").first.wait_for()
    await page.keyboard.press("Control+k")
    await page.get_by_role("textbox").last.fill("27 GeV pp UU >= 40 M events at JINR")
    await page.wait_for_timeout(SETTLED_MS)
    await page.screenshot(path=FOLDER / f"palette-{scheme}.png")
    await log_in(page)
    for name, path in DIALOGS.items():
        await page.goto(path)
        await page.get_by_role("heading").first.wait_for()
        await page.wait_for_timeout(SETTLED_MS)
        await page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    await page.goto("/requests?q=PROD2026")
    await page.get_by_role("link", name="PROD2026-001").wait_for()
    for box in await page.get_by_role("checkbox", name=re.compile("^Select PROD2026-00[12]")).all():
        await box.check()
    await page.get_by_role("button", name="Edit 2 …").click()
    await page.get_by_label("Priority").fill("650")
    await page.wait_for_timeout(SETTLED_MS)
    await page.screenshot(path=FOLDER / f"bulk-edit-{scheme}.png")
    await page.goto("/findings")
    await page.get_by_role("row").nth(2).wait_for()
    for box in (await page.get_by_role("checkbox", name=re.compile("^Select (?!all)")).all())[:2]:
        await box.check()
    await page.get_by_role("button", name="Take note of 2 …").click()
    await page.wait_for_timeout(SETTLED_MS)
    await page.screenshot(path=FOLDER / f"note-{scheme}.png")
    await context.close()


async def log_in(page: Page) -> None:
    """Become the production manager of the practice data."""
    await page.goto("/requests")
    await page.get_by_role("banner").get_by_role("link", name="Log in with SPD IAM").click()
    await page.locator("button[value=prodman]").click()
    await page.get_by_role("banner").get_by_role("button", name=re.compile("^Account of")).wait_for()
    await page.get_by_role("link", name="PROD2025-013").wait_for()


async def main(url: str) -> None:
    """Take all pictures of the gateway at `url`."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ["GATEWAY_CHROMIUM"],
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        await take(browser, url, "light")
        await take(browser, url, "dark")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

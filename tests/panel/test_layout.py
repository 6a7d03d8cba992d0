"""No layout breaks on a phone, a tablet, a laptop or a wall screen: measured, and compared with pictures."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.panel.layout import FOLDER, PAGES, SCREENS, Difference, breaks, difference, picture, settle

# The pictures are of this font. Nobody's screen need have it; without it there is nothing to compare with.
FONT = "DejaVu Sans"


async def has_font(page: Page) -> bool:
    """Whether letters are as wide here as in the pictures."""
    widths: list[float] = await page.evaluate(
        """(font) => {
            const drawing = new OffscreenCanvas(1, 1).getContext("2d");
            return [`16px '${font}'`, getComputedStyle(document.body).font, "16px monospace"].map((face) => {
                drawing.font = face.replace(/\\d+px/, "16px");
                return drawing.measureText("PROD2025-013 What ends when").width;
            });
        }""",
        FONT,
    )
    return widths[0] == widths[1] != widths[2]


@pytest.mark.parametrize("name", PAGES)
async def test_no_page_breaks_at_any_width_and_each_looks_as_it_did(
    page: Page, name: str, tmp_path: Path
) -> None:
    await page.goto(PAGES[name])
    found: dict[int, list[str]] = {}
    changed: dict[int, Difference] = {}
    is_comparable = await has_font(page)

    for width, height in SCREENS:
        await page.set_viewport_size({"width": width, "height": height})
        await settle(page)
        if broken := await breaks(page):
            found[width] = broken
        if not is_comparable:
            continue
        seen = await difference(page, (FOLDER / f"{name}-{width}.png").read_bytes())
        if seen.is_a_change:
            changed[width] = seen
            (tmp_path / f"{name}-{width}.png").write_bytes(await picture(page))

    assert found == {}
    assert changed == {}, f"it looks different: see {tmp_path}; if so it shall, python -m tests.panel.layout"
    if not is_comparable:
        pytest.skip(f"NOT RUN: pictures of the panel are compared where there is {FONT}")


BROKEN = {
    "is out of sight": "header.style.width = '2000px'",
    "wider than its screen": "document.body.style.width = '3000px'",
    "is cut off": "badge.parentElement.style.cssText = 'width: 20px; overflow: hidden; display: block'",
    "covers": "heading.style.marginBottom = '-60px'",
    "has words that do not fit": "fact.style.cssText = 'width: 9px; overflow: hidden; white-space: nowrap'",
    "is squeezed": "row.style.height = '400px'",
}


@pytest.mark.parametrize("words", BROKEN)
async def test_a_layout_that_is_broken_on_purpose_is_said_to_be_broken(page: Page, words: str) -> None:
    await page.goto("/requests/PROD2025-013")
    await settle(page)
    assert await breaks(page) == []

    await page.evaluate(
        f"""() => {{
            const one = (selector) => document.querySelector(selector);
            const header = one("header > div"), heading = one("h1"), badge = one("[data-tone]");
            const fact = one("dd"), row = one("tbody tr");
            {BROKEN[words]};
        }}"""
    )

    assert any(words in line for line in await breaks(page)), await breaks(page)


MOVED = {
    "the menu is gone": "document.querySelector('nav').style.display = 'none'",
    "facts stand below one another": "document.querySelector('dl').style.display = 'block'",
    "a button has gone to another place": (
        "document.querySelector('header a.mantine-Button-root').style.translate = '-200px'"
    ),
    "letters are half as large again": "document.querySelector('#content').style.zoom = 1.5",
    "everything stands further down": "document.querySelector('article').style.paddingTop = '80px'",
}


@pytest.mark.parametrize("change", MOVED)
async def test_a_page_that_was_moved_about_does_not_look_like_its_picture(page: Page, change: str) -> None:
    await page.goto("/requests/PROD2025-013")
    await settle(page)
    taken = await picture(page)
    assert await difference(page, taken) == Difference(0, 0)

    await page.evaluate(MOVED[change])

    assert (await difference(page, taken)).is_a_change

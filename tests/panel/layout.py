"""How a page stands on a screen: what of it is cut off, out of sight or covered, and a picture of its ink.

The pictures in `tests/panel/layouts` are what the pages looked like when somebody last looked at them;
`python -m tests.panel.layout` takes them anew. A cell of a picture is the share of ink in 16 x 16 points:
neither the smoothing of letters nor a changed number is a difference. Of a plot only its place counts.
"""

import asyncio
import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.panel.conftest import ARGUMENTS, CHROMIUM, QUIET, gateway_running, new_page

FOLDER: Final = Path(__file__).parent / "layouts"

# A phone, a tablet, a laptop, a wall screen; as high as there is something to see.
SCREENS: Final = ((360, 1_600), (768, 1_200), (1_440, 900), (2_560, 1_440))

PAGES: Final = {
    "overview": "/",
    "requests": "/requests",
    "request": "/requests/PROD2025-013",
    "tasks": "/tasks",
    "task": "/tasks/363",
    "datasets": "/datasets",
    "dataset": "/datasets/MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R",
    "storages": "/storages",
    "storage": "/storages/JINR_EOS",
    "sites": "/sites",
    "site": "/sites/PNPI",
    "people": "/people",
    "person": "/people/prodman",
    "findings": "/findings",
    "seeds": "/seeds?request=PROD2025-016",
    "statistics": "/statistics",
    "services": "/services",
}

# The share of inked cells that may differ, of the whole and of any part of it: numbers and dates change.
MOST_DIFFERENT: Final = 0.06
MOST_DIFFERENT_SOMEWHERE: Final = 0.75

# How long a busy machine may take to draw a page anew.
SETTLED_MS: Final = 10_000

_SETTLED: Final = """async (patience) => {
    const quiet = async () => {
        await new Promise(requestAnimationFrame);
        await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
        await new Promise(requestAnimationFrame);
    };
    const until = performance.now() + patience;
    const boxes = () => JSON.stringify([...document.querySelectorAll("main *")].map((one) => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return [x, y, width, height];
    }));
    await quiet();
    let before = boxes();
    while (performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await quiet();
        const after = boxes();
        if (after === before) return;
        before = after;
    }
}"""

_BREAKS: Final = r"""() => {
    const found = new Set();
    const scope = [...document.querySelectorAll("[role=dialog]")].find((one) => one.checkVisibility())
        ?? document.body;
    const CONTROLS = "a[href], button, input:not([type=radio]), select, textarea, summary";
    const PIECES = `${CONTROLS}, [data-tone], h1, h2, h3, dt, dd, p, label, caption`;
    const named = (one) => {
        const words = one.getAttribute("aria-label") ?? one.textContent ?? "";
        return `${one.tagName.toLowerCase()} '${words.trim().slice(0, 40)}'`;
    };
    const ancestors = (one) => {
        const all = [];
        for (let up = one.parentElement; up !== null; up = up.parentElement) all.push(up);
        return all;
    };
    const style = (one) => getComputedStyle(one);
    // What only screen readers are told, and what somebody else draws.
    const isApart = (one) =>
        one.closest(".graphiql-container, .react-flow__attribution, .skip, [aria-hidden=true]") !== null
        || [one, ...ancestors(one)].some((up) => style(up).clipPath !== "none");
    const isSeen = (one) => {
        const { width, height } = one.getBoundingClientRect();
        return width > 1 && height > 1 && !isApart(one)
            && one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    };
    const cutsOff = (up) => ["hidden", "clip"].includes(style(up).overflowX);
    const scrolls = (up) => ["auto", "scroll"].includes(style(up).overflowX);
    const shortens = (up) => style(up).textOverflow === "ellipsis" || style(up).webkitLineClamp !== "none";

    const excess = document.documentElement.scrollWidth - innerWidth;
    if (excess > 0) found.add(`the page is ${excess} px wider than its screen`);
    const article = scope.querySelector("#content article");
    if (article !== null && article.scrollWidth > article.clientWidth + 1)
        found.add(`the view is ${article.scrollWidth - article.clientWidth} px wider than its place`);

    const seen = [...scope.querySelectorAll(PIECES)].filter(isSeen);
    for (const one of seen) {
        const box = one.getBoundingClientRect();
        const isWhole = one.matches("[data-tone], h1, h2, h3, button, input, select, textarea");
        if (one.matches(CONTROLS) || isWhole) {
            for (const up of ancestors(one)) {
                if (scrolls(up)) break;
                if (!cutsOff(up)) continue;
                const frame = up.getBoundingClientRect();
                if (box.right <= frame.right + 1 && box.left >= frame.left - 1) continue;
                if (!isWhole && shortens(up)) continue;
                found.add(`${named(one)} is cut off`);
                break;
            }
            const moves = ancestors(one).some((up) => scrolls(up) && up.scrollWidth > up.clientWidth + 1);
            if (!moves && (box.left < -1 || box.right > innerWidth + 1))
                found.add(`${named(one)} is out of sight`);
        }
    }
    for (const one of scope.querySelectorAll("*")) {
        if (!cutsOff(one) || shortens(one) || one.scrollWidth <= one.clientWidth + 1) continue;
        if ([...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "") && isSeen(one))
            found.add(`${named(one)} has words that do not fit`);
    }
    for (const row of scope.querySelectorAll("tr:not([aria-hidden])"))
        if (row.getBoundingClientRect().height > 250) found.add(`${named(row)} is squeezed`);

    // Several lines of words are as many boxes, and of each there is what its surroundings leave.
    const left = (one) => {
        const frames = ancestors(one).filter((up) => cutsOff(up) || scrolls(up))
            .map((up) => up.getBoundingClientRect());
        return [...one.getClientRects()].map((box) => ({
            left: Math.max(box.left, ...frames.map((frame) => frame.left)),
            right: Math.min(box.right, ...frames.map((frame) => frame.right)),
            top: Math.max(box.top, ...frames.map((frame) => frame.top)),
            bottom: Math.min(box.bottom, ...frames.map((frame) => frame.bottom)),
        }));
    };
    const layer = (one) =>
        [one, ...ancestors(one)].find((up) => ["fixed", "sticky"].includes(style(up).position));
    const frameOf = (one) => one.closest(".mantine-InputWrapper-root, .mantine-Input-wrapper");
    const placed = seen.map((one) => ({
        one, layer: layer(one), frame: frameOf(one), boxes: left(one),
    }));
    placed.forEach((first, index) => {
        for (const second of placed.slice(index + 1)) {
            if (first.layer !== second.layer) continue;
            if (first.frame !== null && first.frame === second.frame) continue;
            if (first.one.contains(second.one) || second.one.contains(first.one)) continue;
            const meet = first.boxes.some((a) => second.boxes.some((b) =>
                Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3));
            if (meet) found.add(`${named(first.one)} covers ${named(second.one)}`);
        }
    });
    return [...found];
}"""

# Ink is what stands out from the page's background. A plot is one block: what it draws depends on the day.
_INK: Final = """
    const CELL = 16;
    const opened = async (text) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const drawing = canvas.getContext("2d", { willReadFrequently: true });
        drawing.drawImage(image, 0, 0);
        return { drawing, width: image.width, height: image.height };
    };
    const inkOf = async (text) => {
        const { drawing, width, height } = await opened(text);
        drawing.fillStyle = "#888";
        for (const plot of document.querySelectorAll("figure, canvas, svg[role=img], main svg")) {
            const box = plot.getBoundingClientRect();
            if (box.width > 60) drawing.fillRect(box.x, box.y, box.width, box.height);
        }
        const { data } = drawing.getImageData(0, 0, width, height);
        const columns = Math.floor(width / CELL), rows = Math.floor(height / CELL);
        const ink = new Float64Array(columns * rows);
        for (let y = 0; y < rows * CELL; y++)
            for (let x = 0; x < columns * CELL; x++) {
                const at = 4 * (y * width + x);
                const grey = (data[at] + data[at + 1] + data[at + 2]) / 3;
                ink[Math.floor(y / CELL) * columns + Math.floor(x / CELL)] += Math.min(1, (255 - grey) / 80);
            }
        return { columns, rows, ink: ink.map((sum) => sum / CELL ** 2) };
    };
"""

_TAKE: Final = f"""async (shot) => {{
    {_INK}
    const {{ columns, rows, ink }} = await inkOf(shot);
    const canvas = new OffscreenCanvas(columns, rows);
    const drawing = canvas.getContext("2d");
    const image = drawing.createImageData(columns, rows);
    ink.forEach((share, index) => {{
        const grey = Math.round(255 * (1 - share));
        image.data.set([grey, grey, grey, 255], 4 * index);
    }});
    drawing.putImageData(image, 0, 0);
    const blob = await canvas.convertToBlob({{ type: "image/png" }});
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}}"""

# A cell differs when none within one cell's distance is like it: a word more or less is no difference.
_COMPARE: Final = f"""async ([shot, kept]) => {{
    {_INK}
    const LIKE = 0.2;
    const now = await inkOf(shot);
    const then = await opened(kept);
    if (now.columns !== then.width || now.rows !== then.height) return {{ whole: 1, worst: 1 }};
    const {{ data }} = then.drawing.getImageData(0, 0, then.width, then.height);
    const before = now.ink.map((_share, index) => 1 - data[4 * index] / 255);
    const isAlone = (some, others, index) => {{
        const x = index % now.columns, y = Math.floor(index / now.columns);
        let lowest = 1, highest = 0;
        for (let dy = -1; dy <= 1; dy++)
            for (let dx = -1; dx <= 1; dx++) {{
                if (x + dx < 0 || x + dx >= now.columns || y + dy < 0 || y + dy >= now.rows) continue;
                const other = others[(y + dy) * now.columns + x + dx];
                lowest = Math.min(lowest, other);
                highest = Math.max(highest, other);
            }}
        return some[index] < lowest - LIKE || some[index] > highest + LIKE;
    }};
    // Of the whole, and of each part of it: a menu that is gone is little ink.
    const TILE = 8, ENOUGH = 12;
    const parts = new Map();
    before.forEach((share, index) => {{
        if (share < 0.05 && now.ink[index] < 0.05) return;
        const x = index % now.columns, y = Math.floor(index / now.columns);
        const isDifferent = isAlone(before, now.ink, index) || isAlone(now.ink, before, index);
        for (const key of ["", `${{Math.floor(x / TILE)}} ${{Math.floor(y / TILE)}}`]) {{
            const part = parts.get(key) ?? {{ inked: 0, different: 0 }};
            part.inked += 1;
            part.different += isDifferent ? 1 : 0;
            parts.set(key, part);
        }}
    }});
    const {{ inked, different }} = parts.get("") ?? {{ inked: 1, different: 1 }};
    parts.delete("");
    const worst = Math.max(0, ...[...parts.values()].filter(({{ inked }}) => inked >= ENOUGH)
        .map(({{ inked, different }}) => different / inked));
    return {{ whole: different / inked, worst }};
}}"""


async def settle(page: Page) -> None:
    """Wait until nothing on the page moves any more."""
    await expect(page.get_by_role("heading").first).to_be_visible()
    await expect(page.get_by_text("Loading", exact=False)).to_have_count(0)
    await page.evaluate(_SETTLED, SETTLED_MS)


async def breaks(page: Page) -> list[str]:
    """Return in words what is cut off, out of sight, squeezed or covered; of the open dialog, if one is."""
    found: list[str] = await page.evaluate(_BREAKS)
    return found


async def _shot(page: Page) -> str:
    return base64.b64encode(await page.screenshot(animations="disabled", caret="hide")).decode()


async def picture(page: Page) -> bytes:
    """Take the picture of the page as it stands: a PNG of cells."""
    taken: str = await page.evaluate(_TAKE, await _shot(page))
    return base64.b64decode(taken)


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of inked cells that differ, 0 to 1: of the whole picture, and of that part that differs most."""

    whole: float
    worst: float

    @property
    def is_a_change(self) -> bool:
        """Whether it is more than other numbers and other days make."""
        return self.whole > MOST_DIFFERENT or self.worst > MOST_DIFFERENT_SOMEWHERE


async def difference(page: Page, kept: bytes) -> Difference:
    """Compare the page as it stands with a picture of it."""
    shares = await page.evaluate(_COMPARE, [await _shot(page), base64.b64encode(kept).decode()])
    return Difference(shares["whole"], shares["worst"])


async def take_all(browser: Browser, url: str) -> None:
    """Write the pictures of all pages anew."""
    FOLDER.mkdir(exist_ok=True)
    async with new_page(browser, url) as page:
        for name, path in PAGES.items():
            await page.goto(path)
            for width, height in SCREENS:
                await page.set_viewport_size({"width": width, "height": height})
                await settle(page)
                (FOLDER / f"{name}-{width}.png").write_bytes(await picture(page))


async def main(url: str) -> None:
    """Take the pictures with a browser of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM or "", args=ARGUMENTS)
        await take_all(browser, url)
        await browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, gateway_running(Path(folder), **QUIET) as address:
        asyncio.run(main(address))

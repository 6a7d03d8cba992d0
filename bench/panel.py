"""Measures how soon the control panel can be used: cold loads of the list of requests, over loopback.

Use: `python -m bench.panel` (`make bench` does it last), with GATEWAY_CHROMIUM naming the browser.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from tests.panel.conftest import ARGUMENTS, CHROMIUM, gateway_running

BUDGET_MS: Final = 1_000

# Interactive: the rows stand there, and the page is idle, so that whatever is pressed is answered.
_TELL: Final = """
    window.interactive = new Promise((done) => {
        const look = () => {
            if (document.querySelector("tbody a") === null) requestAnimationFrame(look);
            else requestIdleCallback(() => done(performance.now()));
        };
        requestAnimationFrame(look);
    });
"""


def main() -> None:
    """Load the page as often as asked for, and print what came out."""
    parser = argparse.ArgumentParser(prog="bench.panel", description=__doc__)
    parser.add_argument("--loads", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, gateway_running(Path(folder)) as url:
        times = asyncio.run(_load(url, chosen.loads))
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    word = "kept" if p50 <= BUDGET_MS else "MISSED"
    print(
        f"panel, interactive after a cold load: p50 {p50:.0f} ms, p95 {p95:.0f} ms, "
        f"of {len(times)}; budget {BUDGET_MS} ms: {word}; "
        f"{os.getloadavg()[0]:.1f} processes on {os.cpu_count()} cores"
    )


async def _load(url: str, loads: int) -> list[float]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM or "", args=ARGUMENTS)
        await _once(browser, url)  # the server's own first answer is another matter
        times = [await _once(browser, url) for _ in range(loads)]
        await browser.close()
    return times


async def _once(browser: Browser, url: str) -> float:
    """Load the page in a context that has nothing kept; return milliseconds."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    await page.add_init_script(_TELL)
    await page.goto(f"{url}/requests")
    time = float(await page.evaluate("window.interactive"))
    await context.close()
    return time


if __name__ == "__main__":
    main()

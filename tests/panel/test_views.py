"""The reading tasks of the panel in a browser, each within the clicks that it may cost."""

import json
import re

from playwright.async_api import Browser, Page, expect

from tests.panel.conftest import new_page
from tests.panel.test_every_page import violations

RECO_DATASET = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"
PALETTE = "A name, a task, a person, a dataset …"


async def find(page: Page, words: str) -> None:
    """Open the palette and type; what is found stands in it."""
    await expect(page.get_by_role("heading", level=1)).to_be_visible()  # keys are heard from now on
    await page.keyboard.press("Control+k")
    await page.get_by_placeholder(PALETTE).fill(words)


async def test_the_overview_says_what_needs_a_person_and_leads_there(page: Page) -> None:
    await page.goto("/")
    attention = page.get_by_role("region", name="Needs attention")

    await attention.get_by_role("link", name="PROD2025-013").first.click()

    await expect(page.get_by_role("heading", name="PROD2025-013")).to_be_visible()


async def test_a_production_shows_its_losses_by_seed_and_its_chain(page: Page) -> None:
    await page.goto("/requests/PROD2025-013")

    losses = page.get_by_role("region", name="RECO").get_by_role("list", name="Missing seeds")
    await expect(losses.get_by_role("listitem")).to_have_text(
        ["10417", "11288", "11289", "11290", "13502", "15077", "17946", "19313"]
    )
    picture = page.get_by_role("figure", name="The production as a picture")
    await expect(picture.get_by_text("RECO", exact=True)).to_be_visible()
    await picture.get_by_role("link", name="Dataset R").click()
    await expect(page.get_by_role("heading", name=re.compile(r"PROD2025-013\.RECO\.1\.R$"))).to_be_visible()


async def test_why_a_task_lost_jobs_is_one_click_away(page: Page) -> None:
    await page.goto("/requests/PROD2025-013")

    await page.get_by_role("region", name="RECO").get_by_role("link", name="363").click()

    why = page.get_by_role("region", name="Why it is not complete")
    await expect(why.get_by_role("list", name="Missing seeds").get_by_role("listitem")).to_have_count(8)
    await expect(why.get_by_text("What PanDA says")).to_be_visible()
    row = why.get_by_role("row", name=re.compile("PNPI_SPD"))
    await expect(row).to_contain_text("8 / 1\u2009606")
    for words in ("ONLINE", "ACTIVE", "Work on the cooling of the machine room"):
        await expect(row).to_contain_text(words)
    await expect(why).to_contain_text(re.compile("JINR_EOS: [0-9.]+\u2009TB / 500\u2009TB"))
    await expect(why).to_contain_text("What can be done: redo only the missing RECO seeds")


async def test_one_line_finds_the_samples_and_stands_in_the_address(page: Page) -> None:
    await page.goto("/")
    await find(page, "27 GeV pp UU >= 40 M events at JINR")

    await page.get_by_role("button", name="Requests: 27 GeV, pp, UU, ≥ 40\u2009M events, at JINR").click()

    table = page.get_by_role("table", name="Requests")
    await expect(table.get_by_role("link", name=re.compile("^PROD"))).to_have_text(
        ["PROD2025-012", "PROD2025-013", "PROD2025-014"]
    )
    await page.goto(page.url)
    await expect(table.get_by_role("row")).to_have_count(4)


async def test_the_file_list_of_a_sample_is_copied_by_one_click(browser: Browser, gateway_url: str) -> None:
    async with new_page(browser, gateway_url) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(f"/datasets/{RECO_DATASET}")
        files = page.get_by_role("region", name="File list")

        await files.get_by_role("button", name="Copy the address").click()

        await expect(files.get_by_role("button", name="Copied")).to_be_visible()
        address = await page.evaluate("navigator.clipboard.readText()")
        assert address == f"{gateway_url}/files/PROD2025-013/RECO.R.txt"
        answer = await page.request.get(address)
        lines = (await answer.text()).splitlines()
        assert len(lines) == 9_992
        assert lines[0].startswith("root://")

        await files.get_by_role("combobox", name="Near a site").click()
        await page.get_by_role("option", name="JINR").click()
        await expect(files.get_by_role("link")).to_have_attribute(
            "href", "/files/PROD2025-013/RECO.R.txt?site=JINR"
        )
        assert await violations(page) == []


async def test_numbers_for_a_talk_take_two_clicks(page: Page) -> None:
    await page.goto("/statistics?until=2025-04-30")
    central = page.get_by_role("region", name="Central production", exact=True)
    await central.get_by_role("button", name="Export").click()

    async with page.expect_download() as download:
        await page.get_by_role("menuitem", name="LaTeX").click()

    kept = await download.value
    text = (await kept.path()).read_text()
    assert kept.suggested_filename == "Central production 2025-04-30.tex"
    assert "PROD2025-012.RECO" in text
    assert "PROD2025-013.RECO" not in text


async def test_a_plot_is_kept_as_a_drawing_and_as_a_picture(page: Page) -> None:
    await page.goto("/statistics?by=STEP")
    plot = page.get_by_role("figure", name="Events against time")
    kept: dict[str, bytes] = {}

    for kind in ("SVG", "PNG"):
        async with page.expect_download() as download:
            await plot.get_by_role("button", name=kind).click()
        kept[kind] = (await (await download.value).path()).read_bytes()

    assert kept["SVG"].startswith(b"<svg ")
    assert b"2025-04" in kept["SVG"]
    assert kept["PNG"].startswith(b"\x89PNG")


async def test_a_storage_says_on_one_page_what_ends(page: Page) -> None:
    await page.goto("/storages")

    await page.get_by_role("link", name="JINR_EOS").click()

    ending = page.get_by_role("region", name="Ends first")
    await expect(ending.get_by_role("row").nth(1)).to_contain_text("GB")
    await expect(page.get_by_role("region", name="Quotas")).to_contain_text("500\u2009TB")


async def test_a_person_is_one_search_and_one_click(page: Page) -> None:
    await page.goto("/")
    await find(page, "prodman")

    await page.get_by_role("button", name="Production Manager prodman").click()

    await expect(page.get_by_role("heading", name="Production Manager")).to_be_visible()
    await expect(page.get_by_text("spd/production")).to_be_visible()
    await expect(page.get_by_role("region", name="Quotas")).to_contain_text("PNPI_EOS")


async def test_services_say_how_fresh_their_copies_are(page: Page) -> None:
    await page.goto("/services")

    for source in ("PanDA", "Rucio", "CRIC", "IAM"):
        await expect(page.get_by_role("region", name=source, exact=True)).to_contain_text("Last good contact")


async def test_every_page_gives_its_query_and_a_script_gets_the_same(page: Page) -> None:
    await page.goto("/people/prodman")
    await expect(page.get_by_role("heading", name="Production Manager")).to_be_visible()
    await page.get_by_role("button", name="Query", exact=True).click()
    shown = page.get_by_role("region", name="Person")
    await expect(shown.locator("pre")).to_contain_text("query Person($username: String!)")
    text = await shown.locator("pre").inner_text()
    await shown.get_by_text("curl", exact=True).click()
    await expect(shown.locator("pre")).to_contain_text("--data-raw")

    answer = await page.request.post(
        "/graphql",
        data=json.dumps({"query": text, "variables": {"username": "prodman"}}),
        headers={"content-type": "application/json", "accept": "application/json"},
    )

    assert (await answer.json())["data"]["person"]["displayName"] == "Production Manager"


async def test_the_query_page_answers_a_question_written_by_hand(page: Page) -> None:
    await page.goto("/query?query=" + '{request(name:"PROD2025-013"){...on Request{execution}}}')

    await expect(page.get_by_role("region", name="Operation Editor")).to_contain_text("execution")
    await page.get_by_role("button", name=re.compile("^Execute query")).click()

    await expect(page.get_by_role("region", name="Result Window")).to_contain_text("PARTIAL")


async def test_a_view_with_a_name_comes_back(page: Page) -> None:
    await page.goto("/requests?q=dd-minbias")
    await page.get_by_role("button", name="Views").click()
    await page.get_by_role("textbox", name="Name of this view").fill("deuterons")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await page.goto("/requests")

    await page.get_by_role("button", name="Views").click()
    await page.get_by_role("link", name="deuterons").click()

    await expect(page).to_have_url(re.compile("q=dd-minbias"))

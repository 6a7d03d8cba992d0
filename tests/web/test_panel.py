"""The panel is one page under every address, with files that never change under their names."""

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from gateway.web.panel import is_built, panel_routes
from gateway.web.security_headers import SecurityHeaders

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built panel of four files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    (tmp_path / "index.html").write_text("<title>Panel</title>")
    (tmp_path / "theme.js").write_text("2")
    (tmp_path / "documents.json").write_text("{}")
    return tmp_path


def client_of(folder: Path) -> httpx2.AsyncClient:
    app = Starlette(routes=panel_routes(folder), middleware=[Middleware(SecurityHeaders)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test")


@pytest.mark.parametrize("path", ["/", "/requests", "/requests/PROD2025-013", "/a%2e%2e/b"])
async def test_every_address_a_browser_opens_is_the_page(folder: Path, path: str) -> None:
    async with client_of(folder) as client:
        answer = await client.get(path, headers=HTML)

    assert (answer.status_code, answer.text) == (200, "<title>Panel</title>")
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_page_allows_no_inline_script_and_no_frame(folder: Path) -> None:
    async with client_of(folder) as client:
        answer = await client.get("/", headers=HTML)

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_no_browser_gets_no_page_for_a_wrong_address(folder: Path) -> None:
    async with client_of(folder) as client:
        answer = await client.get("/request", headers={"accept": "application/json"})

    assert answer.status_code == 404


async def test_built_files_are_kept_for_ever_and_others_asked_for_again(folder: Path) -> None:
    async with client_of(folder) as client:
        built = await client.get("/assets/index-1a2b.js")
        named = await client.get("/theme.js")
        missing = await client.get("/assets/other.js")

    assert built.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (named.text, named.headers["cache-control"]) == ("2", "no-cache")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["/assets/../index.html", "/assets/%2e%2e/documents.json", "/..%2fsecret"])
async def test_nothing_outside_the_folder_can_be_read(folder: Path, path: str) -> None:
    (folder.parent / "secret").write_text("secret")
    async with client_of(folder) as client:
        answer = await client.get(path)

    assert "secret" not in answer.text
    assert answer.status_code == 404


async def test_without_a_built_panel_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        answer = await client.get("/", headers=HTML)

    assert not is_built(tmp_path)
    assert "make panel" in answer.text

"""Logging in with a browser at the practice IAM, and what becomes of a login."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from gateway.app import create_app, utc_now
from gateway.connect import iam_provider
from gateway.errors import SettingError
from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_tokens import TokenOffice
from gateway.practice.iam_twin import create_iam_twin
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.logins import BrowserSession, Grant
from gateway.store.people import Person
from gateway.sync.engine import Engine, Verdict
from gateway.sync.jobs import jobs_of
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from gateway.web.login import MAX_WAYS
from tests.app.browser import HOME, OWN, choose, log_in, login_settings, running, tab, to_iam, who
from tests.auth.issuer import SUBJECT
from tests.support.serving import served

# What differs between databases is tested with the stores; here it is the browser that counts.
pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

ROLES = {
    "prodman": ["PRODUCTION_MANAGER", "VIEWER"],
    "operator": ["OPERATOR", "VIEWER"],
    "analyst": ["ANALYST", "VIEWER"],
    "voadmin": ["ADMINISTRATOR", "VIEWER"],
    "sampo": ["PRODUCTION_MANAGER", "VIEWER"],
}


class Hand:
    """A clock that is moved by hand, from the present on: Authlib compares with the real one."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return utc_now() + self.ahead


# What was imported into the practice world is in its trail before anybody comes.
AFTERWARDS = AuditRow.action != "importRequests"


@pytest.fixture(scope="module")
def office() -> TokenOffice:
    return TokenOffice(practice_iam(utc_now()), utc_now)


@pytest.fixture(scope="module")
def issuer(office: TokenOffice) -> Iterator[str]:
    """A practice IAM over loopback; its address is its issuer."""
    with served(create_iam_twin(office.state, clock=utc_now, office=office), date_header=False) as url:
        yield f"{url}/"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def app(issuer: str, own_world: Database, tmp_path: Path, hand: Hand) -> AsyncIterator[Starlette]:
    async with running(login_settings(issuer, tmp_path), own_world, hand) as app:
        yield app


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with tab(app) as client:
        yield client


async def sessions(database: Database) -> int:
    async with database.snapshot() as session:
        return await session.scalar(select(func.count()).select_from(BrowserSession)) or 0


@pytest.mark.parametrize("account", ROLES)
async def test_each_role_account_logs_in_and_has_its_roles(client: httpx2.AsyncClient, account: str) -> None:
    landed = await log_in(client, account)
    answer = await who(client)

    assert (landed.status_code, landed.headers["location"]) == (303, "/requests")
    viewer = answer.json()["data"]["viewer"]
    assert (viewer["username"], viewer["roles"]) == (account, ROLES[account])


async def test_the_way_to_iam_has_pkce_state_and_nonce_each_time_anew(client: httpx2.AsyncClient) -> None:
    first, second = [(await to_iam(client)).params for _ in range(2)]

    assert first["code_challenge_method"] == "S256"
    assert first["response_type"] == "code"
    assert first["redirect_uri"] == f"{HOME}/auth/callback"
    for name in ("code_challenge", "state", "nonce"):
        assert len(first[name]) >= 20
        assert first[name] != second[name]


async def test_the_browser_gets_an_opaque_cookie_that_scripts_cannot_read(
    client: httpx2.AsyncClient, own_world: Database
) -> None:
    landed = await log_in(client, "prodman")

    [cookie] = [one for one in landed.headers.get_list("set-cookie") if one.startswith("gateway=")]
    value, *attributes = [part.strip() for part in cookie.split(";")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
    assert len(value.removeprefix("gateway=")) == 43
    async with own_world.snapshot() as session:
        row = (await session.scalars(select(BrowserSession))).one()
        grant = (await session.scalars(select(Grant))).one()
    assert value.removeprefix("gateway=") not in (row.id_hash, grant.sealed)


async def test_over_https_the_cookie_is_bound_to_the_host(
    issuer: str, own_world: Database, tmp_path: Path
) -> None:
    settings = login_settings(issuer, tmp_path, public_url="https://gateway.test")
    async with running(settings, own_world) as app, tab(app, "https://gateway.test") as client:
        response = await client.get("/auth/login")

    [cookie] = response.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-gateway-login-")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "url", ["http://gateway.test", "https://gateway.test/path", "gateway.test", "ftp://a"]
)
def test_logins_where_others_could_read_cookies_are_not_offered(
    issuer: str, own_world: Database, tmp_path: Path, url: str
) -> None:
    from_settings = login_settings(issuer, tmp_path, public_url=url)

    with pytest.raises(SettingError, match="GATEWAY_PUBLIC_URL"):
        create_app(from_settings, own_world, iam=iam_provider(from_settings))


def test_logins_need_a_key_for_the_vault(issuer: str, own_world: Database, tmp_path: Path) -> None:
    from_settings = login_settings(issuer, tmp_path, vault_keys="")

    with pytest.raises(SettingError, match="GATEWAY_VAULT_KEYS is empty; `gateway new-key` makes a key"):
        create_app(from_settings, own_world, iam=iam_provider(from_settings))


async def test_somebody_who_begins_at_another_name_is_sent_to_ours(app: Starlette) -> None:
    async with tab(app, "http://localhost:8000") as client:
        response = await client.get("/auth/login", params={"next": "/tasks?a=1"})

    assert response.headers["location"] == f"{HOME}/auth/login?next=%2Ftasks%3Fa%3D1"


async def test_a_second_login_has_another_id_and_ends_the_first(
    client: httpx2.AsyncClient, own_world: Database
) -> None:
    await log_in(client, "analyst")
    first = client.cookies["gateway"]

    await log_in(client, "prodman")

    assert client.cookies["gateway"] != first
    assert await sessions(own_world) == 1
    assert (await who(client)).json()["data"]["viewer"]["username"] == "prodman"


async def test_tabs_that_log_in_at_once_both_arrive(app: Starlette) -> None:
    async with tab(app) as browser:
        ways = [await to_iam(browser, f"/tasks?tab={number}") for number in range(2)]
        landed = [await browser.get((await choose(way, "prodman")).raw_path.decode()) for way in ways]
        answer = await who(browser)

    assert [(one.status_code, one.headers["location"]) for one in landed] == [
        (303, "/tasks?tab=0"),
        (303, "/tasks?tab=1"),
    ]
    assert answer.json()["data"]["viewer"]["username"] == "prodman"
    assert [name for name in browser.cookies if "login" in name] == []


async def test_a_browser_keeps_few_ways_to_iam_and_the_newest(app: Starlette, hand: Hand) -> None:
    async with tab(app) as browser:
        ways = []
        for number in range(MAX_WAYS + 2):
            hand.ahead += dt.timedelta(seconds=1)
            ways.append(await to_iam(browser, f"/tasks?tab={number}"))
        kept = len([name for name in browser.cookies if "login" in name])
        oldest, newest = [
            await browser.get((await choose(way, "prodman")).raw_path.decode()) for way in (ways[0], ways[-1])
        ]

    assert kept == MAX_WAYS
    assert (oldest.status_code, newest.status_code) == (403, 303)


async def test_whoever_tries_again_arrives_where_they_wanted_to(client: httpx2.AsyncClient) -> None:
    address = await to_iam(client, "/tasks?a=1&b=2")

    refused = await client.get(
        "/auth/callback", params={"error": "access_denied", "state": address.params["state"]}
    )
    stranger = await client.get("/auth/callback", params={"error": "access_denied", "state": "other"})

    assert 'href="/auth/login?next=%2Ftasks%3Fa%3D1%26b%3D2"' in refused.text
    assert 'href="/auth/login"' in stranger.text


async def test_an_id_that_was_planted_before_the_login_is_not_used(
    client: httpx2.AsyncClient, app: Starlette
) -> None:
    client.cookies.set("gateway", "planted", domain="127.0.0.1")

    await log_in(client, "prodman")

    async with tab(app) as attacker:
        attacker.cookies.set("gateway", "planted", domain="127.0.0.1")
        assert (await who(attacker)).status_code == 401


async def test_the_code_of_another_browser_is_refused(app: Starlette, own_world: Database) -> None:
    async with tab(app) as attacker, tab(app) as victim:
        back = await choose(await to_iam(attacker), "prodman")
        without = await victim.get(back.raw_path.decode())
        await to_iam(victim)
        with_own = await victim.get(back.raw_path.decode())

    assert (without.status_code, with_own.status_code) == (403, 403)
    assert "was not begun in this browser" in without.text
    assert await sessions(own_world) == 0


async def test_a_code_is_good_once(client: httpx2.AsyncClient, own_world: Database) -> None:
    back = await choose(await to_iam(client), "prodman")
    jar = dict(client.cookies)
    await client.get(back.raw_path.decode())
    client.cookies.clear()
    for name, value in jar.items():
        client.cookies.set(name, value, domain="127.0.0.1")

    again = await client.get(back.raw_path.decode())

    assert again.status_code == 403
    assert await sessions(own_world) == 1


async def test_a_login_that_takes_long_is_begun_anew(client: httpx2.AsyncClient, hand: Hand) -> None:
    back = await choose(await to_iam(client), "prodman")
    hand.ahead += dt.timedelta(minutes=11)

    response = await client.get(back.raw_path.decode())

    assert response.status_code == 403
    assert "took longer than ten minutes" in response.text


async def test_what_iam_refuses_is_told_and_not_repeated(client: httpx2.AsyncClient) -> None:
    address = await to_iam(client)
    state = address.params["state"]

    response = await client.get(
        "/auth/callback",
        params={"error": "access_denied", "error_description": "<b>evil</b>", "state": state},
    )

    assert response.status_code == 403
    assert "evil" not in response.text
    assert "script-src" not in response.headers["content-security-policy"]


async def test_another_issuer_in_the_answer_is_refused(client: httpx2.AsyncClient) -> None:
    back = await choose(await to_iam(client), "prodman")

    response = await client.get(back.raw_path.decode() + "&iss=https%3A%2F%2Fevil.test")

    assert response.status_code == 403


async def test_a_session_ends_when_it_is_not_used(client: httpx2.AsyncClient, hand: Hand) -> None:
    await log_in(client, "prodman")

    hand.ahead += dt.timedelta(minutes=59)
    still = await who(client)
    hand.ahead += dt.timedelta(minutes=59)
    used = await who(client)
    hand.ahead += dt.timedelta(minutes=61)
    ended = await who(client)

    assert [still.status_code, used.status_code, ended.status_code] == [200, 200, 401]


async def test_a_session_ends_after_a_working_day_however_much_it_is_used(
    client: httpx2.AsyncClient, hand: Hand
) -> None:
    await log_in(client, "prodman")

    for _ in range(14):
        hand.ahead += dt.timedelta(minutes=50)
        assert (await who(client)).status_code == 200
    hand.ahead += dt.timedelta(minutes=50)

    assert (await who(client)).status_code == 401


async def test_whoever_is_disabled_in_iam_loses_the_session_with_the_next_reading(
    client: httpx2.AsyncClient, own_world: Database
) -> None:
    await log_in(client, "prodman")
    async with own_world.transaction() as session:
        await session.execute(update(Person).where(Person.subject == SUBJECT).values(is_active=False))

    assert (await who(client)).status_code == 401


async def test_who_is_disabled_at_iam_itself_loses_everything_within_one_reading(
    client: httpx2.AsyncClient, office: TokenOffice, issuer: str, own_world: Database
) -> None:
    await log_in(client, "prodman")
    upstream = IamUpstream(issuer, Credentials("gateway-sync", "practice-secret"))
    engine = Engine(own_world, jobs_of([upstream]), clock=utc_now, owner="one")
    await engine.register()
    before = await engine.run("iam.people", whole=True)
    still = await who(client)

    office.state.users[SUBJECT]["active"] = False
    try:
        after = await engine.run("iam.people", whole=True)
        refused = await who(client)
    finally:
        office.state.users[SUBJECT]["active"] = True
        await upstream.close()

    assert [before.verdict, after.verdict] == [Verdict.OK, Verdict.OK]
    assert [still.status_code, refused.status_code] == [200, 401]
    assert "disabled in IAM" in refused.text


async def test_logging_out_ends_the_session_and_iam_forgets_its_grant(
    client: httpx2.AsyncClient, office: TokenOffice, own_world: Database
) -> None:
    office.refreshable.clear()
    await log_in(client, "prodman")
    cookie = client.cookies["gateway"]
    assert len(office.refreshable) == 1

    response = await client.post("/auth/logout", headers=OWN)

    assert response.status_code == 204
    assert "gateway" not in client.cookies
    assert office.refreshable == {}
    assert await sessions(own_world) == 0
    client.cookies.set("gateway", cookie, domain="127.0.0.1")
    assert (await who(client)).status_code == 401


async def test_a_logout_ends_logins_whose_sessions_ran_out_and_no_others(
    client: httpx2.AsyncClient, office: TokenOffice, hand: Hand, own_world: Database
) -> None:
    office.refreshable.clear()
    await log_in(client, "prodman")
    hand.ahead += dt.timedelta(hours=2)
    client.cookies.clear()
    await log_in(client, "prodman")
    at_another_desk = client.cookies["gateway"]
    client.cookies.clear()
    await log_in(client, "prodman")
    assert (len(office.refreshable), await sessions(own_world)) == (3, 2)

    await client.post("/auth/logout", headers=OWN)

    assert (len(office.refreshable), await sessions(own_world)) == (1, 1)
    client.cookies.set("gateway", at_another_desk, domain="127.0.0.1")
    assert (await who(client)).status_code == 200


async def test_a_refused_login_leaves_an_entry_and_no_grant(
    client: httpx2.AsyncClient, office: TokenOffice, own_world: Database
) -> None:
    office.refreshable.clear()
    async with own_world.transaction() as session:
        await session.execute(update(Person).where(Person.subject == SUBJECT).values(is_active=False))

    response = await log_in(client, "prodman")

    assert response.status_code == 403
    assert office.refreshable == {}
    async with own_world.snapshot() as session:
        rows = (await session.scalars(select(AuditRow).where(AFTERWARDS))).all()
        grants = (await session.scalars(select(Grant))).all()
    assert [(row.actor, row.action, row.outcome) for row in rows] == [("prodman", "login", "refused")]
    assert "disabled in IAM" in str(rows[0].reason)
    assert not grants


async def test_logins_and_logouts_are_in_the_trail_with_the_session_that_deeds_name(
    client: httpx2.AsyncClient, own_world: Database
) -> None:
    await log_in(client, "analyst")
    refused = {"query": "mutation { syncNow(source: IAM) { __typename } }"}
    await client.post("/graphql", json=refused, headers=OWN)
    await log_in(client, "prodman")
    await client.post("/auth/logout", headers=OWN)

    async with own_world.snapshot() as session:
        rows = (await session.scalars(select(AuditRow).where(AFTERWARDS).order_by(AuditRow.number))).all()
    assert [(row.actor, row.action, row.reason) for row in rows if row.outcome == "done"] == [
        ("analyst", "login", None),
        ("analyst", "logout", "another login in the same browser"),
        ("prodman", "login", None),
        ("prodman", "logout", None),
    ]
    first, deed, replaced, second, last = [row.jti or "" for row in rows]
    assert first.startswith("session:")
    assert (first, second) == (deed, last) == (replaced, second)
    assert first != second


CROSS_SITE = {
    "without our header": {"origin": HOME, "sec-fetch-site": "same-origin"},
    "from another origin": {**OWN, "origin": "https://evil.test"},
    "from an origin that begins like ours": {**OWN, "origin": f"{HOME}0"},
    "from a page without an origin": {**OWN, "origin": "null"},
    "from another site": {**OWN, "sec-fetch-site": "cross-site"},
    "from a neighbour of the site": {**OWN, "sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("case", CROSS_SITE)
async def test_another_sites_page_cannot_use_the_session(
    client: httpx2.AsyncClient, own_world: Database, case: str
) -> None:
    await log_in(client, "prodman")
    wish = {"query": "mutation { syncNow(source: IAM) { __typename } }"}

    response = await client.post("/graphql", json=wish, headers=CROSS_SITE[case])

    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "CROSS_SITE"
    async with own_world.snapshot() as session:
        assert (await session.scalars(select(AuditRow.action).where(AFTERWARDS))).all() == ["login"]


@pytest.mark.parametrize("case", [case for case in CROSS_SITE if case != "without our header"])
async def test_another_sites_page_cannot_log_somebody_out(client: httpx2.AsyncClient, case: str) -> None:
    await log_in(client, "prodman")

    response = await client.post("/auth/logout", headers=CROSS_SITE[case])

    assert response.status_code == 403
    assert (await who(client)).status_code == 200


async def test_a_get_is_not_answered_with_a_session(client: httpx2.AsyncClient) -> None:
    await log_in(client, "prodman")

    response = await client.get("/graphql", params={"query": "{ viewer { name } }"}, headers=OWN)

    assert response.status_code == 403


async def test_a_cookie_and_a_token_together_are_refused(client: httpx2.AsyncClient) -> None:
    await log_in(client, "prodman")

    response = await who(client, authorization="Bearer a.b.c")

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "TWO_IDENTITIES"


async def test_trying_again_and_again_is_slowed_down(app: Starlette) -> None:
    async with tab(app) as client:
        statuses = [(await client.get("/auth/callback")).status_code for _ in range(31)]
        last = await client.get("/auth/login")

    assert statuses == [403] * 30 + [429]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1


async def test_somebody_without_a_group_is_told_so_and_gets_no_session(
    client: httpx2.AsyncClient, office: TokenOffice, own_world: Database
) -> None:
    user = office.state.users["00000000-0000-4000-8000-000000000003"]
    groups = user["groups"]
    with contextlib.ExitStack() as stack:
        stack.callback(user.__setitem__, "groups", groups)
        stack.callback(user.__setitem__, "id", user["id"])
        user["groups"] = []
        async with own_world.transaction() as session:
            await session.execute(update(Person).values(subject=Person.subject + "-other"))
        response = await log_in(client, "analyst")

    assert response.status_code == 403
    assert "is in no group of IAM that gives a role here" in response.text
    assert await sessions(own_world) == 0

"""The allowance at the door: whoever asks for too much waits, and nobody else does."""

import httpx2
from sqlalchemy import func, select

from gateway.store.audit import AuditRow
from gateway.store.database import Database
from tests.app.test_identity import ask, door, problem
from tests.auth.issuer import Issuer, claims

PAGE = "{ tasks(first: 100) { nodes { name } } }"

END = 'mutation { endLogins(username: "nobody") { __typename } }'
TEN_MADE = "mutation {" + " ".join(f"a{n}: syncNow(source: IAM) {{ __typename }}" for n in range(10)) + "}"


async def test_whoever_asks_for_too_much_is_told_when_to_ask_again(world: Database) -> None:
    issuer = Issuer()
    other = issuer.token(claims(sub="00000000-0000-4000-8000-000000000003", preferred_username="analyst"))
    async with door(world, issuer, objects_per_minute=500) as client:
        statuses = await statuses_of(client, issuer.token(), 6)
        refused = await ask(client, PAGE, issuer.token())
        others = await ask(client, PAGE, other)

    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 429
    status, code, message = problem(refused)
    assert (status, code) == (429, "TOO_MANY")
    assert message.startswith("you have asked for much in a short time; ask again in ")
    assert others.status_code == 200


async def test_without_an_allowance_everybody_asks_as_they_like(world: Database) -> None:
    issuer = Issuer()
    async with door(world, issuer, objects_per_minute=0) as client:
        assert await statuses_of(client, issuer.token(), 6) == [200] * 6


async def test_whoever_is_refused_again_and_again_cannot_fill_the_trail(own_world: Database) -> None:
    issuer = Issuer()
    other = issuer.token(claims(sub="00000000-0000-4000-8000-000000000003", preferred_username="analyst"))
    # Those who are not bound in what they ask for are bound in this as well.
    async with door(own_world, issuer, objects_per_minute=0, changes_per_minute=20) as client:
        codes = [code_of(await ask(client, END, issuer.token())) for _ in range(30)]
        last = await ask(client, END, issuer.token())
        reading = await ask(client, PAGE, issuer.token())
        others = code_of(await ask(client, END, other))

    async with own_world.snapshot() as session:
        entries = await session.scalar(
            select(func.count())
            .select_from(AuditRow)
            .where(AuditRow.action == "endLogins", AuditRow.actor == "prodman")
        )
    assert codes[:3] == ["FORBIDDEN", "FORBIDDEN", "TOO_MANY"]
    assert problem(last)[:2] == (429, "TOO_MANY")
    assert reading.status_code == 200
    assert others == "FORBIDDEN"
    # Whoever goes on gets nothing back in time.
    assert entries == codes.count("FORBIDDEN")
    assert codes.count("FORBIDDEN") < 20


async def test_many_changes_are_made_without_waiting(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client:
        answers = [(await ask(client, TEN_MADE, issuer.token())).json() for _ in range(20)]

    assert [answer.get("errors") for answer in answers] == [None] * 20


RATE = "{ rateLimit { cost limit remaining resetAt } tasks(first: 100) { nodes { name } } }"


async def test_a_query_can_ask_what_is_left(world: Database) -> None:
    issuer = Issuer()
    async with door(world, issuer, objects_per_minute=5_000) as client:
        answers = [(await ask(client, RATE, issuer.token())).json() for _ in range(2)]

    cost = answers[0]["data"]["rateLimit"]["cost"]
    assert cost == answers[0]["extensions"]["cost"]["requested"] == 102
    assert [answer["data"]["rateLimit"]["limit"] for answer in answers] == [5_000, 5_000]
    # What flows back meanwhile is little, and less than one more question takes.
    first, second = (answer["data"]["rateLimit"]["remaining"] for answer in answers)
    assert 5_000 - cost <= first <= 5_000
    assert second < 5_000
    assert answers[0]["extensions"]["cost"]["actual"] == 2 + len(answers[0]["data"]["tasks"]["nodes"])
    assert answers[0]["extensions"]["cost"]["maximum"] == 50_000


async def test_without_an_allowance_nothing_is_said_to_be_left(world: Database) -> None:
    issuer = Issuer()
    async with door(world, issuer, objects_per_minute=0) as client:
        answer = (await ask(client, RATE, issuer.token())).json()

    assert answer["data"]["rateLimit"] is None


def code_of(response: httpx2.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def statuses_of(client: httpx2.AsyncClient, token: str, times: int) -> list[int]:
    return [(await ask(client, PAGE, token)).status_code for _ in range(times)]

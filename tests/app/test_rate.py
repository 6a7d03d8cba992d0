"""The allowance at the door: whoever asks for too much waits, and nobody else does."""

import httpx2

from gateway.store.database import Database
from tests.app.test_identity import ask, door, problem
from tests.auth.issuer import Issuer, claims

PAGE = "{ tasks(first: 100) { nodes { name } } }"


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


async def statuses_of(client: httpx2.AsyncClient, token: str, times: int) -> list[int]:
    return [(await ask(client, PAGE, token)).status_code for _ in range(times)]

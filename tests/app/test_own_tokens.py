"""Tokens that people make to read with: shown once, kept as a hash, read-only, ending, and revocable."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from gateway.auth.own_tokens import PREFIX
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.logins import AccessTokenRow
from gateway.store.people import GroupMember, Person
from tests.app.test_identity import ask, door, problem
from tests.auth.issuer import NOW, SUBJECT, Issuer

MAKE = """
mutation ($name: String! = "dashboard", $days: Int! = 90, $rights: [Right!]) {
  createAccessToken(name: $name, days: $days, rights: $rights) {
    ... on AccessTokenCreated { secret accessToken { id name rights endsAt lastUsedAt } }
    ... on AccessTokenRefused { message }
  }
}
"""
LIST = "{ viewer { accessTokens { id name rights lastUsedAt revokedAt } } }"
ME = "{ viewer { name username rights } }"


class Owner:
    """The production manager with an IAM token, at a door whose clock is moved by hand."""

    def __init__(self, client: httpx2.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token

    async def make(self, **variables: object) -> dict[str, Any]:
        body = {"query": MAKE, "variables": variables}
        headers = {"authorization": f"Bearer {self.token}"}
        response = await self.client.post("/graphql", json=body, headers=headers)
        made: dict[str, Any] = response.json()["data"]["createAccessToken"]
        return made

    async def ask(self, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await ask(self.client, query, self.token)).json()
        return answer


@pytest.fixture
async def person(own_world: Database) -> AsyncIterator[Owner]:
    issuer = Issuer()
    async with door(own_world, issuer) as client:
        yield Owner(client, issuer.token())


async def test_a_token_is_known_behind_more_than_one_space(person: Owner) -> None:
    made = await person.make()

    answer = (await ask(person.client, ME, f" {made['secret']}")).json()

    assert "errors" not in answer


async def test_a_token_reads_in_its_owners_name(person: Owner) -> None:
    made = await person.make(rights=["READ_QUOTAS"])

    answer = (await ask(person.client, ME, made["secret"])).json()

    assert made["secret"].startswith(PREFIX)
    assert made["accessToken"]["rights"] == ["READ", "READ_QUOTAS"]
    assert made["accessToken"]["endsAt"] == (NOW + dt.timedelta(days=90)).isoformat()
    assert answer["data"]["viewer"] == {
        "name": "Production Manager",
        "username": "prodman",
        "rights": ["READ", "READ_QUOTAS"],
    }


async def test_a_token_changes_nothing_whatever_its_owner_may(person: Owner, own_world: Database) -> None:
    secret = (await person.make())["secret"]

    for change in (
        "mutation { syncNow(source: IAM) { __typename } }",
        'mutation { createAccessToken(name: "more") { __typename } }',
        "mutation { revokeAccessToken(id: 1) { __typename } }",
    ):
        answer = (await ask(person.client, change, secret)).json()
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    async with own_world.snapshot() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all()
    assert [(row.action, row.outcome, row.jti) for row in rows[-3:]] == [
        ("syncNow", "refused", f"{PREFIX}1"),
        ("createAccessToken", "refused", f"{PREFIX}1"),
        ("revokeAccessToken", "refused", f"{PREFIX}1"),
    ]


async def test_the_secret_is_shown_once_and_kept_nowhere(person: Owner, own_world: Database) -> None:
    secret = (await person.make())["secret"]

    async with own_world.snapshot() as session:
        row = (await session.scalars(select(AccessTokenRow))).one()
        trail = (await session.scalars(select(AuditRow))).all()
    listed = await person.ask(LIST)
    assert secret not in f"{vars(row)} {[vars(entry) for entry in trail]} {listed}"
    assert secret.removeprefix(PREFIX) not in str(vars(row))
    assert row.secret_hash not in repr(row)


async def test_tokens_are_listed_and_revoked(person: Owner) -> None:
    made = await person.make()
    await ask(person.client, ME, made["secret"])

    before = await person.ask(LIST)
    revoked = await person.ask("mutation { revokeAccessToken(id: 1) { ... on AccessTokenRevoked { id } } }")
    refused = await ask(person.client, ME, made["secret"])
    again = await person.ask(
        "mutation { revokeAccessToken(id: 1) { ... on AccessTokenRefused { message } } }"
    )

    assert before["data"]["viewer"]["accessTokens"] == [
        {"id": 1, "name": "dashboard", "rights": ["READ"], "lastUsedAt": NOW.isoformat(), "revokedAt": None}
    ]
    assert revoked["data"]["revokeAccessToken"] == {"id": 1}
    assert problem(refused)[:2] == (401, "UNAUTHENTICATED")
    assert again["data"]["revokeAccessToken"]["message"] == "You have no token 1 that could be revoked."


async def test_nobody_sees_or_revokes_anothers_token(person: Owner, own_world: Database) -> None:
    await person.make()
    async with own_world.transaction() as session:
        await session.execute(update(AccessTokenRow).values(subject="somebody else"))

    assert (await person.ask(LIST))["data"]["viewer"]["accessTokens"] == []
    answer = await person.ask("mutation { revokeAccessToken(id: 1) { __typename } }")
    assert answer["data"]["revokeAccessToken"]["__typename"] == "AccessTokenRefused"


async def test_a_token_ends_by_itself(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client:
        secret = (await Owner(client, issuer.token()).make(days=1))["secret"]

    async with door(own_world, issuer, now=NOW + dt.timedelta(days=1)) as client:
        response = await ask(client, ME, secret)

    assert problem(response)[2] == "the access token is refused: it has expired"


async def test_a_token_loses_what_its_owner_loses(person: Owner, own_world: Database) -> None:
    secret = (await person.make(rights=["READ_QUOTAS"]))["secret"]
    async with own_world.transaction() as session:
        await session.execute(
            update(GroupMember)
            .where(GroupMember.subject == SUBJECT, GroupMember.group_name == "spd/production")
            .values(gone_at=NOW)
        )

    lesser = (await ask(person.client, ME, secret)).json()
    async with own_world.transaction() as session:
        await session.execute(update(Person).where(Person.subject == SUBJECT).values(is_active=False))
    gone = await ask(person.client, ME, secret)

    assert lesser["data"]["viewer"]["rights"] == ["READ"]
    assert problem(gone)[2] == "the access token is refused: its owner is not in IAM any more"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"name": " "}, "a token needs a name of 1 to 64 characters"),
        ({"name": "a" * 65}, "a token needs a name of 1 to 64 characters"),
        ({"days": 0}, "a token lives 1 to 366 days, not 0"),
        ({"days": 367}, "a token lives 1 to 366 days, not 367"),
        ({"rights": ["SUBMIT"]}, "a token may introspect, read, read_files, read_quotas and nothing else"),
    ],
)
async def test_what_cannot_be_made_is_told_and_not_made(
    person: Owner, own_world: Database, variables: dict[str, object], message: str
) -> None:
    made = await person.make(**variables)

    assert made["message"].startswith(message)
    async with own_world.snapshot() as session:
        assert (await session.scalars(select(AccessTokenRow))).all() == []


async def test_twenty_are_the_most(person: Owner) -> None:
    for _ in range(20):
        assert "secret" in await person.make()

    assert "20 are the most; revoke one" in (await person.make())["message"]


@pytest.mark.parametrize("secret", [PREFIX, PREFIX + "a" * 43, PREFIX.upper() + "a" * 43])
async def test_what_is_no_token_of_ours_is_refused(person: Owner, secret: str) -> None:
    assert (await ask(person.client, ME, secret)).status_code == 401

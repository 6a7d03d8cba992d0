"""The same promises of reading people, kept by the practice IAM and by a real SCIM server."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from gateway.errors import DeniedError
from gateway.practice import people
from gateway.practice.iam_objects import PRIVATE, many_users, practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.talk import Record
from gateway.store.sources import SourceName
from gateway.upstreams.iam.tokens import Credentials, TokenSource
from gateway.upstreams.iam.upstream import IamUpstream
from tests.real.environments import EnvironmentMissingError, skip_or_fail
from tests.real.iam.server import TOKEN, running_scim
from tests.support.serving import served
from tests.upstreams.reading import assert_typed, read_all

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
TODAY = NOW.replace(hour=0)


@dataclass
class FixedToken:
    """A token that somebody else got for us."""

    token: str

    async def bearer(self) -> str:
        """Return it."""
        return self.token

    def forget(self) -> None:
        """Nothing else is known."""


@dataclass(frozen=True)
class Service:
    """A service with the practice people in it, and how to add more."""

    url: str
    ours: Credentials | TokenSource
    wrong: Credentials | TokenSource
    add_users: Callable[[Iterable[Record]], None]


@pytest.fixture(scope="module", params=["practice", "real"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    state = practice_iam(NOW)
    if request.param == "practice":
        with served(create_iam_twin(state, clock=lambda: NOW), date_header=False) as url:
            yield Service(
                url,
                Credentials("gateway-sync", "practice-secret"),
                Credentials("gateway-sync", "another"),
                lambda users: state.users.update({str(one["id"]): one for one in users}),
            )
        return
    try:
        with running_scim() as server:
            server.add("Groups", state.groups.values())
            server.add("Users", state.users.values())
            yield Service(
                server.url, FixedToken(TOKEN), FixedToken("another"), lambda users: server.add("Users", users)
            )
    except EnvironmentMissingError as error:
        skip_or_fail("the contract of IAM with a real SCIM server", error)


@pytest.fixture
async def iam(service: Service) -> AsyncIterator[IamUpstream]:
    upstream = IamUpstream(service.url, service.ours)
    yield upstream
    await upstream.close()


def _by(key: str, records: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    return sorted(({**one, "subject": None} for one in records), key=lambda one: str(one[key]))


async def test_people_groups_and_memberships_come_back(iam: IamUpstream) -> None:
    found = await read_all(iam.feeds[0])

    # A server gives ids and an order of its own; user names say who is meant.
    name_of = {one["subject"]: str(one["username"]) for one in found["people"]}
    known = {one["subject"]: str(one["username"]) for one in people.people(TODAY)}
    assert sorted((name_of[one["subject"]], one["group_name"]) for one in found["group_members"]) == sorted(
        (known[one["subject"]], one["group_name"]) for one in people.group_members()
    )
    assert _by("username", found["people"]) == _by("username", people.people(TODAY))
    assert _by("name", found["groups"]) == _by("name", people.groups())
    for section, records in found.items():
        assert_typed(SourceName.IAM, section, records)
    assert PRIVATE not in json.dumps(found)


async def test_a_token_that_is_not_taken_is_a_denial(service: Service) -> None:
    other = IamUpstream(service.url, service.wrong)

    with pytest.raises(DeniedError, match="iam"):
        await read_all(other.feeds[0])
    await other.close()


async def test_a_look_finds_people_and_groups(iam: IamUpstream) -> None:
    health = await iam.look()

    assert (health.is_ok, health.capabilities, health.advice) == (True, {"people": True, "groups": True}, ())


async def test_more_than_a_page_is_read_whole(service: Service, iam: IamUpstream) -> None:
    service.add_users(many_users(245, NOW))

    found = await read_all(iam.feeds[0])

    assert len({one["subject"] for one in found["people"]}) == 250
    assert len(found["group_members"]) == 255

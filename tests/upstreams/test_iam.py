"""IAM read through its adapter from the practice IAM."""

import datetime as dt
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.practice import people
from gateway.practice.faults import Fault, Faults
from gateway.practice.iam_objects import PRIVATE, IamState, many_users, practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.store.sources import SourceName
from gateway.upstreams.iam.feeds import PeopleFeed
from gateway.upstreams.iam.tokens import Credentials, is_same_issuer
from gateway.upstreams.iam.upstream import IamUpstream
from tests.support.manners import QUICK, manners_under
from tests.support.serving import served
from tests.upstreams.reading import assert_typed, read_all

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
OURS = Credentials("gateway-sync", "practice-secret")


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def state() -> IamState:
    return practice_iam(NOW)


@pytest.fixture(scope="module")
def url(state: IamState, faults: Faults) -> Iterator[str]:
    with served(create_iam_twin(state, clock=lambda: NOW, faults=faults), date_header=False) as url:
        yield url


@pytest.fixture
async def iam(url: str, state: IamState, faults: Faults) -> AsyncIterator[IamUpstream]:
    fresh = practice_iam(NOW)
    state.users, state.groups, state.keeps_order = fresh.users, fresh.groups, True
    faults.clear()
    upstream = IamUpstream(url, OURS, manners=QUICK)
    yield upstream
    await upstream.close()


def people_of(iam: IamUpstream) -> PeopleFeed:
    (feed,) = iam.feeds
    return feed


async def test_the_practice_people_come_back_as_they_are(iam: IamUpstream) -> None:
    found = await read_all(people_of(iam))

    assert found == {
        "people": list(people.people(NOW.replace(hour=0))),
        "groups": list(people.groups()),
        "group_members": list(people.group_members()),
    }
    for section, records in found.items():
        assert_typed(SourceName.IAM, section, records)


async def test_nothing_private_leaves_the_adapter(iam: IamUpstream, state: IamState) -> None:
    found = await read_all(people_of(iam))

    assert json.dumps(state.users).count(PRIVATE) == 5 * len(state.users)
    assert PRIVATE not in json.dumps(found)
    assert "@" not in json.dumps(found)


async def test_secrets_and_tokens_are_not_logged(iam: IamUpstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    await read_all(people_of(iam))

    assert "practice-secret" not in caplog.text + repr(OURS)
    # What a signed token, and the Basic form of the pair of id and secret, begin with.
    assert "eyJ" not in caplog.text
    assert "Z2F0ZXdheS1zeW5j" not in caplog.text


async def test_lists_are_read_to_their_end_though_pages_are_capped(iam: IamUpstream, state: IamState) -> None:
    state.users.update({str(one["id"]): one for one in many_users(245, NOW)})

    pages = [page async for page in people_of(iam).everything()]

    sizes = [(page.section, len(page.records)) for page in pages]
    assert sizes == [("groups", 5), ("people", 250), ("group_members", 255)]
    assert {page.taken_at for page in pages} == {NOW}


async def test_a_list_without_order_that_misses_somebody_is_no_list(
    iam: IamUpstream, state: IamState
) -> None:
    state.users.update({str(one["id"]): one for one in many_users(245, NOW)})
    state.keeps_order = False

    with pytest.raises(GarbledError, match="does not add up: in 2 readings"):
        await read_all(people_of(iam))


async def test_a_list_that_fits_a_page_needs_no_order(iam: IamUpstream, state: IamState) -> None:
    state.keeps_order = False

    found = await read_all(people_of(iam))

    assert sorted(str(one["username"]) for one in found["people"]) == [
        "analyst",
        "operator",
        "prodman",
        "sampo",
        "voadmin",
    ]


async def test_a_page_that_was_wrong_once_is_read_again(iam: IamUpstream, faults: Faults) -> None:
    faults.plan(Fault.HALF_LIST, path="/scim/Users", times=1)

    assert len((await read_all(people_of(iam)))["people"]) == 5


@pytest.mark.parametrize("path", ["/scim/Users", "/scim/Groups"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, UnreachableError),
        (Fault.RESET, UnreachableError),
        (Fault.HANG, SlowError),
        (Fault.DRIP, SlowError),
        (Fault.CUT_CHUNKED, GarbledError),
        (Fault.CUT_UNCHUNKED, GarbledError),
        (Fault.UNAUTHORIZED, DeniedError),
        (Fault.FORBIDDEN, DeniedError),
        (Fault.TOO_MANY, BusyError),
        (Fault.HTML_500, BrokenError),
        (Fault.HTML_200, GarbledError),
        (Fault.EMPTY_LIST, GarbledError),
        (Fault.HALF_LIST, GarbledError),
        (Fault.GARBAGE, GarbledError),
        (Fault.HUGE_BODY, GarbledError),
    ],
)
async def test_a_fault_is_an_error_in_words_and_the_next_reading_is_whole(
    url: str, iam: IamUpstream, faults: Faults, path: str, fault: Fault, error: type[UpstreamError]
) -> None:
    whole = await read_all(people_of(iam))
    asking = IamUpstream(url, OURS, manners=manners_under(fault))
    faults.plan(fault, path=path)

    with pytest.raises(error, match="iam"):
        await read_all(people_of(asking))
    await asking.close()

    faults.clear()
    assert await read_all(people_of(iam)) == whole


async def test_entries_that_stand_twice_are_one(iam: IamUpstream, faults: Faults) -> None:
    whole = await read_all(people_of(iam))
    faults.plan(Fault.DOUBLED_KEYS, path="/scim")

    assert await read_all(people_of(iam)) == whole


async def test_a_token_that_expires_on_the_way_is_replaced(
    iam: IamUpstream, state: IamState, faults: Faults
) -> None:
    state.users.update({str(one["id"]): one for one in many_users(245, NOW)})
    faults.plan(Fault.TOKEN_EXPIRY, path="/scim/Users", after=1, times=1)

    found = await read_all(people_of(iam))

    assert len(found["people"]) == 250


async def test_the_wrong_secret_is_a_refusal_with_the_providers_word(url: str, iam: IamUpstream) -> None:
    other = IamUpstream(url, Credentials("gateway-sync", "wrong-secret"), manners=QUICK)

    with pytest.raises(DeniedError, match=r"invalid_client.*look at client id") as refused:
        await read_all(people_of(other))

    assert "wrong-secret" not in refused.value.message
    await other.close()


async def test_a_client_without_the_right_is_told_which(url: str, iam: IamUpstream) -> None:
    login = Credentials("gateway-login", "practice-secret", scope="openid")
    other = IamUpstream(url, login, manners=QUICK)

    with pytest.raises(DeniedError, match="lacks the scope scim:read"):
        await read_all(people_of(other))
    await other.close()


async def test_changes_are_not_offered(iam: IamUpstream) -> None:
    with pytest.raises(NotOfferedError, match="read whole"):
        people_of(iam).changes(NOW)


async def test_a_look_counts_with_a_real_token(iam: IamUpstream, faults: Faults) -> None:
    healthy = await iam.look()
    faults.plan(Fault.FORBIDDEN, path="/scim/Groups")
    poorer = await iam.look()

    assert (healthy.is_ok, healthy.capabilities) == (True, {"people": True, "groups": True})
    assert (poorer.is_ok, poorer.capabilities) == (False, {"people": True, "groups": False})
    assert poorer.advice == (
        "groups: iam does not show Groups to our client: it lacks the scope scim:read (HTTP 403)",
    )


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_spellings_of_the_issuer_are_the_same(url: str, iam: IamUpstream, slash: str) -> None:
    other = IamUpstream(url + slash, OURS, manners=QUICK)

    assert len((await read_all(people_of(other)))["people"]) == 5
    await other.close()


def test_another_host_or_two_slashes_are_another_issuer() -> None:
    assert is_same_issuer("https://iam.example", "https://iam.example/")
    assert not is_same_issuer("https://iam.example", "https://iam.example//")
    assert not is_same_issuer("https://iam.example", "https://iam.example.org/")

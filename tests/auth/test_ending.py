"""Everything somebody has here ended at once, and streams that end with the login they were begun with."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from gateway.app import create_executor
from gateway.auth.permissions import RIGHTS, Right, Role
from gateway.auth.recognise import Login
from gateway.auth.renewal import Renewal
from gateway.auth.sealing import new_key, sealer_of
from gateway.auth.sessions import Sessions, hash_of
from gateway.auth.vault import Vault
from gateway.auth.viewer import Viewer
from gateway.errors import CredentialMissingError, UnauthenticatedError
from gateway.schema.execution import Executor, OperationRequest, Subscription
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.feed import Feed
from gateway.store.logins import AccessTokenRow, BrowserSession, Grant
from gateway.store.people import GroupMember, Person
from tests.auth.issuer import NOW, SUBJECT
from tests.auth.test_vault import Office
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

IDLE = dt.timedelta(hours=1)
END = """
mutation ($username: String!) {
  endLogins(username: $username) {
    ... on LoginsEnded { sessions grants tokens } ... on NobodyOfThisName { message }
  }
}
"""
ADMIN = Viewer("VO Administrator", RIGHTS[Role.ADMINISTRATOR], subject="s-2", username="voadmin")
LOGIN = Login(SUBJECT, "prodman", "Production Manager", ("spd", "spd/production"), NOW)


@pytest.fixture
async def vault(own_world: Database) -> Vault:
    """A vault of another process, with a login, a session and a token of the production manager."""
    vault = Vault(own_world, sealer_of(new_key(), "KEYS"), Office(), lambda: NOW)
    grant_id = await vault.keep_refresh(SUBJECT, "planted-refresh-token")
    sessions = Sessions(own_world, lambda: NOW, idle=dt.timedelta(hours=1), absolute=dt.timedelta(hours=12))
    await sessions.begin(LOGIN, grant_id)
    async with own_world.transaction() as session:
        session.add(
            AccessTokenRow(
                subject=SUBJECT,
                name="sheet",
                secret_hash="0" * 64,
                rights="read",
                created_at=NOW,
                ends_at=NOW,
            )
        )
    return vault


async def left(database: Database) -> list[int]:
    async with database.snapshot() as session:
        return [
            await session.scalar(select(func.count()).select_from(model)) or 0
            for model in (BrowserSession, Grant)
        ]


async def test_an_administrator_ends_all_that_somebody_has(own_world: Database, vault: Vault) -> None:
    await vault.token_for(f"person:{SUBJECT}", "panda", Right.SUBMIT)

    answer = await Asker(own_world, LOADED_AT, ADMIN)(END, username="prodman")

    assert answer["endLogins"] == {"sessions": 1, "grants": 1, "tokens": 1}
    assert await left(own_world) == [0, 0]
    async with own_world.snapshot() as session:
        assert (await session.scalars(select(AccessTokenRow.revoked_at))).all() == [LOADED_AT]
        entry = (await session.scalars(select(AuditRow).where(AuditRow.action == "endLogins"))).one()
    assert (entry.actor, entry.action, entry.object_key) == ("voadmin", "endLogins", "prodman")
    # Not even with what another process has in memory.
    with pytest.raises(CredentialMissingError):
        await vault.token_for(f"person:{SUBJECT}", "panda", Right.SUBMIT)


async def test_somebody_whom_our_copy_of_iam_does_not_have_yet_can_be_put_out(own_world: Database) -> None:
    sessions = Sessions(own_world, lambda: NOW, idle=dt.timedelta(hours=1), absolute=dt.timedelta(hours=12))
    await sessions.begin(replace(LOGIN, subject="s-new", username="newcomer"), None)

    answer = await Asker(own_world, LOADED_AT, ADMIN)(END, username="newcomer")

    assert answer["endLogins"] == {"sessions": 1, "grants": 0, "tokens": 0}
    assert await left(own_world) == [0, 0]


async def test_nobody_else_loses_anything(own_world: Database, vault: Vault) -> None:
    ask = Asker(own_world, LOADED_AT, ADMIN)

    other = await ask(END, username="analyst")
    nobody = await ask(END, username="nobody")

    assert other["endLogins"] == {"sessions": 0, "grants": 0, "tokens": 0}
    assert nobody["endLogins"]["message"] == "IAM's copy here never had anybody called 'nobody'."
    assert await left(own_world) == [1, 1]


VIEWER = Viewer(
    "Production Manager",
    RIGHTS[Role.PRODUCTION_MANAGER],
    subject=SUBJECT,
    groups=("spd", "spd/production"),
    until=NOW + dt.timedelta(hours=1),
)


async def test_whoever_may_goes_on(own_world: Database) -> None:
    await Renewal(own_world, lambda: NOW, IDLE)(VIEWER)
    await Renewal(own_world, lambda: NOW, IDLE)(Viewer("anonymous"))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("time", "your login has ended"),
        ("logout", "your login has ended"),
        ("disabled", "your account is disabled in IAM"),
        ("group", "your groups have changed in IAM"),
        ("token", "the access token was revoked"),
    ],
)
async def test_whoever_may_not_any_more_does_not(own_world: Database, case: str, message: str) -> None:
    viewer, now = VIEWER, NOW
    async with own_world.transaction() as session:
        match case:
            case "time":
                now += dt.timedelta(hours=1)
            case "logout":
                viewer = replace(VIEWER, session="0" * 64)
            case "token":
                row = AccessTokenRow(
                    subject=SUBJECT,
                    name="sheet",
                    secret_hash="0" * 64,
                    rights="read",
                    created_at=NOW,
                    ends_at=NOW,
                )
                session.add(row)
                await session.flush()
                await Renewal(own_world, lambda: NOW, IDLE)(VIEWER)
                row.revoked_at = NOW
                viewer = replace(VIEWER, own_token=row.id)
            case "disabled":
                await session.execute(update(Person).where(Person.subject == SUBJECT).values(is_active=False))
            case _:
                await session.execute(
                    update(GroupMember).where(GroupMember.group_name == "spd/production").values(gone_at=NOW)
                )

    with pytest.raises(UnauthenticatedError, match=message):
        await Renewal(own_world, lambda: now, IDLE)(viewer)


async def test_to_follow_is_not_to_use_a_login(own_world: Database) -> None:
    sessions = Sessions(own_world, lambda: NOW, idle=IDLE, absolute=dt.timedelta(hours=12))
    viewer = replace(VIEWER, until=None, session=hash_of(await sessions.begin(LOGIN, None)))
    await Renewal(own_world, lambda: NOW, IDLE)(viewer)

    with pytest.raises(UnauthenticatedError, match="your login has ended"):
        await Renewal(own_world, lambda: NOW + IDLE, IDLE)(viewer)


async def test_a_stream_ends_with_the_login(own_world: Database) -> None:
    feed = Feed(own_world)
    usual = create_executor(own_world, lambda: LOADED_AT, feed)
    strict = Executor(
        usual._strawberry_schema,
        usual._open_context,
        open_following=usual._open_following,
        recheck=Renewal(own_world, lambda: NOW, IDLE),
        recheck_every_s=0,
    )
    request = OperationRequest("subscription { syncChanged { name } }")
    begun = await strict.answer_or_subscribe(request, replace(VIEWER, until=None))
    assert isinstance(begun, Subscription)

    answers = []
    async with own_world.transaction() as session:
        tell(session, EventKind.SYNC, "iam", at=LOADED_AT)
    told = aiter(begun)
    answers.append((await asyncio.wait_for(anext(told), 30)).answer.body)
    async with own_world.transaction() as session:
        await session.execute(update(Person).where(Person.subject == SUBJECT).values(is_active=False))
        tell(session, EventKind.SYNC, "iam", at=LOADED_AT)
    answers.append((await asyncio.wait_for(anext(told), 30)).answer.body)
    over = await asyncio.wait_for(anext(told, None), 30)
    await begun.close()
    feed.close()

    assert b'"syncChanged"' in answers[0]
    assert b"your account is disabled in IAM" in answers[1]
    assert over is None
    assert Right.READ in VIEWER.rights

"""What acts for people: sealed at rest, one refresh at a time, nothing for whoever is disabled or gone."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import func, select, update

from gateway.auth.bearer import AccessToken
from gateway.auth.permissions import Right
from gateway.auth.roles import RoleRules, parse_roles
from gateway.auth.sealing import Sealer, new_key, sealer_of
from gateway.auth.vault import Vault, reseal_grants
from gateway.errors import CredentialMissingError, SettingError, UnreachableError
from gateway.store.database import Database
from gateway.store.logins import Grant
from gateway.store.people import GroupMember, Person
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from tests.auth.issuer import NOW, SUBJECT

CREDENTIAL = f"person:{SUBJECT}"
PLANTED = "planted-refresh-token"


@dataclass(frozen=True)
class Given:
    access_token: str
    lifetime_s: float
    refresh_token: str | None


@dataclass
class Office:
    """An IAM that changes refresh tokens, and counts how many ask at the same moment."""

    now: dt.datetime = NOW
    lifetime_s: float = 3600
    valid: set[str] = field(default_factory=lambda: {PLANTED})
    asked: list[tuple[str, str]] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    changes: bool = True
    is_silent: bool = False

    def clock(self) -> dt.datetime:
        return self.now

    async def refresh(self, refresh_token: str, audience: str) -> Given:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if refresh_token not in self.valid:
            raise CredentialMissingError("your login has ended in IAM; log in again", is_final=True)
        self.asked.append(("refresh", audience))
        following = f"{refresh_token}+" if self.changes else refresh_token
        if self.changes:
            self.valid = {following}
        return Given(f"{audience}-{len(self.asked)}", self.lifetime_s, following)

    async def exchange(self, access_token: str, audience: str) -> Given:
        self.asked.append(("exchange", audience))
        return Given(f"{audience}-of-{access_token}", self.lifetime_s, None)

    async def revoke(self, token: str) -> None:
        if self.is_silent:
            raise UnreachableError("iam", "iam cannot be reached")
        self.revoked.append(token)


KEYS = new_key()


def vault(database: Database, office: Office, keys: str = KEYS) -> Vault:
    return Vault(database, sealer_of(keys, "KEYS"), office, office.clock)


def token(jti: str = "j-1", raw: str = "planted-access-token") -> AccessToken:
    return AccessToken(
        subject=SUBJECT,
        client_id="shell",
        username="prodman",
        name=None,
        groups=(),
        jti=jti,
        issued_at=None,
        expires_at=NOW.timestamp() + 3600,
        is_wlcg=True,
        raw=raw,
    )


async def grants(database: Database) -> int:
    async with database.snapshot() as session:
        return await session.scalar(select(func.count()).select_from(Grant)) or 0


async def test_a_token_is_made_once_for_each_service_and_used_until_it_is_old(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)

    first = [await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT) for _ in range(3)]
    other = await kept.token_for(CREDENTIAL, "rucio", Right.SUBMIT)
    office.now += dt.timedelta(seconds=3600 - 299)
    renewed = await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)

    assert (first, other, renewed) == (["panda-1"] * 3, "rucio-2", "panda-3")
    assert office.asked == [("refresh", "panda"), ("refresh", "rucio"), ("refresh", "panda")]


async def test_one_refresh_at_a_time_is_made_by_all_processes(database: Database) -> None:
    office = Office()
    processes = [vault(database, office) for _ in range(3)]
    await processes[0].keep_refresh(SUBJECT, PLANTED)

    await asyncio.gather(
        *(
            process.token_for(CREDENTIAL, name, Right.SUBMIT)
            for process in processes
            for name in ("panda", "rucio")
        )
    )

    assert office.most_at_once == 1
    assert len(office.asked) == 6


async def test_two_refreshes_at_once_would_lose_the_grant(database: Database) -> None:
    """The control: an IAM that changes tokens takes the old one from nobody."""
    office = Office()

    done = await asyncio.gather(*(office.refresh(PLANTED, "panda") for _ in range(2)), return_exceptions=True)

    assert [type(one) for one in done] == [Given, CredentialMissingError]


async def test_what_is_kept_cannot_be_read_in_the_database(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)
    await kept.keep_access(token())
    await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)

    async with database.snapshot() as session:
        rows = (await session.scalars(select(Grant))).all()
    texts = [f"{row!r} {row.sealed} {row.token_id}" for row in rows]
    assert len(texts) == 2
    assert not [text for text in texts if "planted" in text]


async def test_another_persons_seal_does_not_open(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)
    async with database.transaction() as session:
        await session.execute(update(Grant).values(subject="thief"))

    with pytest.raises(CredentialMissingError, match="cannot be read any more; log in again"):
        await kept.token_for("person:thief", "panda", Right.SUBMIT)

    assert office.asked == []


async def test_a_changed_key_opens_old_seals_and_they_are_sealed_anew(database: Database) -> None:
    office = Office(changes=False)
    await vault(database, office).keep_refresh(SUBJECT, PLANTED)
    following = new_key()

    both = vault(database, office, f"{following},{KEYS}")
    assert await both.token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-1"
    ring = sealer_of(f"{following},{KEYS}", "KEYS")
    assert [await reseal_grants(database, ring) for _ in range(2)] == [1, 0]

    assert await vault(database, office, following).token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-2"
    with pytest.raises(CredentialMissingError):
        await vault(database, office).token_for(CREDENTIAL, "panda", Right.SUBMIT)


async def test_whoever_is_disabled_in_iam_is_not_acted_for(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)
    await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)
    async with database.transaction() as session:
        person = Person(subject=SUBJECT, username="prodman", is_active=False)
        await remember(session, [person], source=SourceName.IAM, at=NOW)

    with pytest.raises(CredentialMissingError, match="prodman is disabled in IAM"):
        await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)


async def test_whoever_left_the_groups_that_allowed_it_is_not_acted_for(own_world: Database) -> None:
    office = Office()
    rules = RoleRules(parse_roles("viewer=spd; production-manager=spd/production", "ROLES"))
    safe = Vault(own_world, sealer_of(KEYS, "KEYS"), office, office.clock, rules)
    await safe.keep_refresh(SUBJECT, PLANTED)
    assert await safe.token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-1"

    async with own_world.transaction() as session:
        await session.execute(
            update(GroupMember)
            .where(GroupMember.subject == SUBJECT, GroupMember.group_name == "spd/production")
            .values(gone_at=NOW)
        )

    with pytest.raises(CredentialMissingError, match="has left spd/production in IAM"):
        await safe.token_for(CREDENTIAL, "panda", Right.SUBMIT)
    # The control: without rules nobody asks.
    assert await vault(own_world, office).token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-2"


async def test_what_iam_no_longer_takes_is_forgotten_and_an_older_login_tried(database: Database) -> None:
    office = Office(changes=False)
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)
    await kept.keep_refresh(SUBJECT, "expired")

    assert await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-1"

    assert await grants(database) == 1


async def test_a_token_without_an_id_is_kept_too_and_once(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    for _time in range(2):
        await kept.keep_access(replace(token(), jti=None))
        await vault(database, office).keep_access(replace(token(), jti=None))

    assert await grants(database) == 1
    assert await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-of-planted-access-token"


async def test_without_a_login_the_newest_access_token_is_exchanged(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_access(token())
    await kept.keep_access(token("j-2", "newer"))
    await kept.keep_access(token("j-2", "newer"))

    assert await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT) == "panda-of-newer"

    assert await grants(database) == 2
    office.now += dt.timedelta(hours=2)
    with pytest.raises(CredentialMissingError, match="no login of yours to act with"):
        await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)


@pytest.mark.parametrize("credential", ["", "person:", "person:nobody", "planted"])
async def test_a_reference_to_nobody_gives_nothing(database: Database, credential: str) -> None:
    with pytest.raises(CredentialMissingError, match="log in"):
        await vault(database, Office()).token_for(credential, "panda", Right.SUBMIT)


async def test_a_logout_is_one_even_when_iam_is_silent(database: Database) -> None:
    office = Office(is_silent=True)
    kept = vault(database, office)
    grant_id = await kept.keep_refresh(SUBJECT, PLANTED)
    await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)

    await kept.forget(grant_id)

    assert await grants(database) == 0
    with pytest.raises(CredentialMissingError):
        await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)


async def test_a_logout_revokes_the_refresh_token_that_is_valid_now(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    grant_id = await kept.keep_refresh(SUBJECT, PLANTED)
    await kept.token_for(CREDENTIAL, "panda", Right.SUBMIT)

    await kept.forget(grant_id)

    assert office.revoked == [f"{PLANTED}+"]


async def test_whoever_died_while_refreshing_holds_nobody_up_for_long(database: Database) -> None:
    office = Office()
    kept = vault(database, office)
    await kept.keep_refresh(SUBJECT, PLANTED)
    async with database.transaction() as session:
        await session.execute(update(Grant).values(busy_until=NOW + dt.timedelta(seconds=150)))

    waiting = asyncio.ensure_future(kept.token_for(CREDENTIAL, "panda", Right.SUBMIT))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    office.now += dt.timedelta(seconds=151)

    assert await waiting == "panda-1"


def test_a_seal_is_another_each_time_and_opens_for_its_purpose_only() -> None:
    sealer = sealer_of(KEYS, "KEYS")
    one, other = sealer.seal("secret", "a"), sealer.seal("secret", "a")

    assert one != other
    assert sealer.open(one, "a") == "secret"
    for wrong in (lambda: sealer.open(one, "b"), lambda: sealer.open(one[:-4] + "AAAA", "a")):
        with pytest.raises(CredentialMissingError):
            wrong()


@pytest.mark.parametrize("sealed", ["", "v1", "v1.x.y", "v1..", "é.é.é", "v2." + "0" * 8 + ".AAAA"])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(CredentialMissingError):
        sealer_of(KEYS, "KEYS").open(sealed, "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "KEYS is empty"),
        (" , ", "KEYS is empty"),
        ("!", "a key is not base64"),
        ("c2hvcnQ=", "a key has 5 bytes, not 32"),
    ],
)
def test_a_key_that_cannot_be_one_stops_the_program_unseen(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message) as refused:
        sealer_of(text, "KEYS")

    assert "c2hvcnQ" not in str(refused.value)


def test_a_sealer_does_not_show_its_keys() -> None:
    assert KEYS not in repr(Sealer((b"0" * 32,))) + repr(vars(sealer_of(KEYS, "KEYS")))

"""Making one person of an IAM account, a PanDA user name and a Rucio account; doubtful ones stay unlinked."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Table, delete, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.panda_names import spoken
from gateway.store.datasets import Dataset, Rule
from gateway.store.keys import key_in
from gateway.store.people import IdentityLink, Person
from gateway.store.storages import Quota
from gateway.store.tasks import Task
from gateway.store.upsert import upsert_rows

PANDA: Final = "panda"
RUCIO: Final = "rucio"
BY_USERNAME: Final = "username"
BY_DISPLAY_NAME: Final = "display name"
# Links made here; any other rule is an administrator's word and is never touched.
DERIVED_RULES: Final = frozenset({BY_USERNAME, BY_DISPLAY_NAME})

# Rucio's limit for account names.
ACCOUNT_LIMIT: Final = 25

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Linking:
    """How many links the rules make now, and how many were written or dropped to get there."""

    derived: int
    written: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Link:
    subject: str
    rule: str


async def link_identities(session: AsyncSession, *, at: dt.datetime) -> Linking:
    """Bring the derived links to what IAM, PanDA and Rucio say now; at most seven statements."""
    people = (
        await session.execute(
            select(Person.subject, Person.username, Person.display_name).where(Person.gone_at.is_(None))
        )
    ).all()
    user_names = (
        await session.scalars(select(Task.user_name).where(Task.user_name.is_not(None)).distinct())
    ).all()
    accounts = (
        await session.scalars(union(select(Quota.account), select(Rule.account), select(Dataset.account)))
    ).all()
    stored = {(link.system, link.name): link for link in (await session.scalars(select(IdentityLink))).all()}

    wanted = _panda_links(people, [name for name in user_names if name]) | _rucio_links(people, accounts)
    by_hand = {name for name, link in stored.items() if link.rule not in DERIVED_RULES}
    wanted = {name: link for name, link in wanted.items() if name not in by_hand}
    changed = {
        name: link
        for name, link in wanted.items()
        if name not in stored or (stored[name].subject, stored[name].rule) != (link.subject, link.rule)
    }
    dropped = [name for name in stored if name not in wanted and name not in by_hand]
    await upsert_rows(
        session,
        cast("Table", IdentityLink.__table__),
        [
            {"system": system, "name": name, "subject": link.subject, "rule": link.rule, "linked_at": at}
            for (system, name), link in changed.items()
        ],
    )
    if dropped:
        await session.execute(
            delete(IdentityLink).where(key_in([IdentityLink.system, IdentityLink.name], dropped))
        )
    return Linking(len(wanted), len(changed), len(dropped))


def _panda_links(
    people: Sequence[tuple[str, str, str | None]], user_names: Collection[str]
) -> dict[Name, _Link]:
    """PanDA calls a person by the display name with each word capitalised, or by what a submitter stated.

    A display name that two people share links neither.
    """
    by_username = {username: subject for subject, username, _ in people}
    shared = Counter(spoken(display) for _, _, display in people)
    by_display = {
        spoken(display): subject for subject, _, display in people if display and shared[spoken(display)] == 1
    }
    links: dict[Name, _Link] = {}
    for name in user_names:
        if name in by_username:
            links[PANDA, name] = _Link(by_username[name], BY_USERNAME)
        elif spoken(name) in by_display:
            links[PANDA, name] = _Link(by_display[spoken(name)], BY_DISPLAY_NAME)
    return links


def _rucio_links(
    people: Sequence[tuple[str, str, str | None]], accounts: Collection[str | None]
) -> dict[Name, _Link]:
    known = set(accounts)
    return {
        (RUCIO, username): _Link(subject, BY_USERNAME)
        for subject, username, _ in people
        if len(username) <= ACCOUNT_LIMIT and username in known
    }

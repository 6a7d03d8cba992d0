"""What our copy of IAM says of a person: a token is an hour old at most, the copy some minutes.

Whoever was disabled or left, and each group somebody left, counts from the next reading of IAM on, whatever
their token says. What is not in the copy yet is not held against anybody.

A reading that lacks too much is held for a person to judge (`sync.removals`). What is held is in doubt: it
gives no right to change anything, and looking goes on, so that a fault of IAM locks nobody out.
"""

from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.keys import key_text
from gateway.store.people import GroupMember, Person
from gateway.store.sync_jobs import HeldRemoval

DOUBT: Final = (
    "IAM's last list lacks you, or a group of yours, and so much else that it may be a fault; "
    "until an operator has looked at it, what that group allows is not done"
)
_PEOPLE: Final = "people"
_MEMBERS: Final = "group_members"


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in our copy; `groups` are those they are in, `left` those they were in before.

    `doubtful` are groups that the last reading lacked, which is not believed yet; with `is_doubtful` it
    lacked the person, and all groups are doubtful.
    """

    username: str
    display_name: str | None
    may_log_in: bool
    groups: tuple[str, ...]
    left: frozenset[str]
    doubtful: frozenset[str] = frozenset()
    is_doubtful: bool = False


async def standing_of(session: AsyncSession, subject: str) -> Standing | None:
    """Return what is known of a person in one statement, or two while something of IAM's is held.

    None for somebody our copy never had.
    """
    is_held = exists().where(HeldRemoval.section.in_([_PEOPLE, _MEMBERS]))
    rows = (
        await session.execute(
            select(
                Person.username,
                Person.display_name,
                Person.is_active,
                Person.gone_at,
                GroupMember.group_name,
                GroupMember.gone_at.label("left_at"),
                is_held.label("is_held"),
            )
            .outerjoin(GroupMember, GroupMember.subject == Person.subject)
            .where(Person.subject == subject)
        )
    ).all()
    if not rows:
        return None
    first = rows[0]
    present = frozenset(row.group_name for row in rows if row.group_name and row.left_at is None)
    is_doubtful, doubtful = False, frozenset[str]()
    if first.is_held:
        is_doubtful, doubtful = await _doubtful(session, subject, present)
    return Standing(
        username=first.username,
        display_name=first.display_name,
        may_log_in=first.is_active and first.gone_at is None,
        groups=tuple(sorted(present - doubtful)),
        left=frozenset(row.group_name for row in rows if row.left_at is not None),
        doubtful=doubtful,
        is_doubtful=is_doubtful,
    )


async def _doubtful(
    session: AsyncSession, subject: str, groups: frozenset[str]
) -> tuple[bool, frozenset[str]]:
    """Return whether the person is among what is held, and which of the groups are."""
    found = await session.execute(
        select(HeldRemoval.section, HeldRemoval.row_keys).where(HeldRemoval.section.in_([_PEOPLE, _MEMBERS]))
    )
    held = {(section, key) for section, keys in found for key in cast("list[str]", keys or [])}
    if (_PEOPLE, key_text((subject,))) in held:
        return True, groups
    return False, frozenset(group for group in groups if (_MEMBERS, key_text((subject, group))) in held)

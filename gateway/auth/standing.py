"""What our copy of IAM says of a person: a token is an hour old at most, the copy some minutes.

Whoever was disabled or left, and each group somebody left, counts from the next reading of IAM on, whatever
their token says. What is not in the copy yet is not held against anybody.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.people import GroupMember, Person


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in our copy; `groups` are those they are in, `left` those they were in before."""

    username: str
    display_name: str | None
    may_log_in: bool
    groups: tuple[str, ...]
    left: frozenset[str]


async def standing_of(session: AsyncSession, subject: str) -> Standing | None:
    """Return what is known of a person in one statement; None for somebody our copy never had."""
    rows = (
        await session.execute(
            select(
                Person.username,
                Person.display_name,
                Person.is_active,
                Person.gone_at,
                GroupMember.group_name,
                GroupMember.gone_at.label("left_at"),
            )
            .outerjoin(GroupMember, GroupMember.subject == Person.subject)
            .where(Person.subject == subject)
        )
    ).all()
    if not rows:
        return None
    first = rows[0]
    return Standing(
        username=first.username,
        display_name=first.display_name,
        may_log_in=first.is_active and first.gone_at is None,
        groups=tuple(sorted(row.group_name for row in rows if row.group_name and row.left_at is None)),
        left=frozenset(row.group_name for row in rows if row.left_at is not None),
    )

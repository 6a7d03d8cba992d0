"""IAM's one reading: groups, people and who is in which group, from two lists."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.errors import NotOfferedError
from gateway.store.sources import SourceName
from gateway.upstreams.iam.client import SOURCE, IamClient
from gateway.upstreams.iam.translate import group_of, members_of, user_of
from gateway.upstreams.ports import Page, Record

PAGE_SIZE: Final = 500


@dataclass(frozen=True, slots=True)
class PeopleFeed:
    """People, groups and memberships; little is kept of each, so a list is held until it adds up."""

    client: IamClient

    @property
    def name(self) -> str:
        """The job's name."""
        return f"{SOURCE}.people"

    @property
    def source(self) -> SourceName:
        """IAM."""
        return SourceName.IAM

    @property
    def sections(self) -> Sequence[str]:
        """The three sections."""
        return ("groups", "people", "group_members")

    @property
    def lists_everything(self) -> bool:
        """The lists agree with the counts that IAM states, so what they lack is gone."""
        return True

    async def everything(self) -> AsyncIterator[Page]:
        """Read both lists whole, then hand them on; memberships are those that the users' entries give.

        IAM's groups list no members, and a user's list of groups is complete.
        """
        groups = await self.client.listing("Groups", group_of)
        users = await self.client.listing("Users", user_of)
        names = {
            group_id: record["name"]
            for group_id, record in groups.entries.items()
            if isinstance(record["name"], str)
        }
        taken_at = min(groups.taken_at, users.taken_at)
        members = (one for user in users.entries.values() for one in members_of(user, names))
        people = (user.record for user in users.entries.values())
        for section, records in (
            ("groups", iter(groups.entries.values())),
            ("people", people),
            ("group_members", members),
        ):
            for page in _pages(section, records, taken_at):
                yield page

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Raise NotOfferedError: users carry `meta.lastModified`, but IAM cannot be asked by it."""
        raise NotOfferedError(SOURCE, f"iam cannot list who changed since {since}: it is read whole")


def _pages(section: str, records: Iterator[Record], taken_at: dt.datetime) -> Iterator[Page]:
    """Cut a section into pages; a section of nothing is one empty page."""
    page = tuple(islice(records, PAGE_SIZE))
    yield Page(section, page, taken_at)
    while len(page) == PAGE_SIZE:
        page = tuple(islice(records, PAGE_SIZE))
        if page:
            yield Page(section, page, taken_at)

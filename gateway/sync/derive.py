"""What follows from remembered rows when they change: attempts found by name, sizes, and who is who."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.adoptions import apply_adoptions
from gateway.sync.adopt_attempts import adopt_attempts
from gateway.sync.derive_outputs import derive_outputs
from gateway.sync.link_identities import link_identities

_NAMING_ATTEMPTS: Final = frozenset({"tasks"})
_TELLING_SIZES: Final = frozenset({"tasks", "datasets"})
_NAMING_PEOPLE: Final = frozenset({"people", "tasks", "quotas", "rules", "datasets"})


async def derive_links(session: AsyncSession, sections: Sequence[str], *, at: dt.datetime) -> None:
    """Bring what is derived from these sections up to date, within the caller's transaction."""
    if _NAMING_ATTEMPTS.intersection(sections):
        await adopt_attempts(session, at=at)
    if "datasets" in sections:
        # Given to a request while their page was being read.
        await apply_adoptions(session, at=at)
    if _TELLING_SIZES.intersection(sections):
        await derive_outputs(session, at=at)
    if _NAMING_PEOPLE.intersection(sections):
        await link_identities(session, at=at)

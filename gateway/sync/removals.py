"""Whether rows that a complete listing lacks may be marked as gone: a great loss is more often a fault.

An outage of a source looks like an empty or short list (PanDA answers "success, nothing" when its database
fails), so a sudden loss is held for a person instead of being believed.
"""

import datetime as dt
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Remembered
from gateway.store.keys import RowKey, key_text
from gateway.store.remembered import mark_gone, present_keys


@dataclass(frozen=True, slots=True)
class Guard:
    """How much a complete listing may lack and still be believed.

    It is held when it is empty, when it lacks more than `hold_rows` rows that are more than `hold_share` of
    those known, and when it lacks `hold_part` of them or more, however few those are: half of a list of four
    queues is as likely a fault as half of four thousand datasets. A third, because half of a list that has
    grown meanwhile lacks less than half of what was known.
    """

    hold_share: float = 0.20
    hold_rows: int = 10
    hold_part: float = 1 / 3
    believes_empty: bool = False

    def reason(self, *, seen: int, present: int, missing: int, may_be_empty: bool = False) -> str | None:
        """Return why so great a loss is not believed, in words; None when it is."""
        if seen == 0:
            believed = self.believes_empty or may_be_empty
            return None if believed else f"the list is empty while {present} rows are known"
        is_great = missing > self.hold_rows and missing > self.hold_share * present
        if is_great or missing >= self.hold_part * present:
            return f"{missing} of {present} known rows are missing at once"
        return None


GUARD: Final = Guard()
# Sections that are empty on an ordinary day.
MAY_BE_EMPTY: Final = frozenset({"downtimes"})
# Sections by which people may do something: what one complete reading lacks is over, not only after the next.
AT_ONCE: Final = frozenset({"people", "group_members"})
# Sections that lack what another one lacks: while that is not believed, neither is this.
BELIEVED_WITH: Final[Mapping[str, str]] = MappingProxyType({"group_members": "people"})


@dataclass(frozen=True, slots=True)
class Removal:
    """How many rows were marked as gone, and which were missing (and may go the next time) or are held.

    `present` counts the rows that were known before. Keys are texts, as `key_text` writes them.
    """

    gone: int = 0
    hold_reason: str | None = None
    missing: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    present: int = 0


async def remove_missing(
    session: AsyncSession,
    model: type[Remembered],
    seen: AbstractSet[RowKey],
    *,
    at: dt.datetime,
    listing: str,
    unreadable: int = 0,
    may_be_empty: bool = False,
    missed_before: AbstractSet[str] | None = None,
    released: AbstractSet[str] = frozenset(),
    doubt: str | None = None,
    disbelief: str | None = None,
    guard: Guard = GUARD,
) -> Removal:
    """Mark as gone what a complete listing did not contain, unless that looks like a fault.

    `seen` has the keys of all records whose key could be read; `unreadable` counts the others, and while
    there are any, nothing is marked, because the missing rows may be among them. `listing` names it in the
    reason. With `missed_before` only rows are marked that the last complete listing already lacked.

    `released` has rows that an earlier listing lacked too and that a person has said may go; they go whatever
    the guard says of the rest. `doubt` says why an empty list should not be believed this time even where
    lists may be empty, `disbelief` why nothing that is missing is, however little that may be.
    """
    present = await present_keys(session, model)
    missing = sorted(present - seen, key=repr)
    if not missing:
        return Removal(present=len(present))
    texts = {key: key_text(key) for key in missing}
    going = [key for key in missing if texts[key] in released]
    rest = [key for key in missing if texts[key] not in released]
    gone = await mark_gone(session, model, going, at=at)
    reason = (disbelief if rest else None) or _hold_reason(
        guard,
        seen=len(seen),
        present=len(present) - len(going),
        missing=len(rest),
        unreadable=unreadable,
        may_be_empty=may_be_empty,
        doubt=doubt,
    )
    if reason is not None:
        return Removal(
            gone=gone,
            hold_reason=f"{listing}: {reason}; nothing was marked as gone",
            held=frozenset(texts[key] for key in rest),
            present=len(present),
        )
    if missed_before is not None:
        rest = [key for key in rest if texts[key] in missed_before]
    gone += await mark_gone(session, model, rest, at=at)
    return Removal(gone=gone, missing=frozenset(texts.values()), present=len(present))


def _hold_reason(
    guard: Guard,
    *,
    seen: int,
    present: int,
    missing: int,
    unreadable: int,
    may_be_empty: bool,
    doubt: str | None,
) -> str | None:
    if missing == 0:
        return None
    if unreadable:
        return f"{unreadable} records cannot be told apart while {missing} known rows are missing"
    if seen == 0 and may_be_empty and doubt is not None:
        return f"the list is empty, which it may be, but {doubt}"
    return guard.reason(seen=seen, present=present, missing=missing, may_be_empty=may_be_empty)

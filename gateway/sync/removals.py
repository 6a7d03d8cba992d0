"""Whether rows that a complete listing lacks may be marked as gone: a great loss is more often a fault.

An outage of a source looks like an empty or short list (PanDA answers "success, nothing" when its database
fails), so a sudden loss is held for a person instead of being believed.
"""

import datetime as dt
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Remembered
from gateway.store.keys import RowKey, key_text
from gateway.store.remembered import mark_gone, present_keys

# A listing that lacks more than both of these is held.
HOLD_SHARE: Final = 0.20
HOLD_ROWS: Final = 10
# Sections that are empty on an ordinary day.
MAY_BE_EMPTY: Final = frozenset({"downtimes"})


@dataclass(frozen=True, slots=True)
class Removal:
    """How many rows were marked as gone, or why none were; and which were missing, marked or not."""

    gone: int = 0
    hold_reason: str | None = None
    missing: frozenset[str] = frozenset()


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
) -> Removal:
    """Mark as gone what a complete listing did not contain, unless that looks like a fault.

    `seen` has the keys of all records whose key could be read; `unreadable` counts the others, and while
    there are any, nothing is marked, because the missing rows may be among them. `listing` names it in the
    reason. With `missed_before` only rows are marked that the last complete listing already lacked.
    """
    present = await present_keys(session, model)
    missing = sorted(present - seen, key=repr)
    if not missing:
        return Removal()
    reason = _hold_reason(
        seen=len(seen),
        present=len(present),
        missing=len(missing),
        unreadable=unreadable,
        may_be_empty=may_be_empty,
    )
    if reason is not None:
        return Removal(hold_reason=f"{listing}: {reason}; nothing was marked as gone")
    texts = {key: key_text(key) for key in missing}
    if missed_before is not None:
        missing = [key for key in missing if texts[key] in missed_before]
    gone = await mark_gone(session, model, missing, at=at)
    return Removal(gone=gone, missing=frozenset(texts.values()))


def _hold_reason(*, seen: int, present: int, missing: int, unreadable: int, may_be_empty: bool) -> str | None:
    if unreadable:
        return f"{unreadable} records cannot be told apart while {missing} known rows are missing"
    if seen == 0 and not may_be_empty:
        return f"the list is empty while {present} rows are known"
    if missing > HOLD_ROWS and missing > HOLD_SHARE * present:
        return f"{missing} of {present} known rows are missing at once"
    return None

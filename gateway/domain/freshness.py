"""When remembered data is fresh, stale or not known at all: three answers that must never look alike."""

import datetime as dt
import enum
from dataclasses import dataclass


class Presence(enum.StrEnum):
    """Whether a thing that another service owns exists there."""

    PRESENT = "present"
    """Our copy has it."""
    ABSENT = "absent"
    """A complete, trusted listing of its owner did not contain it."""
    UNKNOWN = "unknown"
    """Its owner has not been listed completely since: nobody can say."""
    NOT_EXPECTED = "not_expected"
    """There is nothing to look for yet."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh our copy of one source is.

    `synced_at` and `age_s` are None when there never was a good contact; `reason` says in words why the copy
    is stale, and is None while it is not.
    """

    synced_at: dt.datetime | None
    complete_at: dt.datetime | None
    age_s: float | None
    is_stale: bool
    reason: str | None


def freshness_of(
    *,
    now: dt.datetime,
    last_ok_at: dt.datetime | None,
    last_full_ok_at: dt.datetime | None,
    stale_after_s: float,
    hold_reason: str | None = None,
    error: str | None = None,
) -> Freshness:
    """Judge a source: stale when its last good contact is older than promised, or when its rows are on hold.

    Ages never come out negative, whatever the clocks say.
    """
    if last_ok_at is None:
        reason = error or "there has been no contact yet"
        return Freshness(None, last_full_ok_at, None, is_stale=True, reason=reason)
    age_s = max(0.0, (now - last_ok_at).total_seconds())
    if hold_reason is not None:
        return Freshness(last_ok_at, last_full_ok_at, age_s, is_stale=True, reason=hold_reason)
    if age_s > stale_after_s:
        reason = f"silent for {age_s:.0f} s, more than the {stale_after_s:.0f} s promised"
        return Freshness(
            last_ok_at,
            last_full_ok_at,
            age_s,
            is_stale=True,
            reason=f"{reason}: {error}" if error else reason,
        )
    return Freshness(last_ok_at, last_full_ok_at, age_s, is_stale=False, reason=None)


def presence_of(*, is_expected: bool, is_found: bool, complete_at: dt.datetime | None) -> Presence:
    """Say whether a thing exists at its owner, given what our copy has and whether that was ever complete."""
    if is_found:
        return Presence.PRESENT
    if not is_expected:
        return Presence.NOT_EXPECTED
    return Presence.UNKNOWN if complete_at is None else Presence.ABSENT

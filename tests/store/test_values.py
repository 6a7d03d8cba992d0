"""Only values that both databases can compare with reach a statement."""

import datetime as dt

import pytest

from gateway.errors import FilterError
from gateway.store.values import INT64_MAX, INT64_MIN, MAX_TEXT_CHARS, storable

HOURS = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        INT64_MAX,
        INT64_MIN,
        "",
        "x" * MAX_TEXT_CHARS,
        "27 ГэВ 😀",
        0.5,
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        dt.datetime.max.replace(tzinfo=dt.UTC),
    ],
)
def test_what_a_database_can_hold_is_given_back(value: object) -> None:
    assert storable(value) is value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (INT64_MAX + 1, "9223372036854775808 is outside the 64-bit range"),
        (INT64_MIN - 1, "-9223372036854775809 is outside the 64-bit range"),
        ("x" * (MAX_TEXT_CHARS + 1), "the text has 1001 characters, at most 1000 are allowed"),
        ("PROD\x002025", "the text contains a NUL character, which no name contains"),
        ("\ud83d", "the text is not valid Unicode: it contains half of a surrogate pair"),
        (
            dt.datetime(2026, 1, 15),  # noqa: DTZ001 - the naive moment is the point
            "2026-01-15T00:00:00 does not say its zone: end it with Z for UTC",
        ),
        (
            dt.datetime.max.replace(tzinfo=dt.timezone(-HOURS)),
            "9999-12-31T23:59:59.999999-01:00 lies beyond the years 1 to 9999 of UTC",
        ),
        (
            dt.datetime.min.replace(tzinfo=dt.timezone(HOURS)),
            "0001-01-01T00:00:00+01:00 lies beyond the years 1 to 9999 of UTC",
        ),
    ],
)
def test_what_no_database_can_hold_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(FilterError) as refusal:
        storable(value)

    assert refusal.value.message == reason

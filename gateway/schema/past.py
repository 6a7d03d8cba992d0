"""Questions about the past: `extensions: {"asOf": "2026-03-01T12:00:00Z"}` beside a query.

The whole operation is answered as of that moment, every list, relation, number and statistic of it alike, so
that nothing in an answer is of another moment than the rest.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from gateway.errors import InputError

# Far enough from the first moment there is to count back from.
EARLIEST: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment_in(extensions: Mapping[str, object]) -> dt.datetime | None:
    """Return the moment that a request is asked of, None for the present; raises InputError."""
    said = extensions.get("asOf")
    if said is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(said) if isinstance(said, str) else None
        is_known = moment is not None and moment.tzinfo is not None
        moment = moment.astimezone(dt.UTC) if moment is not None and is_known else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise InputError("asOf is a moment with its zone, such as 2026-03-01T12:00:00Z")
    if moment < EARLIEST:
        raise InputError(f"asOf lies before {EARLIEST.year}, and nothing is remembered of that")
    return moment

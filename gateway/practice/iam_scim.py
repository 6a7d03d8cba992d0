"""SCIM lists as INDIGO IAM gives them, habits included (version 1.12, read in its source)."""

import random
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.practice.talk import Record

# IAM gives at most so many, whatever is asked for, and does not say so.
MOST_AT_ONCE: Final = 100
LIST_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:Error"


def listed(
    resources: Sequence[Record], query: Mapping[str, str], *, shuffled: random.Random | None
) -> Record:
    """Return a page of a list; `filters`, `filter` and sorting are ignored, and there is no promise of order.

    `startIndex` counts from 1; `count=0` gives the number only; raises ValueError for what is no number.
    """
    start = max(1, int(query.get("startIndex", "1")))
    count = min(MOST_AT_ONCE, max(0, int(query.get("count", str(MOST_AT_ONCE)))))
    ordered = list(resources)
    if shuffled is not None:
        shuffled.shuffle(ordered)
    page = ordered[start - 1 : start - 1 + count]
    envelope: Record = {
        "totalResults": len(ordered),
        "itemsPerPage": len(page),
        "startIndex": start,
        "schemas": [LIST_SCHEMA],
    }
    # Empty lists are left out, as everything empty is.
    return {**envelope, "Resources": [*page]} if page else envelope


def error(status: int, detail: str) -> Record:
    """Return IAM's wording of an error."""
    return {"schemas": [ERROR_SCHEMA], "status": str(status), "detail": detail}

"""What a resolver takes from its row, said beside it, so that no more than that need be read for it."""

from collections.abc import Mapping
from typing import Final

READS: Final = "reads"

# The primary key, whatever columns that is.
KEY: Final = "primary key"


def reads(*columns: str) -> Mapping[str, object]:
    """Return the metadata of a field whose resolver takes no more than these columns from its row."""
    return {READS: frozenset(columns)}

"""Setting aside records that cannot be understood: kept short for a person to see, and counted."""

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Final, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.sources import QuarantinedRecord, SourceName
from gateway.store.upsert import upsert_rows

# A bad record is kept for a person to look at, not to be restored from.
CONTENT_LIMIT: Final = 4096
# Fingerprints in one IN list.
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record as JSON text, what kind it should have been, and why it is not."""

    kind: str
    text: str
    error: str

    @classmethod
    def of(cls, kind: str, record: object, error: str) -> "BadRecord":
        """The record of any JSON value; escapes keep NUL and broken characters out of the database."""
        return cls(kind, json.dumps(record), error)

    @property
    def fingerprint(self) -> str:
        """The same for the same record, so that it is kept once."""
        return blake2b(f"{self.kind} {self.text}".encode(), digest_size=16).hexdigest()


async def quarantine(
    session: AsyncSession, records: Collection[BadRecord], *, source: SourceName, at: dt.datetime
) -> None:
    """Keep the records, cut to 4 KiB; one that was set aside before is counted once more."""
    iterator = iter({record.fingerprint: record for record in records}.items())
    while batch := dict(islice(iterator, _BATCH)):
        result = await session.execute(
            select(QuarantinedRecord.fingerprint, QuarantinedRecord.times_seen).where(
                QuarantinedRecord.source == source.value, QuarantinedRecord.fingerprint.in_(list(batch))
            )
        )
        times_seen = dict(result.all())
        await upsert_rows(
            session,
            cast("Table", QuarantinedRecord.__table__),
            [
                {
                    "source": source.value,
                    "fingerprint": fingerprint,
                    "kind": record.kind,
                    "error": record.error,
                    "content": record.text[:CONTENT_LIMIT],
                    "first_seen_at": at,
                    "last_seen_at": at,
                    "times_seen": times_seen.get(fingerprint, 0) + 1,
                }
                for fingerprint, record in batch.items()
            ],
            keep=frozenset({"first_seen_at"}),
        )

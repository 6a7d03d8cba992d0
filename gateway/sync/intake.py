"""Turning records into rows: good ones typed, bad ones set aside, all counted as seen where possible."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Remembered
from gateway.store.keys import RowKey
from gateway.store.people import Person
from gateway.sync.quarantine import BadRecord
from gateway.sync.records import BadRecordError, Section

Check = Callable[[Remembered], None]


class DoubledKeys(dict[str, object]):
    """An object in which a key stood twice: which of the two values was meant, nobody can say."""


@dataclass(slots=True)
class Intake:
    """What reading the records of one section notices beside the good rows."""

    section: Section
    check: Check
    seen: set[RowKey] = field(default_factory=set)
    unreadable: int = 0
    unknown_fields: Counter[str] = field(default_factory=Counter)
    bad: list[BadRecord] = field(default_factory=list)
    unsaid: list[tuple[Remembered, frozenset[str]]] = field(default_factory=list)
    _fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._fields = self.section.fields

    def rows(self, records: Iterable[object]) -> Iterator[Remembered]:
        """Yield the rows of the good records; a bad one whose key can be read still exists at its source."""
        for record in records:
            try:
                content = _object(record)
                row = self.section.row(content)
                row.record_hash = self.section.record_hash(content)
                self.check(row)
            except BadRecordError as error:
                self._set_aside(record, str(error))
                continue
            self.unknown_fields.update(content.keys() - self._fields)
            if missing := self._fields.difference(content):
                self.unsaid.append((row, missing))
            self.seen.add(tuple(getattr(row, name) for name in self.section.key_fields))
            yield row

    def hashes(self, records: Iterable[object]) -> dict[RowKey, str]:
        """Return the hashes of the records that, if they are known, need not be looked into.

        A key that stands twice in a page is left out: the last one counts.
        """
        if self.check is not _no_check:
            return {}
        found: dict[RowKey, str] = {}
        doubled: set[RowKey] = set()
        for record in records:
            key = self._key(record)
            if key is None:
                continue
            if key in found:
                doubled.add(key)
            found[key] = self.section.record_hash(cast("dict[str, object]", record))
        return {key: value for key, value in found.items() if key not in doubled}

    def without(self, records: Iterable[object], known: AbstractSet[RowKey]) -> Sequence[object]:
        """Return the records that are not among the known, which count as seen."""
        self.seen.update(known)
        return [record for record in records if self._key(record) not in known]

    def _key(self, record: object) -> RowKey | None:
        return self.section.storable_key(record) if type(record) is dict else None

    def _set_aside(self, record: object, error: str) -> None:
        self.bad.append(BadRecord.of(self.section.name, record, error))
        key = self.section.key(record) if isinstance(record, dict) else None
        if key is None:
            self.unreadable += 1
        else:
            self.seen.add(key)


async def intake_for(session: AsyncSession, section: Section) -> Intake:
    """Return an empty intake with the check that the section's table needs."""
    return Intake(section, await _username_check(session) if section.model is Person else _no_check)


async def _username_check(session: AsyncSession) -> Check:
    """A user name belongs to one person at a time: a second one is set aside until the first is gone."""
    result = await session.execute(select(Person.username, Person.subject).where(Person.gone_at.is_(None)))
    subject_of = dict(result.all())

    def check(row: Remembered) -> None:
        if isinstance(row, Person) and subject_of.setdefault(row.username, row.subject) != row.subject:
            raise BadRecordError(f"username: belongs to the person {subject_of[row.username]}")

    return check


def _no_check(_row: Remembered) -> None:
    return


def _object(record: object) -> dict[str, object]:
    if isinstance(record, DoubledKeys):
        raise BadRecordError("a key stands twice")
    if not isinstance(record, dict):
        raise BadRecordError("is not an object")
    return record

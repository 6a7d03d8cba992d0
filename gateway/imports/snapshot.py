"""Importing a snapshot of what other services hold, through the same functions that background jobs use.

The format is described in `docs/snapshot.md`. A record that cannot be read is set aside and counted; the rest
goes in, and only a listing that says it is complete can make rows disappear.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import ImportFileError
from gateway.imports.document import read_document
from gateway.imports.snapshot_report import SectionReport, SnapshotReport
from gateway.store.adoptions import read_adoptions, with_adoptions
from gateway.store.database import Database
from gateway.store.remembered import Outcome, remember
from gateway.store.sources import Source, SourceName
from gateway.sync.adopt_attempts import adopt_attempts
from gateway.sync.intake import DoubledKeys, intake_for
from gateway.sync.link_identities import link_identities
from gateway.sync.quarantine import quarantine
from gateway.sync.record_runs import Contact, record_contact
from gateway.sync.records import SECTIONS, Section, moment
from gateway.sync.removals import MAY_BE_EMPTY, Guard, Removal, remove_missing

# Clocks of two services may differ by this much; more is somebody's mistake.
CLOCK_TOLERANCE: Final = dt.timedelta(minutes=5)
# A person brings a snapshot: a short list that lacks much is believed of them, and of no background reading.
BELIEF: Final = Guard(hold_part=math.inf)


@dataclass(frozen=True, slots=True)
class _Listing:
    section: Section
    is_complete: bool
    records: Sequence[object]


async def import_snapshot(
    database: Database, document: bytes, *, at: dt.datetime, name: str = "the snapshot"
) -> SnapshotReport:
    """Bring remembered data to what the snapshot says, in one transaction; repeating it changes nothing.

    Values are dated with the snapshot's own `taken_at`. Raises ImportFileError, with nothing changed, when it
    is not a snapshot, is dated in the future, or is older than what is known of one of its sources.
    """
    content = read_document(document, name=name)
    taken_at = _taken_at(content, at, name)
    listings, unknown = _listings(content, name)
    async with database.transaction() as session:
        await _refuse_older(session, [listing.section for listing in listings], taken_at, name)
        sections = [await _take_in(session, listing, taken_at) for listing in listings]
        for source in SourceName:
            if any(listing.section.source is source for listing in listings):
                data_from = await _data_from(session, source, listings, taken_at)
                contact = _contact(source, listings, sections, data_from)
                await record_contact(session, contact, at=at)
        return SnapshotReport(
            taken_at=taken_at,
            sections=tuple(sections),
            unknown_sections=unknown,
            adoption=await adopt_attempts(session, at=taken_at),
            linking=await link_identities(session, at=taken_at),
        )


def _taken_at(content: Mapping[str, object], at: dt.datetime, name: str) -> dt.datetime:
    try:
        taken_at = cast("dt.datetime", moment(content.get("taken_at")))
    except ValueError as error:
        raise ImportFileError(f"{name} does not say when it was taken: `taken_at` {error}.") from error
    if taken_at > at + CLOCK_TOLERANCE:
        raise ImportFileError(f"{name} was taken at {taken_at.isoformat()}, which is in the future.")
    return taken_at


def _listings(content: Mapping[str, object], name: str) -> tuple[list[_Listing], tuple[str, ...]]:
    known = {
        (source.value, section.name): section for source, sections in SECTIONS.items() for section in sections
    }
    listings: list[_Listing] = []
    unknown: list[str] = []
    for source, sections in content.items():
        if source == "taken_at":
            continue
        if source not in set(SourceName):
            unknown.append(source)
            continue
        for section, listing in _object(sections, f"{name}: `{source}`").items():
            if (source, section) in known:
                listings.append(_listing(known[source, section], listing, f"{name}: `{source}.{section}`"))
            else:
                unknown.append(f"{source}.{section}")
    return listings, tuple(unknown)


def _listing(section: Section, value: object, place: str) -> _Listing:
    content = _object(value, place)
    is_complete, records = content.get("complete"), content.get("records")
    if not isinstance(is_complete, bool) or not isinstance(records, list):
        raise ImportFileError(f"{place} must hold `complete`, true or false, and `records`, a list.")
    return _Listing(section, is_complete, records)


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict) or isinstance(value, DoubledKeys):
        raise ImportFileError(f"{place} must be an object in which no key stands twice.")
    return value


async def _refuse_older(
    session: AsyncSession, sections: Sequence[Section], taken_at: dt.datetime, name: str
) -> None:
    """Going back in time would turn the history round.

    A kind of thing may be known better than its source as a whole, which is as fresh as the worst of them.
    """
    for section in sections:
        seen = await session.scalar(select(func.max(section.model.last_seen_at)))
        if seen is not None and seen > taken_at:
            raise _older(name, taken_at, f"{section.source}.{section.name}", seen)
    sources = {section.source for section in sections}
    result = await session.execute(
        select(Source.name, Source.last_ok_at).where(Source.name.in_([source.value for source in sources]))
    )
    for source, last_ok_at in result:
        if last_ok_at is not None and last_ok_at > taken_at:
            raise _older(name, taken_at, source, last_ok_at)


def _older(name: str, taken_at: dt.datetime, what: str, known: dt.datetime) -> ImportFileError:
    return ImportFileError(
        f"{name} was taken at {taken_at.isoformat()}, but {what} is known as of {known.isoformat()}. "
        "Take a new snapshot."
    )


async def _take_in(session: AsyncSession, listing: _Listing, taken_at: dt.datetime) -> SectionReport:
    section, intake = listing.section, await intake_for(session, listing.section)
    rows = with_adoptions(intake.rows(listing.records), await read_adoptions(session, section.model))
    outcome = await remember(session, rows, source=section.source, at=taken_at)
    removal = Removal()
    if listing.is_complete:
        removal = await remove_missing(
            session,
            section.model,
            intake.seen,
            at=taken_at,
            listing=section.name,
            unreadable=intake.unreadable,
            may_be_empty=section.name in MAY_BE_EMPTY,
            guard=BELIEF,
        )
    await quarantine(session, intake.bad, source=section.source, at=taken_at)
    return SectionReport(
        source=section.source,
        name=section.name,
        outcome=outcome + Outcome(gone=removal.gone),
        quarantined=len(intake.bad),
        unknown_fields=dict(intake.unknown_fields),
        hold_reason=removal.hold_reason,
    )


async def _data_from(
    session: AsyncSession, source: SourceName, listings: Sequence[_Listing], taken_at: dt.datetime
) -> dt.datetime | None:
    """The moment of which the whole copy of a source is: that of its kind of thing that is furthest behind.

    A kind that is listed completely is of the snapshot's moment; one that is not, as old as what of it was
    seen longest ago; one of which nothing is known counts for nothing. None when all of them are like that.
    """
    complete = {
        listing.section.name
        for listing in listings
        if listing.is_complete and listing.section.source is source
    }
    moments = [taken_at for section in SECTIONS[source] if section.name in complete]
    for section in SECTIONS[source]:
        if section.name not in complete:
            oldest = select(func.min(section.model.last_seen_at)).where(section.model.gone_at.is_(None))
            seen = await session.scalar(oldest)
            moments += [] if seen is None else [seen]
    return min(moments, default=None)


def _contact(
    source: SourceName,
    listings: Sequence[_Listing],
    sections: Sequence[SectionReport],
    data_from: dt.datetime | None,
) -> Contact:
    own = [section for section in sections if section.source is source]
    complete = {
        listing.section.name
        for listing in listings
        if listing.is_complete and listing.section.source is source
    }
    reasons = [section.hold_reason for section in own if section.hold_reason]
    return Contact(
        source=source,
        job="snapshot",
        outcome=sum((section.outcome for section in own), Outcome()),
        quarantined=sum(section.quarantined for section in own),
        is_full=complete == {section.name for section in SECTIONS[source]},
        hold_reason="; ".join(reasons) or None,
        data_from=data_from,
    )

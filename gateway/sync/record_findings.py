"""Keeping findings: when each was first and last found, and when it was no longer."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.findings import Evidence, Finding, Severity
from gateway.domain.notices import Notice, NoticeKind
from gateway.store.base import JsonValue
from gateway.store.findings import FindingRow
from gateway.store.notices import announce
from gateway.store.upsert import upsert_rows

# Keys in one IN list.
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many findings there are; of them never found before, resolved before; and how many ended now."""

    found: int
    new: int
    returned: int
    resolved: int


async def record_findings(
    session: AsyncSession, findings: Mapping[str, Finding], *, unchecked: Collection[str], at: dt.datetime
) -> Recorded:
    """Bring the findings to what was found now, by key; open ones not among them are resolved.

    Findings whose code is `unchecked` are left as they are. A message follows its finding; the time it was
    first found stays, also when it comes back. Repeating the call changes nothing.
    """
    result = await session.execute(
        select(FindingRow.key, FindingRow.code).where(FindingRow.resolved_at.is_(None))
    )
    were_open = dict(result.all())
    known = await _known(session, list(findings))
    over = [key for key, code in were_open.items() if key not in findings and code not in unchecked]
    await upsert_rows(
        session,
        cast("Table", FindingRow.__table__),
        [_row(key, finding, at) for key, finding in findings.items()],
        keep=frozenset({"first_found_at"}),
    )
    for start in range(0, len(over), _BATCH):
        await session.execute(
            update(FindingRow)
            .where(FindingRow.key.in_(over[start : start + _BATCH]))
            .values(resolved_at=at)
            .execution_options(synchronize_session=False)
        )
    opened = [findings[key] for key in sorted(findings.keys() - were_open.keys())]
    await announce(session, [_notice(one, at) for one in opened if one.severity is not Severity.INFO])
    return Recorded(
        found=len(findings),
        new=len(findings.keys() - known),
        returned=len((findings.keys() & known) - were_open.keys()),
        resolved=len(over),
    )


async def _known(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        known.update(await session.scalars(select(FindingRow.key).where(FindingRow.key.in_(batch))))
    return known


def _row(key: str, finding: Finding, at: dt.datetime) -> dict[str, object]:
    return {
        "key": key,
        "invariant": finding.invariant,
        "code": finding.code,
        "severity": finding.severity.value,
        "subject_kind": finding.subject.kind.value,
        "subject_key": finding.subject.key,
        "request_name": finding.request_name,
        "message": finding.message,
        "evidence": [_evidence(item) for item in finding.evidence],
        "suggestion": finding.suggestion,
        "first_found_at": at,
        "last_found_at": at,
        "resolved_at": None,
    }


def _notice(finding: Finding, at: dt.datetime) -> Notice:
    return Notice(
        kind=NoticeKind.FINDING_OPENED,
        subject_kind=finding.subject.kind.value,
        subject_key=finding.subject.key,
        message=finding.message,
        at=at,
        identity=f"{finding.key} {at.isoformat()}",
        request_name=finding.request_name,
        data={"finding": finding.key, "code": finding.code, "severity": finding.severity.value},
    )


def _evidence(item: Evidence) -> JsonValue:
    subject = item.subject
    return {
        "label": item.label,
        "value": item.value,
        "subject": None if subject is None else {"kind": subject.kind.value, "key": subject.key},
    }

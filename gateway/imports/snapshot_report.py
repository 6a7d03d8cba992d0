"""What the import of a snapshot did, listing by listing, and the same as text for a terminal."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.store.remembered import Outcome
from gateway.store.sources import SourceName
from gateway.sync.adopt_attempts import Adoption
from gateway.sync.link_identities import Linking


@dataclass(frozen=True, slots=True)
class SectionReport:
    """One listing: what was done, what was set aside, which unknown fields were left out and how often."""

    source: SourceName
    name: str
    outcome: Outcome
    quarantined: int
    unknown_fields: Mapping[str, int]
    hold_reason: str | None


@dataclass(frozen=True, slots=True)
class SnapshotReport:
    """A whole snapshot, and what followed from it."""

    taken_at: dt.datetime
    sections: tuple[SectionReport, ...]
    unknown_sections: tuple[str, ...]
    adoption: Adoption
    linking: Linking

    @property
    def quarantined(self) -> int:
        """How many records could not be read."""
        return sum(section.quarantined for section in self.sections)


def render_snapshot(report: SnapshotReport) -> str:
    """The report as lines for a terminal."""
    return "\n".join(_lines(report))


def _lines(report: SnapshotReport) -> Iterator[str]:
    yield f"snapshot taken at {report.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    for section in report.sections:
        did = section.outcome
        line = f"  {section.source}.{section.name}: {did.seen} seen, {did.changed} changed, {did.gone} gone"
        yield line + (f", {section.quarantined} not understood" if section.quarantined else "")
        if section.hold_reason:
            yield f"      ! held: {section.hold_reason}"
        for field, times in sorted(section.unknown_fields.items()):
            yield f"      left out: {field} ({times} times)"
    for name in report.unknown_sections:
        yield f"  left out: {name}"
    yield f"attempts adopted: {report.adoption.adopted}, links of people: {report.linking.derived}"
    if report.adoption.clashing_task_ids:
        tasks = ", ".join(str(number) for number in report.adoption.clashing_task_ids[:20])
        yield f"      ! not adopted, because their attempt is taken: {tasks}"

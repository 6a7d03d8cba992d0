"""What lists said of each request when they were last taken in: only what a list says anew is news.

People go on with a request after its import. A list that repeats itself must not undo what they changed,
whichever columns it has gained or lost meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.names import StepKind
from gateway.errors import ImportFileError
from gateway.imports.drafts import Reading, RequestDraft, StepDraft
from gateway.imports.report import Verdict
from gateway.imports.state import RequestState, StepState
from gateway.imports.stored import batches
from gateway.imports.table import Table, TableRow
from gateway.imports.understand import understand_requests, understand_steps
from gateway.store.imports import ImportedRow

Draft: TypeAlias = RequestDraft | StepDraft
# A row is known again by its request and, in lists of steps, the kind.
_Place: TypeAlias = tuple[str | None, StepKind | None]

_STATED: Final = (
    "campaign",
    "stage",
    "software_project",
    "software_version",
    "collision_type",
    "energy_gev",
    "polarization",
    "tag",
    "events",
    "events_per_file",
    "seeds",
    "geometry",
    "intent",
    "description",
    "priority",
    "requested_by",
    "legacy_id",
)
_NOT_SAID: Final[tuple[object, ...]] = (None, (), frozenset())
_STATED_OF_STEPS: Final = ("script", "dataset_pattern", "description", "inputs", "outputs")


async def load_earlier(
    session: AsyncSession, readings: Sequence[Reading], known: Collection[str]
) -> Mapping[int, Draft]:
    """Return by row number what lists have said of the same thing before, the last of each field.

    `known` are the names of the requests that are stored; there is nothing earlier of others.
    """
    said: dict[_Place, tuple[Draft, Mapping[str, str]]] = {}
    for batch in batches(sorted(known)):
        rows = await session.scalars(
            select(ImportedRow)
            .where(ImportedRow.subject.in_(batch), ImportedRow.verdict != Verdict.REJECTED.value)
            .order_by(ImportedRow.file_id, ImportedRow.row_number)
        )
        for draft, cells in _understood(rows):
            before = said.get(_place(draft))
            said[_place(draft)] = (draft if before is None else _onto(draft, before[0])), cells
    earlier: dict[int, Draft] = {}
    for reading in readings:
        if reading.draft is not None and (found := said.get(_place(reading.draft))):
            draft, cells = found
            if cells == reading.cells:
                # The very same row says nothing new, but for a relation that could not be made then.
                draft = replace(reading.draft, extends=reading.draft.extends & draft.extends)
            earlier[reading.number] = draft
    return earlier


def without_old_news(draft: Draft, earlier: Draft, before: RequestState, after: RequestState) -> RequestState:
    """The request as the draft leaves it, but for what the same list has said before: that stays as it is."""
    extends = before.extends | (draft.extends - earlier.extends)
    match draft, earlier:
        case RequestDraft(), RequestDraft():
            kept = _same(_STATED, draft, earlier, before)
            kept |= {"held_from": before.held_from} if "intent" in kept else {}
            kinds = {step.kind for step in before.steps} | (set(draft.steps) - set(earlier.steps))
            steps = tuple(step for step in after.steps if step.kind in kinds)
            return replace(after, **kept, steps=steps, extends=extends)  # type: ignore[arg-type]
        case StepDraft(), StepDraft():
            old = {step.kind: step for step in before.steps}
            return replace(
                after,
                steps=tuple(_merged(step, old, draft, earlier) for step in after.steps if step.kind in old),
                extends=extends,
            )
        case _:
            raise TypeError("a row is compared with one of another kind of list")


def _merged(
    step: StepState, old: Mapping[StepKind, StepState], draft: StepDraft, earlier: StepDraft
) -> StepState:
    if step.kind != draft.kind:
        return step
    kept = _same(_STATED_OF_STEPS, draft, earlier, old[step.kind])
    return replace(step, **kept)  # type: ignore[arg-type]


def _same(names: Iterable[str], draft: Draft, earlier: Draft, before: object) -> dict[str, object]:
    """What is stored of the fields of which both drafts say the same."""
    return {name: getattr(before, name) for name in names if getattr(draft, name) == getattr(earlier, name)}


def _onto(draft: Draft, before: Draft) -> Draft:
    """Return what is said by a draft, and where it says nothing, what was said before it."""
    names = _STATED if isinstance(draft, RequestDraft) else _STATED_OF_STEPS
    silent = {name: getattr(before, name) for name in names if getattr(draft, name) in _NOT_SAID}
    return replace(draft, **silent, extends=draft.extends | before.extends)


def _understood(rows: Iterable[ImportedRow]) -> Iterator[tuple[Draft, Mapping[str, str]]]:
    for row in rows:
        cells = cast("Mapping[str, str]", row.cells)
        table = Table("", "", tuple(cells), (TableRow(row.row_number, cells),))
        try:
            (reading,) = understand_requests(table)
        except ImportFileError:
            (reading,) = understand_steps(table)
        if reading.draft is not None:
            unmade = {name for name in reading.draft.extends if f"names {name}," in str(row.notes)}
            yield replace(reading.draft, extends=reading.draft.extends - unmade), cells


def _place(draft: Draft) -> _Place:
    match draft:
        case RequestDraft():
            return draft.name, None
        case StepDraft():
            return draft.request_name, draft.kind

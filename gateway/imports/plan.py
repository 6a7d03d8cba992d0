"""Deciding what an import does before anything is written: a row is taken whole or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from gateway.domain.seeds import count_seeds, jobs_for
from gateway.imports.allowed import refused_changes
from gateway.imports.drafts import Problem, Reading, RequestDraft, StepDraft
from gateway.imports.earlier import Draft, without_old_news
from gateway.imports.report import RowReport, Verdict
from gateway.imports.seeds import HeldRange, PlannedRange, grant_seeds
from gateway.imports.state import RequestState, differences, with_request, with_step

# Bound of the column that holds a physics key.
PHYSICS_KEY_LIMIT: Final = 600


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows' verdicts, and the requests before and after for those that change."""

    rows: tuple[RowReport, ...]
    before: Mapping[str, RequestState]
    after: Mapping[str, RequestState]
    seeds: Mapping[str, tuple[PlannedRange, ...]] = field(default_factory=dict)


def plan_rows(
    readings: Sequence[Reading],
    stored: Mapping[str, RequestState],
    refused: Mapping[int, Problem] = MappingProxyType({}),
    earlier: Mapping[int, Draft] = MappingProxyType({}),
) -> Plan:
    """Lay the readings over what is stored, in their order, without deciding about seeds yet.

    Rows whose number is in `refused` are rejected for that reason. `earlier` is what the same list said in
    its rows before (`load_earlier`): what it only repeats changes nothing.

    A step of a request that is neither stored nor in a row before it is rejected, and so is a second row for
    the same request, and one that would change what the request's state or attempts forbid. A relation to an
    unknown request is left out with a note.
    """
    now = dict(stored)
    named_in: dict[str, int] = {}
    rows: list[RowReport] = []
    listed = {reading.draft.name for reading in readings if isinstance(reading.draft, RequestDraft)}
    for reading in readings:
        before = now.get(reading.subject or "")
        problem = refused.get(reading.number) or _problem(reading, before, named_in)
        if reading.draft is None or problem is not None:
            problems = reading.problems + ((problem,) if problem else ())
            rows.append(_row(reading, Verdict.REJECTED, problems=problems))
            continue
        after, notes = _laid_over(reading.draft, before, known=stored.keys() | listed)
        if before is not None and (said := earlier.get(reading.number)) is not None:
            repeated, after = after, without_old_news(reading.draft, said, before, after)
            notes += _kept(after, repeated)
        if before is not None and reading.subject in stored:
            forbidden = tuple(refused_changes(reading, stored[before.name], before, after))
            if forbidden:
                rows.append(_row(reading, Verdict.REJECTED, problems=forbidden))
                continue
        if len(after.physics_key) > PHYSICS_KEY_LIMIT:
            too_long = Problem(None, "has a tag, geometry and script too long to be compared. Shorten them.")
            rows.append(_row(reading, Verdict.REJECTED, problems=(too_long,)))
            continue
        if isinstance(reading.draft, RequestDraft):
            named_in[after.name] = reading.number
        changed = differences(before, after)
        verdict = Verdict.ADDED if before is None else Verdict.CHANGED if changed else Verdict.UNCHANGED
        rows.append(replace(_row(reading, verdict, notes=notes), differences=changed))
        now[after.name] = after
    return _without_refused_relations(
        Plan(
            rows=tuple(rows),
            before=stored,
            after={name: state for name, state in now.items() if state != stored.get(name)},
        ),
        known=now.keys(),
    )


def plan_seeds(
    plan: Plan, held: Mapping[str, Sequence[HeldRange]], readings: Sequence[Reading]
) -> tuple[Plan, Mapping[int, Problem]]:
    """Decide which seeds are stored and how, and return with the plan what must be refused, by row number.

    With refusals the plan is of no use: plan anew without those rows. `held` as for `grant_seeds`.
    """
    grants = grant_seeds(plan.before, plan.after, held)
    if grants.refused:
        return plan, dict(_refused_rows(plan, grants.refused, readings))
    last_row = {
        row.subject: index for index, row in enumerate(plan.rows) if row.verdict is not Verdict.REJECTED
    }
    rows = list(plan.rows)
    for name, ranges in grants.given.items():
        index = last_row[name]
        notes = tuple(
            f"seeds {planned.seeds} are kept as exempt: {planned.exempt_reason}"
            for planned in ranges
            if planned.exempt_reason
        )
        rows[index] = replace(rows[index], notes=rows[index].notes + notes)
    return replace(plan, rows=tuple(rows), seeds=grants.given), {}


def _refused_rows(
    plan: Plan, refused: Mapping[str, str], readings: Sequence[Reading]
) -> Iterator[tuple[int, Problem]]:
    """Name the rows that are to blame: the request's own, else those of its steps, whose script moved it."""
    own = {
        reading.subject
        for row, reading in zip(plan.rows, readings, strict=True)
        if row.verdict is not Verdict.REJECTED and isinstance(reading.draft, RequestDraft)
    }
    for row, reading in zip(plan.rows, readings, strict=True):
        reason = refused.get(row.subject or "")
        is_own = isinstance(reading.draft, RequestDraft)
        if reason is not None and row.verdict is not Verdict.REJECTED and (is_own or row.subject not in own):
            column = reading.columns.get("seeds") if is_own else None
            yield row.number, Problem(column, reason if is_own else f"would move its request: {reason}")


def _problem(reading: Reading, before: RequestState | None, named_in: Mapping[str, int]) -> Problem | None:
    """What stands against a row that was read well, seen beside the others."""
    match reading.draft:
        case RequestDraft(name=name) if name in named_in:
            return Problem(None, f"gives {name} again: row {named_in[name]} has it already.")
        case StepDraft(request_name=name) if before is None:
            return Problem(None, f"belongs to {name}, which is not known. Import that request first.")
        case _:
            return None


def _laid_over(
    draft: RequestDraft | StepDraft, before: RequestState | None, known: Iterable[str]
) -> tuple[RequestState, tuple[str, ...]]:
    unknown = sorted(draft.extends - set(known))
    draft = replace(draft, extends=draft.extends - set(unknown))
    notes = tuple(f"names {name}, which is not known: no relation was made" for name in unknown)
    if isinstance(draft, StepDraft):
        if before is None:
            raise TypeError("a step without its request was not rejected")
        return with_step(draft, before), notes
    after = with_request(draft, before)
    jobs, seeds = jobs_for(after.events, after.events_per_file), count_seeds(after.seeds)
    if jobs != seeds:
        notes += (
            f"{after.events} events in files of {after.events_per_file} are {jobs} jobs, not {seeds} seeds",
        )
    return after, notes


def _kept(after: RequestState, repeated: RequestState) -> tuple[str, ...]:
    kept = ", ".join(each.field for each in differences(after, repeated))
    return (
        (f"says of these what it said before; they were changed here since, and stay: {kept}",)
        if kept
        else ()
    )


def _without_refused_relations(plan: Plan, known: Iterable[str]) -> Plan:
    """Drop relations to requests whose own row was rejected after the relation was read."""
    names = set(known)
    after = {name: replace(state, extends=state.extends & names) for name, state in plan.after.items()}
    rows = list(plan.rows)
    for index, row in enumerate(rows):
        state = plan.after.get(row.subject or "")
        if state is not None and row.verdict is not Verdict.REJECTED:
            unmade = (
                f"names {name}, whose own row was rejected: no relation was made"
                for name in sorted(state.extends - names)
            )
            rows[index] = replace(row, notes=(*row.notes, *unmade))
    return replace(
        plan,
        rows=tuple(rows),
        after={name: state for name, state in after.items() if state != plan.before.get(name)},
    )


def _row(
    reading: Reading, verdict: Verdict, *, problems: tuple[Problem, ...] = (), notes: tuple[str, ...] = ()
) -> RowReport:
    return RowReport(reading.number, reading.subject, verdict, reading.echoes, (), problems, notes)

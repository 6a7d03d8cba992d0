"""Deciding what an import does before anything is written: a row is taken whole or not at all."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.domain.seeds import SeedRange, count_seeds, jobs_for
from gateway.imports.drafts import Problem, Reading, RequestDraft, StepDraft
from gateway.imports.report import RowReport, Verdict
from gateway.imports.state import RequestState, differences, with_request, with_step

# Bound of the column that holds a physics key.
PHYSICS_KEY_LIMIT: Final = 600


@dataclass(frozen=True, slots=True)
class HeldRange:
    """Seeds of one physics key that a request holds; None for a range set aside by hand."""

    seeds: SeedRange
    request_name: str | None


@dataclass(frozen=True, slots=True)
class PlannedRange:
    """Seeds to be stored for a request; exempt ones say why and take no part in the constraint."""

    seeds: SeedRange
    exempt_reason: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows' verdicts, and the requests before and after for those that change."""

    rows: tuple[RowReport, ...]
    before: Mapping[str, RequestState]
    after: Mapping[str, RequestState]
    seeds: Mapping[str, tuple[PlannedRange, ...]] = field(default_factory=dict)


def plan_rows(readings: Sequence[Reading], stored: Mapping[str, RequestState]) -> Plan:
    """Lay the readings over what is stored, in their order, without deciding about seeds yet.

    A step of a request that is neither stored nor in a row before it is rejected, and so is a second row for
    the same request. A relation to an unknown request is left out with a note.
    """
    now = dict(stored)
    named_in: dict[str, int] = {}
    rows: list[RowReport] = []
    listed = {reading.draft.name for reading in readings if isinstance(reading.draft, RequestDraft)}
    for reading in readings:
        before = now.get(reading.subject or "")
        problem = _problem(reading, before, named_in)
        if reading.draft is None or problem is not None:
            problems = reading.problems + ((problem,) if problem else ())
            rows.append(_row(reading, Verdict.REJECTED, problems=problems))
            continue
        after, notes = _laid_over(reading.draft, before, known=stored.keys() | listed)
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


def plan_seeds(plan: Plan, held: Mapping[str, Sequence[HeldRange]]) -> Plan:
    """Decide which seeds are exempt: history is never refused, but an overlap says with whom it is.

    `held` has, for each physics key that the plan touches, the ranges that are stored and not exempt, which
    do not overlap one another. Requests whose physics, seeds and exemption stay as they were are not touched.
    """
    moving = [name for name, state in plan.after.items() if _claims(state) != _claims(plan.before.get(name))]
    spaces = {
        key: _Space(row for row in ranges if row.request_name not in moving) for key, ranges in held.items()
    }
    seeds: dict[str, tuple[PlannedRange, ...]] = {}
    notes: dict[str, list[str]] = {}
    for name in moving:
        state = plan.after[name]
        space = spaces.setdefault(state.physics_key, _Space(()))
        seeds[name] = tuple(space.claim(wanted, name, state.exempt_reason) for wanted in state.seeds)
        notes[name] = [
            f"seeds {planned.seeds} are kept as exempt: {planned.exempt_reason}"
            for planned in seeds[name]
            if planned.exempt_reason
        ]
    last_row = {
        row.subject: index for index, row in enumerate(plan.rows) if row.verdict is not Verdict.REJECTED
    }
    rows = tuple(
        replace(row, notes=row.notes + tuple(notes.get(row.subject or "", ())))
        if last_row.get(row.subject) == index
        else row
        for index, row in enumerate(plan.rows)
    )
    return replace(plan, rows=rows, seeds=seeds)


class _Space:
    """The taken seeds of one physics key, ascending and free of overlap."""

    def __init__(self, held: Iterable[HeldRange]) -> None:
        self._held = sorted((row.seeds, row.request_name or "a range set aside") for row in held)

    def claim(self, wanted: SeedRange, name: str, reason: str | None) -> PlannedRange:
        if reason is not None:
            return PlannedRange(wanted, reason)
        overlapping = self._overlapping(wanted)
        if overlapping:
            others = ", ".join(f"{other} on {shared}" for shared, other in overlapping)
            return PlannedRange(wanted, f"overlaps {others}")
        insort(self._held, (wanted, name))
        return PlannedRange(wanted, None)

    def _overlapping(self, wanted: SeedRange) -> list[tuple[SeedRange, str]]:
        start = bisect_left(self._held, wanted.first, key=lambda entry: entry[0].last)
        found = []
        for seeds, name in self._held[start:]:
            shared = seeds.overlap(wanted)
            if shared is None:
                break
            found.append((shared, name))
        return found


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


def _without_refused_relations(plan: Plan, known: Iterable[str]) -> Plan:
    """Drop relations to requests whose own row was rejected after the relation was read."""
    names = set(known)
    after = {name: replace(state, extends=state.extends & names) for name, state in plan.after.items()}
    return replace(
        plan, after={name: state for name, state in after.items() if state != plan.before.get(name)}
    )


def _claims(state: RequestState | None) -> tuple[object, ...] | None:
    return None if state is None else (state.physics_key, state.seeds, state.exempt_reason)


def _row(
    reading: Reading, verdict: Verdict, *, problems: tuple[Problem, ...] = (), notes: tuple[str, ...] = ()
) -> RowReport:
    return RowReport(reading.number, reading.subject, verdict, reading.echoes, (), problems, notes)

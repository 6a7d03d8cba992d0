"""How much of a production is there: what was asked for, what PanDA processed, what Rucio has registered.

At the end PanDA overwrites an output's total with the finished count, which hides losses: what is expected is
therefore always the request's own number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.seeds import jobs_for

# Submission states in which PanDA certainly has nothing of an attempt, and those in which nobody knows yet.
_NOTHING_SENT: Final = frozenset({"WAITING", "PLANNED", "NEEDS_LOGIN", "REJECTED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Amount:
    """So many files (one for each job and seed) with so many events; None is not known."""

    files: int | None
    events: int | None


NOTHING: Final = Amount(0, 0)
UNKNOWN: Final = Amount(None, None)


@dataclass(frozen=True, slots=True)
class Completeness:
    """Three amounts and the part, 0 to 1, that is there; `reason` says why an amount or the part is None."""

    expected: Amount
    processed: Amount
    registered: Amount
    fraction: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Output:
    """A dataset that an attempt wrote, logs left out; counts are None while it is open."""

    files: int | None
    events: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is known of the attempt that counts.

    `state` is that of our submission, None for a task that was not submitted for a request. `has_task` says
    whether our copy has its task. `outputs` are None when none is known and Rucio was never fully listed.
    """

    state: str | None
    has_task: bool
    jobs_finished: int | None
    outputs: Sequence[Output] | None


def completeness_of(
    events: int, events_per_file: int, work: Work | None, *, was_judged: bool
) -> Completeness:
    """Compare what was asked for with the attempt that counts; no work means that no attempt is known.

    Of a request that somebody has judged there was one all the same. The fraction is that of the smaller of
    what was processed and what is registered: data that Rucio lost is not there, whatever PanDA processed.
    """
    expected = Amount(jobs_for(events, events_per_file), events)
    if work is None and was_judged:
        return Completeness(expected, UNKNOWN, UNKNOWN, None, "no attempt at it is known")
    if work is None or (not work.has_task and work.state in _NOTHING_SENT):
        return Completeness(expected, NOTHING, NOTHING, 0.0, None)
    processed, why_not_processed = _processed(work, expected, events_per_file)
    registered, why_not_registered = _registered(work)
    known = [amount.files for amount in (processed, registered) if amount.files is not None]
    fraction = min(1.0, min(known) / (expected.files or 1)) if known else None
    reasons = [reason for reason in (why_not_processed, why_not_registered) if reason is not None]
    return Completeness(expected, processed, registered, fraction, "; ".join(reasons) or None)


def _processed(work: Work, expected: Amount, events_per_file: int) -> tuple[Amount, str | None]:
    if not work.has_task:
        return UNKNOWN, "our copy of PanDA has no task of it"
    if work.jobs_finished is None:
        return UNKNOWN, "PanDA has not said how many jobs finished"
    # The last file may hold fewer events than the others.
    events = min(work.jobs_finished * events_per_file, expected.events or 0)
    return Amount(work.jobs_finished, events), None


def _registered(work: Work) -> tuple[Amount, str | None]:
    if work.outputs is None:
        return UNKNOWN, "Rucio was never listed completely"
    if not work.outputs:
        return NOTHING, None
    files = [output.files for output in work.outputs if output.files is not None]
    if len(files) < len(work.outputs):
        return UNKNOWN, "an output is still open, and Rucio counts when it is closed"
    # A seed can be used when every output has it, so the smallest output decides.
    events = [output.events for output in work.outputs if output.events is not None]
    return Amount(min(files), min(events, default=None)), None

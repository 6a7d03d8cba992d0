"""Two kinds of state kept apart: what people intend with a request, and what its tasks are doing."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from gateway.errors import InputError, TransitionError


class Numbered(Protocol):
    """An attempt of a step, as a fact, a row or anything else that has its number."""

    @property
    def number(self) -> int:
        """Its place among the attempts of its step."""


Attempt = TypeVar("Attempt", bound=Numbered)


@unique
class Intent(StrEnum):
    """What people decided about a request; only people change it."""

    DRAFT = "DRAFT"
    READY = "READY"
    APPROVED = "APPROVED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    ON_HOLD = "ON_HOLD"
    CANCELLED = "CANCELLED"
    OBSOLETE = "OBSOLETE"


FINAL_INTENTS: Final = frozenset({Intent.REJECTED, Intent.CANCELLED, Intent.OBSOLETE})

# Somebody has judged the result, so there was one, whatever we know of it.
JUDGED_INTENTS: Final = frozenset({Intent.ACCEPTED, Intent.REJECTED, Intent.OBSOLETE})

_ONWARD: Final[Mapping[Intent, frozenset[Intent]]] = MappingProxyType(
    {
        Intent.DRAFT: frozenset({Intent.READY, Intent.CANCELLED}),
        Intent.READY: frozenset({Intent.APPROVED, Intent.CANCELLED}),
        Intent.APPROVED: frozenset({Intent.SUBMITTED}),
        Intent.SUBMITTED: frozenset({Intent.ACCEPTED, Intent.REJECTED}),
        Intent.ACCEPTED: frozenset({Intent.OBSOLETE}),
        Intent.REJECTED: frozenset(),
        Intent.CANCELLED: frozenset(),
        Intent.OBSOLETE: frozenset(),
        Intent.ON_HOLD: frozenset(),
    }
)

# The words of the 2025 spreadsheet and requests database, spelling included (CHEP 2025 talk).
_WORDS: Final[Mapping[str, Intent]] = MappingProxyType(
    {
        "ready": Intent.READY,
        "runnig": Intent.SUBMITTED,
        "running": Intent.SUBMITTED,
        "done": Intent.ACCEPTED,
    }
)
_OBSOLETE: Final = re.compile(r"\bobsolete\b", re.IGNORECASE)


def transitions_from(
    intent: Intent, *, held_from: Intent | None = None, approval_needed: bool = True
) -> frozenset[Intent]:
    """The intents a person may choose next.

    A request on hold goes back to where it was held from and nowhere else. Final intents cannot be held: an
    obsolete request on hold would claim its seeds again. Without the need of approval, READY may be
    submitted straight away.
    """
    if intent is Intent.ON_HOLD:
        return frozenset() if held_from is None else frozenset({held_from})
    onward = _ONWARD[intent]
    if intent not in FINAL_INTENTS:
        onward |= {Intent.ON_HOLD}
    if intent is Intent.READY and not approval_needed:
        onward |= {Intent.SUBMITTED}
    return onward


def check_transition(
    old: Intent, new: Intent, *, held_from: Intent | None = None, approval_needed: bool = True
) -> None:
    """Raise TransitionError, listing what is possible, unless the step from `old` to `new` is allowed."""
    allowed = transitions_from(old, held_from=held_from, approval_needed=approval_needed)
    if new not in allowed:
        choices = ", ".join(sorted(allowed)) or "nothing: this is final"
        raise TransitionError(f"A request that is {old} cannot become {new}. Possible next: {choices}.")


def intent_of_word(word: str, text: str = "") -> Intent:
    """The intent behind a status word of the old lists; the word "obsolete" in the free text wins.

    Our own names are understood as well. Raises InputError for a word nobody has explained to us.
    """
    if _OBSOLETE.search(text):
        return Intent.OBSOLETE
    bare = word.strip()
    if bare.lower() in _WORDS:
        return _WORDS[bare.lower()]
    ours = re.sub(r"[\s_-]+", "_", bare.upper())
    if ours in Intent.__members__:
        return Intent[ours]
    known = ", ".join([*_WORDS, *Intent.__members__])
    raise InputError(f"The status {word[:40]!r} is not known. Known are {known}.")


@unique
class Execution(StrEnum):
    """What an attempt, step or request is doing; derived, never typed in."""

    NOT_SUBMITTED = "NOT_SUBMITTED"
    BLOCKED = "BLOCKED"
    SUBMITTING = "SUBMITTING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    ATTENTION = "ATTENTION"
    STOPPING = "STOPPING"
    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    UNKNOWN = "UNKNOWN"


# Nothing more happens by itself; a person may still retry or extend the task.
FINAL_EXECUTIONS: Final = frozenset(
    {Execution.COMPLETE, Execution.PARTIAL, Execution.FAILED, Execution.ABORTED}
)

# PanDA task states: JediTaskSpec and the states' documentation.
_PANDA_STATES: Final[Mapping[Execution, str]] = MappingProxyType(
    {
        Execution.QUEUED: "registered defined assigning ready pending topreprocess preprocessing rerefine "
        "toincexec toretry toreassign reassigning waiting staging",
        Execution.RUNNING: "scouting scouted running prepared finishing passed submitting",
        Execution.ATTENTION: "exhausted paused throttled",
        Execution.STOPPING: "aborting toabort tobroken",
        Execution.COMPLETE: "done",
        Execution.PARTIAL: "finished",
        Execution.FAILED: "failed broken",
        Execution.ABORTED: "aborted",
    }
)
EXECUTION_OF_STATE: Final[Mapping[str, Execution]] = MappingProxyType(
    {state: execution for execution, states in _PANDA_STATES.items() for state in states.split()}
)

# What our own submission states say while PanDA has no task of an attempt.
EXECUTION_OF_SUBMISSION: Final[Mapping[str, Execution]] = MappingProxyType(
    {
        "WAITING": Execution.BLOCKED,
        "PLANNED": Execution.NOT_SUBMITTED,
        "NEEDS_LOGIN": Execution.ATTENTION,
        "STUCK": Execution.ATTENTION,
        "SENDING": Execution.SUBMITTING,
        "AMBIGUOUS": Execution.SUBMITTING,
        "REJECTED": Execution.FAILED,
        "CANCELLED": Execution.ABORTED,
    }
)

# A task pending for longer than a day waits for something that a person has to give.
PENDING_LIMIT: Final = dt.timedelta(hours=24)


def is_pending(panda_status: str | None) -> bool:
    """Whether PanDA says that a task is pending, which is all right for a while only."""
    return panda_status is not None and panda_status.strip().lower() == "pending"


def execution_of(
    panda_status: str | None,
    *,
    pending_for: dt.timedelta | None = None,
    pending_limit: dt.timedelta = PENDING_LIMIT,
) -> Execution:
    """What a PanDA task state means; a state we do not know, or none, is UNKNOWN (show it raw).

    `pending_for` is how long the task has been pending; beyond the limit it needs attention.
    """
    if panda_status is None:
        return Execution.UNKNOWN
    state = panda_status.strip().lower()
    if is_pending(state) and pending_for is not None and pending_for > pending_limit:
        return Execution.ATTENTION
    return EXECUTION_OF_STATE.get(state, Execution.UNKNOWN)


# Most telling first: what needs a person, what is in doubt, what moves, what waits, what is over.
_MOST_TELLING_FIRST: Final = (
    Execution.FAILED,
    Execution.ABORTED,
    Execution.ATTENTION,
    Execution.UNKNOWN,
    Execution.STOPPING,
    Execution.SUBMITTING,
    Execution.RUNNING,
    Execution.QUEUED,
    Execution.BLOCKED,
    Execution.NOT_SUBMITTED,
    Execution.PARTIAL,
    Execution.COMPLETE,
)
RANK_OF_EXECUTION: Final[Mapping[Execution, int]] = MappingProxyType(
    {execution: rank for rank, execution in enumerate(_MOST_TELLING_FIRST)}
)


def latest(attempts: Iterable[Attempt]) -> Attempt | None:
    """The attempt that counts, the one with the highest number; older ones are history. None for none."""
    return max(attempts, key=lambda attempt: attempt.number, default=None)


def request_execution(steps: Iterable[Execution], *, intent: Intent | None = None) -> Execution:
    """One word for a request from its steps' executions: the most telling of them.

    A person's turn comes first (FAILED, ABORTED, ATTENTION), then doubt (UNKNOWN), movement (STOPPING,
    SUBMITTING, RUNNING, QUEUED), waiting (BLOCKED, NOT_SUBMITTED), and only then the ends (PARTIAL,
    COMPLETE). A step not submitted yet beside one that has ended well makes the request PARTIAL, because part
    of it is there. A request of which nothing was submitted is NOT_SUBMITTED, but UNKNOWN when its intent
    says that somebody has judged the result: then it ran, and we do not know how.
    """
    seen = frozenset(steps)
    most_telling = min(seen, key=RANK_OF_EXECUTION.__getitem__, default=Execution.NOT_SUBMITTED)
    if most_telling is Execution.NOT_SUBMITTED and seen & {Execution.COMPLETE, Execution.PARTIAL}:
        return Execution.PARTIAL
    if most_telling is Execution.NOT_SUBMITTED and intent in JUDGED_INTENTS:
        return Execution.UNKNOWN
    return most_telling

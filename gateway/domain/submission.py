"""Submitting a step to PanDA: the states of one attempt, and what an answer of PanDA proves.

PanDA's submit has no key of its own that would stop a second task, and an answer may be lost on its way. So
each answer is one of five replies, and only two things may lead to another sending: what provably never left,
and what was provably not found after long enough.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final


@unique
class AttemptState(StrEnum):
    """The submission of an attempt, seen from us; what its task does is PanDA's to say."""

    WAITING = "WAITING"
    """For the step whose output it reads."""
    PLANNED = "PLANNED"
    """To be sent by the next worker that has a place."""
    NEEDS_LOGIN = "NEEDS_LOGIN"
    """The person who submitted it has no usable token any more; sent when they have logged in."""
    SENDING = "SENDING"
    """A worker sends it, or died while it did."""
    AMBIGUOUS = "AMBIGUOUS"
    """Nobody knows whether PanDA has it; nothing is sent until that is settled."""
    STUCK = "STUCK"
    """It could not be settled for a day; a person has to look."""
    SUBMITTED = "SUBMITTED"
    """PanDA has a task for it."""
    REJECTED = "REJECTED"
    """PanDA refused it, in words."""
    CANCELLED = "CANCELLED"
    """It will never be sent."""


S = AttemptState
# Everything that may follow a state. SENDING is never left for PLANNED by whoever finds it: only its own
# sender, who knows that nothing left, may do that. What was not sent yet is in doubt only in a database that
# was restored: it may have been sent after the backup. What waited goes back to waiting then.
ONWARD: Final[Mapping[AttemptState, frozenset[AttemptState]]] = MappingProxyType(
    {
        S.WAITING: frozenset({S.PLANNED, S.CANCELLED, S.AMBIGUOUS}),
        S.PLANNED: frozenset({S.SENDING, S.NEEDS_LOGIN, S.CANCELLED, S.AMBIGUOUS}),
        S.NEEDS_LOGIN: frozenset({S.PLANNED, S.CANCELLED, S.AMBIGUOUS}),
        S.SENDING: frozenset({S.SUBMITTED, S.REJECTED, S.AMBIGUOUS, S.PLANNED, S.NEEDS_LOGIN}),
        S.AMBIGUOUS: frozenset({S.SUBMITTED, S.PLANNED, S.WAITING, S.STUCK}),
        S.STUCK: frozenset({S.SUBMITTED, S.PLANNED, S.WAITING, S.CANCELLED}),
        S.SUBMITTED: frozenset(),
        S.REJECTED: frozenset(),
        S.CANCELLED: frozenset(),
    }
)
# What is under way: a step has at most one such attempt, or one whose task is not final.
OPEN_STATES: Final = frozenset({S.WAITING, S.PLANNED, S.NEEDS_LOGIN, S.SENDING, S.AMBIGUOUS, S.STUCK})
# Nothing of it can be at PanDA, so it may be taken back.
UNSENT_STATES: Final = frozenset({S.WAITING, S.PLANNED, S.NEEDS_LOGIN})


@unique
class ChainMode(StrEnum):
    """When the steps of a chain are sent."""

    GATED = "GATED"
    """We send a step when the one before it has ended well and its outputs are in Rucio."""
    NATIVE = "NATIVE"
    """We send it as soon as PanDA knows the one before it, and PanDA starts it in time (`parent_tid`)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a sending may take, and how long its silence has to last until it is believed.

    `deadline` bounds one call; `lease` is held while it runs and ends later than it. After the end of the
    lease nothing of ours can leave any more, and `settle` after that PanDA would list whatever had arrived:
    the time in flight, the time until JEDI has refined a task, and a margin. The default of 15 minutes is to
    be set from the service's own figures: three times the 99.9th percentile from submit to refined.

    What is in doubt is looked for `look_every`, and a person is asked after `give_up`. What provably did not
    leave is sent again `again_after`, and later each time.
    """

    deadline: dt.timedelta = dt.timedelta(seconds=60)
    lease: dt.timedelta = dt.timedelta(seconds=120)
    settle: dt.timedelta = dt.timedelta(minutes=15)
    look_every: dt.timedelta = dt.timedelta(seconds=30)
    again_after: dt.timedelta = dt.timedelta(seconds=5)
    give_up: dt.timedelta = dt.timedelta(hours=24)

    def __post_init__(self) -> None:
        """Refuse a lease that could end while a call still runs."""
        if self.lease <= self.deadline:
            raise ValueError("the lease must be longer than the deadline of a call")


# The least part of its jobs that a partial parent must have finished before its child is sent.
MIN_FRACTION: Final = 0.99


@dataclass(frozen=True, slots=True)
class Accepted:
    """PanDA took it: the id of the task, or 0 for a command."""

    task_id: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """PanDA looked at it and said no; nothing was made."""

    message: str


@dataclass(frozen=True, slots=True)
class LoginNeeded:
    """PanDA did not accept the person's token, and says so before it does anything."""

    message: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It provably never left: no connection was made. It may be sent again."""

    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether PanDA did it cannot be told from what came back; never send again because of this."""

    message: str


Reply = Accepted | Refused | LoginNeeded | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task of PanDA that carries a submission's key."""

    task_id: int
    status: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """All tasks found, by key. `proves_absence` is False when the answer may lack some."""

    tasks: Mapping[str, tuple[FoundTask, ...]]
    proves_absence: bool

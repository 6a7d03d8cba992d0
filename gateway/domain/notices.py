"""What people and programs are told of when it happens, and when what was not taken is sent again."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final

from gateway.domain.states import FINAL_EXECUTIONS, Execution, execution_of


@unique
class NoticeKind(StrEnum):
    """The kinds of things that are told; whoever wants to be told chooses among them."""

    REQUEST_STATE = "REQUEST_STATE"
    SUBMISSION_SETTLED = "SUBMISSION_SETTLED"
    SUBMISSION_REFUSED = "SUBMISSION_REFUSED"
    SUBMISSION_NEEDS_LOGIN = "SUBMISSION_NEEDS_LOGIN"
    SUBMISSION_STUCK = "SUBMISSION_STUCK"
    TASK_FINISHED = "TASK_FINISHED"
    TASK_FAILED = "TASK_FAILED"
    TASK_BROKEN = "TASK_BROKEN"
    FINDING_OPENED = "FINDING_OPENED"
    SOURCE_SILENT = "SOURCE_SILENT"
    SOURCE_BACK = "SOURCE_BACK"
    CHECK_FAILED = "CHECK_FAILED"
    CHECK_RECOVERED = "CHECK_RECOVERED"
    TRIAL = "TRIAL"


# What nobody chooses: it is sent to one target because somebody asked for it.
UNCHOSEN: Final = frozenset({NoticeKind.TRIAL})
CHOOSABLE: Final = tuple(kind for kind in NoticeKind if kind not in UNCHOSEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that happened, told once.

    `subject_kind` and `subject_key` are the thing's type and name in the schema; `actor` is who did it, None
    for what a service did. `identity` is what makes it this occurrence and no other: told twice with the
    same one it is one notice.
    """

    kind: NoticeKind
    subject_kind: str
    subject_key: str
    message: str
    at: dt.datetime
    identity: str
    request_name: str | None = None
    actor: str | None = None
    data: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """32 characters by which a receiver knows a notice that came before."""
        text = f"{self.kind}\n{self.subject_kind}\n{self.subject_key}\n{self.identity}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def notice_of_task(
    task_id: int, name: str, before: str, after: str, *, reason: str | None, at: dt.datetime
) -> Notice | None:
    """What is told of a task whose PanDA state changed; None while that is no end, or a person's doing."""
    was, now = execution_of(before), execution_of(after)
    if now not in FINAL_EXECUTIONS or before == after or (was is now is not Execution.FAILED):
        return None
    match now:
        case Execution.COMPLETE:
            kind, said = NoticeKind.TASK_FINISHED, "is done"
        case Execution.PARTIAL:
            kind, said = NoticeKind.TASK_FINISHED, "is finished, but not all of it"
        case Execution.FAILED if after == "broken":
            kind, said = NoticeKind.TASK_BROKEN, "is broken"
        case Execution.FAILED:
            kind, said = NoticeKind.TASK_FAILED, "has failed"
        case _:
            return None
    because = f": {reason}" if reason and now is Execution.FAILED else ""
    return Notice(
        kind=kind,
        subject_kind="TASK",
        subject_key=str(task_id),
        message=f"Task {name} {said}{because}",
        at=at,
        identity=f"{after} {at.isoformat()}",
        data={"name": name, "status": after, "statusBefore": before},
    )


# A receiver may be away over a night and a morning: 16 tries take a day and a half.
MOST_TRIES: Final = 16
_FIRST_PAUSE: Final = dt.timedelta(seconds=10)
_LONGEST_PAUSE: Final = dt.timedelta(hours=6)


def pause_after(tries: int) -> dt.timedelta | None:
    """How long to wait after so many tries, each wait twice as long as the one before; None to give up."""
    if tries >= MOST_TRIES:
        return None
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << (tries - 1)))

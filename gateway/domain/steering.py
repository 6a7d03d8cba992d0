"""What a person may ask of a task, in which states PanDA takes it, and how one sees that it was done."""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from gateway.domain.states import EXECUTION_OF_STATE


@unique
class CommandKind(StrEnum):
    """What can be asked for a task; the values are PanDA's words."""

    RETRY = "retry"
    KILL = "kill"
    FINISH = "finish"
    PAUSE = "pause"
    RESUME = "resume"
    REASSIGN = "reassign"
    CHANGE_PRIORITY = "change_priority"


@unique
class CommandState(StrEnum):
    """What became of a command."""

    SENDING = "SENDING"
    """Being asked, or whoever asked died while it did."""
    TAKEN = "TAKEN"
    """PanDA has taken the wish and will act within minutes."""
    DONE = "DONE"
    """The task shows that it was done."""
    REFUSED = "REFUSED"
    """PanDA refused it, in words, or could not be reached: nothing was asked."""
    UNKNOWN = "UNKNOWN"
    """The answer was lost; the task will show it if it was done."""
    LAPSED = "LAPSED"
    """The task has not shown it for long; another command may have replaced it."""


_ALL: Final = frozenset(EXECUTION_OF_STATE)
_OVER: Final = frozenset(
    {"finished", "done", "prepared", "broken", "aborted", "toabort", "aborting", "failed"}
)
# panda-server 1.0.4, _check_command_allowed. A reassignment to a queue is taken by PanDA in every state, a
# finished task's too, and a priority is changed in any: neither has an effect there, so we refuse it.
TAKEN_IN: Final[Mapping[CommandKind, frozenset[str]]] = MappingProxyType(
    {
        CommandKind.KILL: _ALL - _OVER,
        CommandKind.FINISH: _ALL - _OVER,
        CommandKind.RETRY: frozenset({"finished", "failed", "exhausted"}),
        CommandKind.PAUSE: _ALL - {"finished", "failed", "done", "aborted", "broken", "paused"},
        CommandKind.RESUME: frozenset({"paused", "throttled", "staging"}),
        CommandKind.REASSIGN: frozenset(
            {"defined", "ready", "running", "scouting", "scouted", "pending", "assigning", "exhausted"}
        ),
        CommandKind.CHANGE_PRIORITY: _ALL - _OVER,
    }
)
# The states in which a command has begun to work, or has worked.
_SEEN_IN: Final[Mapping[CommandKind, frozenset[str]]] = MappingProxyType(
    {
        CommandKind.KILL: frozenset({"toabort", "aborting", "aborted"}),
        CommandKind.FINISH: frozenset({"finishing", "passed", "prepared", "done", "finished", "failed"}),
        CommandKind.PAUSE: frozenset({"paused"}),
        CommandKind.REASSIGN: frozenset({"toreassign", "reassigning"}),
    }
)


def why_not_taken(kind: CommandKind, status: str) -> str | None:
    """Say why PanDA would refuse a command in this state of a task, or None when it would take it.

    A state that we do not know is left to PanDA to judge.
    """
    if status not in _ALL or status in TAKEN_IN[kind]:
        return None
    states = ", ".join(sorted(TAKEN_IN[kind])) if len(TAKEN_IN[kind]) <= 8 else "tasks that are not over"
    return (
        f"a task in state {status} cannot be asked to {kind.value.replace('_', ' ')}; possible in: {states}"
    )


def is_seen_done(kind: CommandKind, *, before: str, now: str) -> bool:
    """Whether a task's state shows that a command was executed; `before` is its state when it was given.

    A priority shows in its own number and not in the state.
    """
    match kind:
        case CommandKind.RETRY | CommandKind.RESUME:
            return now != before
        case CommandKind.REASSIGN:
            return now in _SEEN_IN[kind] or now != before
        case CommandKind.CHANGE_PRIORITY:
            return False
        case _:
            return now in _SEEN_IN[kind]

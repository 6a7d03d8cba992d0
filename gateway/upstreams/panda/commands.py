"""What is asked of PanDA in somebody's name: a task to be made, and what should become of one.

Every answer comes back as one of the five replies of `domain.submission`; which one is decided by PanDA's own
words and never by the status alone (panda-server 1.0.4, read and run in November 2026).
"""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import httpx

from gateway.domain.steering import CommandKind
from gateway.domain.submission import Accepted, LoginNeeded, NotSent, Refused, Reply, Unknown
from gateway.tracing import SpanKind, span
from gateway.upstreams.panda.transport import PersonalTransport

_MADE: Final = re.compile(r"succeeded\. new jediTaskID=([0-9]+)")
# PanDA decides these before it looks at the deed: nothing was done (api/v1/common.py, request_validation).
_BEFORE_THE_DEED: Final = (
    "SSL secure connection is required",
    "production or pilot role required",
    "production role required",
    "not the task owner",
    "expecting ",
    "Argument error",
    "Type error",
)
# Of the codes of a failed submit only these two say that nothing was registered: too many active tasks of the
# user, and a parent that was not found. Code 4 also stands for a commit that failed half-way.
_NOTHING_REGISTERED: Final = frozenset({10, 11})
# A retry of a task that still runs retries its failed jobs at once.
_RETRIED_AT_ONCE: Final = 3


@dataclass(frozen=True, slots=True)
class Pool:
    """How many calls may wait at once, and for how long; each of them holds a thread."""

    places: int = 8
    connect_s: float = 5.0
    deadline_s: float = 60.0


class PandaCommands:
    """Commands for one PanDA server, each with the token of the person in whose name it is given.

    `origin` is `<vo>` or `<vo>:<role>`. No call is ever repeated here.
    """

    def __init__(
        self,
        base_url: str,
        *,
        origin: str,
        pool: Pool | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._base_url = base_url
        self._origin = origin
        self._pool = pool or Pool()
        self._verify = verify
        self._threads = ThreadPoolExecutor(self._pool.places, thread_name_prefix="panda-command")

    async def submit(
        self,
        token: str,
        parameters: Mapping[str, object],
        parent_task_id: int | None,
        *,
        may_begin: Callable[[], bool],
    ) -> Reply:
        """Ask for a task to be made. Uses the network once, for at most the pool's deadline.

        `may_begin` is asked in the last moment before anything leaves: the call may have waited for a place.
        """
        body = {"task_parameters": dict(parameters), "parent_tid": parent_task_id}
        return await self._call(token, "task/submit", body, _submitted, may_begin)

    async def command(
        self, token: str, task_id: int, kind: CommandKind, arguments: Mapping[str, object] | None = None
    ) -> Reply:
        """Ask for something to become of a task: PanDA only takes the wish, and acts minutes later."""
        body = {"task_id": task_id, **(arguments or {})}
        return await self._call(token, f"task/{kind.value}", body, _COMMANDED[kind])

    async def close(self) -> None:
        """Let the calls that run come to their end, and take no more."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _call(
        self,
        token: str,
        name: str,
        body: Mapping[str, object],
        understood: "_Understanding",
        may_begin: Callable[[], bool] = lambda: True,
    ) -> Reply:
        def run() -> Reply:
            if not may_begin():
                return NotSent("there was no time left to send it")
            transport = PersonalTransport(
                self._base_url,
                token=token,
                origin=self._origin,
                connect_s=self._pool.connect_s,
                deadline_s=self._pool.deadline_s,
                verify=self._verify,
            )
            return _reply(transport, name, body, understood)

        with span(f"panda {name}", SpanKind.ASKING) as under_way:
            reply = await asyncio.get_running_loop().run_in_executor(self._threads, run)
            under_way.tell({"gateway.source": "panda", "gateway.reply": type(reply).__name__})
        return reply


@dataclass(frozen=True, slots=True)
class _Said:
    success: bool
    message: str
    data: object


_Understanding = Callable[[_Said], Reply]


def _reply(
    transport: PersonalTransport, name: str, body: Mapping[str, object], understood: _Understanding
) -> Reply:
    try:
        code, content = transport.command(name, body)
    except (ValueError, TypeError, RecursionError):
        # The library reads the JSON of an answer of 200 itself.
        return Unknown("PanDA answered with something that is not its answer")
    if transport.failure is not None:
        return _lost(transport.failure)
    if code != 0:
        return _refused_call(code, str(content), name)
    said = _said(content)
    if said is None:
        return Unknown("PanDA answered with something that is not its answer")
    if not said.success and any(words in said.message for words in _BEFORE_THE_DEED):
        return Refused(_short(said.message))
    return understood(said)


def _lost(failure: Exception) -> Reply:
    # Only these two happen before the first byte of the request leaves.
    if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
        return NotSent("PanDA cannot be reached")
    if isinstance(failure, httpx.TimeoutException):
        return Unknown("PanDA did not answer in time")
    return Unknown(f"the connection to PanDA was lost before its answer ({type(failure).__name__})")


def _refused_call(status: int, text: str, name: str) -> Reply:
    """The meaning of an answer that is no envelope: only PanDA's own words make it a refusal."""
    if status == 403 and text.startswith("ERROR : Token authentication failed"):
        if "Not a member of" in text:
            return Refused("PanDA says that the person is not in the group that submits productions")
        return LoginNeeded("PanDA does not accept the person's token any more")
    if status == 403 and text.startswith("ERROR : method ") and text.rstrip().endswith("is forbidden"):
        return Refused(f"this version of PanDA does not offer {name}")
    return Unknown(f"an answer of status {status} came that is not PanDA's own")


def _said(content: object) -> _Said | None:
    """The envelope, read strictly: a text that only looks like success is none."""
    if isinstance(content, bytes | str):
        try:
            content = json.loads(content)
        except ValueError:
            return None
    if not isinstance(content, dict) or type(content.get("success")) is not bool:
        return None
    message = content.get("message")
    return _Said(content["success"], message if isinstance(message, str) else "", content.get("data"))


def _submitted(said: _Said) -> Reply:
    made = _MADE.search(said.message)
    if said.success and made is not None and type(said.data) is int and int(made[1]) == said.data:
        return Accepted(said.data, _short(said.message))
    if not said.success and type(said.data) is int and said.data in _NOTHING_REGISTERED:
        return Refused(_short(said.message))
    # Also a success that made nothing new ("reactivation accepted"): an older task ran again.
    return _unclear(said)


def _commanded(said: _Said) -> Reply:
    # 0: taken; 2: no such task; 4: not in this state; 1: its database failed. A retry is called a success
    # whatever becomes of it, so only the data say.
    match said.data:
        case 0 if said.success:
            return Accepted(0, _short(said.message))
        case 2 | 4:
            return Refused(_short(said.message))
        case _:
            return _unclear(said)


def _retried(said: _Said) -> Reply:
    if said.success and said.data == _RETRIED_AT_ONCE:
        return Accepted(0, _short(said.message))
    return _commanded(said)


def _prioritised(said: _Said) -> Reply:
    if said.success:
        return Accepted(0, _short(said.message))
    return Refused(said.message) if said.message == "Task not found" else _unclear(said)


def _unclear(said: _Said) -> Unknown:
    return Unknown(f"PanDA answered: {_short(said.message) or 'nothing'}")


def _short(message: str) -> str:
    return message.strip()[:300]


_COMMANDED: Final[Mapping[CommandKind, _Understanding]] = {
    **dict.fromkeys(CommandKind, _commanded),
    CommandKind.RETRY: _retried,
    CommandKind.CHANGE_PRIORITY: _prioritised,
}

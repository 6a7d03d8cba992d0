"""PanDA's calls as they go over the wire (API v1, panda-server 0.6.0 to 1.0.4), decided by PanDA's own words.

A status alone says little: 403 is an unknown method as well as a refused token, and 200 is a refusal as well
as a success. `Accept` must ask for JSON, or the answer is Python text; its Content-Type is text/plain anyway.
"""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import httpx2

from gateway.errors import BrokenError, DeniedError, GarbledError, NotOfferedError, UpstreamError
from gateway.store.sources import SourceName
from gateway.upstreams.http import Answer, HttpUpstream, Manners, bytes_of, error_of_status, head_of
from gateway.upstreams.panda.envelope import Envelope, collect, envelope_of

Kept = TypeVar("Kept")
Wire = Mapping[str, Any]

SOURCE: Final = str(SourceName.PANDA)
# 5500 ids are answered at most and the rest is left out without a word. One process of the server describes
# some 50 jobs a second and sends nothing before the last, so a page must end well before reading times out.
MAX_JOBS_PER_CALL: Final = 250
# How these refusals begin; all of them arrive with HTTP 200 (panda-server 1.0.4, api/v1/common.py).
_DENIALS: Final = (
    "SSL secure connection is required",
    "production or pilot role required",
    "production role required",
    "not the task owner",
)


class PandaClient:
    """A client of one PanDA server.

    `token` is asked before each request for the bearer token, None for none. `origin` is `<vo>` or
    `<vo>:<role>`: PanDA reads from it which of its authorisation files holds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: Callable[[], str | None],
        origin: str,
        manners: Manners | None = None,
        verify: ssl.SSLContext | bool = True,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        def headers() -> Mapping[str, str]:
            bearer = token()
            known = {"accept": "application/json", "origin": origin}
            return known if bearer is None else {**known, "authorization": f"Bearer {bearer}"}

        self.http = HttpUpstream(
            SOURCE, base_url, headers=headers, manners=manners, verify=verify, transport=transport
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def call(
        self, method: str, name: str, *, params: Wire | None = None, body: object = None
    ) -> tuple[Envelope, Answer]:
        """Call `<module>/<method>`; the deed's refusal comes back as an envelope, the call's as an error."""
        async with self._open(method, name, params, body) as answer:
            envelope = envelope_of(SOURCE, await bytes_of(answer))
        return _granted(envelope), answer

    async def tasks_since(
        self,
        keep: Callable[[object], Kept],
        *,
        since: str | None,
        n_tasks: int,
        status: str | None = None,
    ) -> tuple[list[Kept], Answer]:
        """What `keep` makes of everybody's tasks changed since then; needs panda-server 1.0.0.

        At most `n_tasks` are answered, any of them; PanDA never looks further back than 90 days.
        """
        filters = {"userName": "NOT NULL", **({} if status is None else {"status": status})}
        params = {
            "filters": json.dumps(filters),
            "n_tasks": n_tasks,
            **({} if since is None else {"since": since}),
        }
        async with self._open("GET", "task/get_tasks_detailed_info_since", params) as answer:
            envelope, kept = await collect(answer, keep)
        _succeeded(_granted(envelope))
        if envelope.data is not None:
            raise GarbledError(SOURCE, "panda sent something else where a list of tasks was promised")
        return kept, answer

    async def task(self, task_id: int) -> tuple[Wire | None, Answer]:
        """All of one task; needs panda-server 0.7.2. None is no proof of absence: PanDA hides failures so."""
        envelope, answer = await self.call("GET", "task/get_detailed_info", params={"task_id": task_id})
        found = _found(envelope)
        if found is not None and found.get("jediTaskID") != task_id:
            raise GarbledError(SOURCE, f"panda sent something else where task {task_id} was promised")
        return found, answer

    async def task_status(self, task_id: int) -> str | None:
        """One task's state; None is no proof of absence."""
        envelope, _ = await self.call("GET", "task/get_status", params={"task_id": task_id})
        if _is_absent(envelope):
            return None
        if not isinstance(envelope.data, str):
            raise GarbledError(SOURCE, "panda sent something else where a state was promised")
        return envelope.data

    async def task_parameters(self, task_id: int) -> Wire | None:
        """What a task was submitted with, as its refinement left it; None is no proof of absence."""
        envelope, _ = await self.call("GET", "task/get_task_parameters", params={"task_id": task_id})
        return _found(envelope)

    async def job_ids(self, task_id: int) -> tuple[Sequence[int], Answer]:
        """The ids of a task's jobs, each once, retried ones too; an empty list may be a failed look-up."""
        envelope, answer = await self.call("GET", "task/get_job_ids", params={"task_id": task_id})
        data = _succeeded(envelope).data
        if not isinstance(data, list) or not all(type(one) is int for one in data):
            raise GarbledError(SOURCE, "panda sent something else where a list of job ids was promised")
        return sorted(set(data)), answer

    async def jobs(self, job_ids: Sequence[int], keep: Callable[[object], Kept]) -> list[Kept]:
        """What `keep` makes of at most MAX_JOBS_PER_CALL jobs, archived or not; none may be left out."""
        body = {"job_ids": list(job_ids)}
        async with self._open("POST", "job/get_description_incl_archive", None, body) as answer:
            envelope, kept = await collect(answer, keep)
        _succeeded(_granted(envelope))
        if len(kept) != len(job_ids):
            raise GarbledError(SOURCE, f"panda answered {len(kept)} of {len(job_ids)} jobs")
        return kept

    async def offers(self, name: str, *, wrong_method: str) -> bool:
        """Whether this version knows a method; asked with the wrong HTTP method, so that nothing happens."""
        try:
            await self.call(wrong_method, name, body={} if wrong_method == "POST" else None)
        except NotOfferedError:
            return False
        return True

    @asynccontextmanager
    async def _open(
        self, method: str, name: str, params: Wire | None = None, body: object = None
    ) -> AsyncIterator[Answer]:
        async with self.http.open(method, f"/api/v1/{name}", params=params, body=body) as answer:
            if answer.status >= 400:
                raise error_of_answer(answer, await head_of(answer), name)
            yield answer


def error_of_answer(answer: Answer, content: bytes, name: str) -> UpstreamError:
    """The error in an answer without an envelope; nothing of its body but known words is repeated."""
    text = content[:4096].decode(errors="replace")
    if answer.status == 403:
        if text.startswith("ERROR : method ") and text.rstrip().endswith("is forbidden"):
            return NotOfferedError(SOURCE, f"this version of panda does not offer {name}")
        for word, meaning in (
            ("expired", "our token has expired"),
            ("Not a member of", "our token's person is not in the group that the Origin names"),
            ("Unknown vo", "it does not know the virtual organisation that the Origin names"),
            ("is banned", "our user is banned"),
        ):
            if word in text:
                return DeniedError(SOURCE, f"panda does not accept us: {meaning}")
    if answer.status == 500 and text.startswith("ERROR : received invalid JSON"):
        return BrokenError(SOURCE, f"panda could not read what we sent to {name}")
    return error_of_status(answer, content)


def _granted(envelope: Envelope) -> Envelope:
    if not envelope.success:
        for words in _DENIALS:
            if words in envelope.message:
                raise DeniedError(SOURCE, f"panda does not accept us: {words}")
    return envelope


def _succeeded(envelope: Envelope) -> Envelope:
    if not envelope.success:
        raise BrokenError(SOURCE, f"panda failed: {envelope.message[:200] or 'it does not say why'}")
    return envelope


def _is_absent(envelope: Envelope) -> bool:
    if not envelope.success and envelope.message.startswith("Task not found"):
        return True
    _succeeded(envelope)
    return False


def _found(envelope: Envelope) -> Wire | None:
    if _is_absent(envelope):
        return None
    if not isinstance(envelope.data, dict):
        raise GarbledError(SOURCE, "panda sent something else where an object was promised")
    return envelope.data

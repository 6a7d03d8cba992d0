"""PanDA's two readings: tasks, and how many jobs of a task are in which state where.

PanDA answers a failed look into its database with success and nothing, and lists only what changed within 90
days. So nothing here is believed for being absent: tasks that must be there are looked for, and a list that
lacks one of them is refused.
"""

import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from typing import Final

from gateway.domain.states import EXECUTION_OF_STATE
from gateway.errors import GarbledError, NotOfferedError
from gateway.store.sources import SourceName
from gateway.upstreams.panda.client import MAX_JOBS_PER_CALL, SOURCE, PandaClient
from gateway.upstreams.panda.translate import (
    Job,
    Record,
    core_seconds,
    job_counts,
    job_of,
    task_of_old_server,
    task_record,
)
from gateway.upstreams.ports import Page

Ids = Callable[[], Awaitable[Collection[int]]]
TellCoreSeconds = Callable[[int, int | None], Awaitable[None]]
JobsCounted = Callable[[int], Awaitable[int]]

# How far back a list of tasks reaches (panda-server 1.0.4, getTaskIDsWithCriteria_JEDI).
WINDOW: Final = dt.timedelta(days=90)
# JEDI sets modification times back, by up to an hour, to make a task's turn come; clocks differ too.
OVERLAP: Final = dt.timedelta(hours=1)
# A task of 300 kB of parameters is large; this many are read and forgotten one by one.
TASKS_PER_ANSWER: Final = 2_000
# A state that fills an answer is asked for again with more room, up to this.
MOST_TASKS_PER_ANSWER: Final = 128_000
# PanDA leaves out tasks whose details it cannot read, so an answer just under its limit may be cut too.
_NEARLY_FULL: Final = 0.9
_RECORDS_PER_PAGE: Final = 500
# A counting begins no further task after so long.
COUNTING_S: Final = 60.0


class TasksFeed:
    """All tasks of everybody.

    A complete reading contains every task changed within WINDOW and every one of `known_ids`, which gives the
    tasks that are not final in our copy. Of older final tasks it says nothing: their absence proves nothing.
    `canaries` gives ids that must be there; without any, an empty list is never believed.
    """

    name = "panda.tasks"
    source = SourceName.PANDA
    sections = ("tasks",)
    # PanDA lists ninety days: an old task that is not in the list is not gone.
    lists_everything = False

    def __init__(
        self,
        client: PandaClient,
        *,
        known_ids: Ids,
        canaries: Ids,
        tasks_per_answer: int = TASKS_PER_ANSWER,
        most_tasks_per_answer: int = MOST_TASKS_PER_ANSWER,
    ) -> None:
        self._client = client
        self._known_ids = known_ids
        self._canaries = canaries
        self._room = tasks_per_answer
        self._most_room = most_tasks_per_answer

    async def everything(self) -> AsyncIterator[Page]:
        """Read all tasks; of servers before 1.0.0 only known ones, and NotOfferedError without any."""
        known = set(await self._known_ids())
        canaries = set(await self._canaries())
        seen: set[int] = set()
        began: dt.datetime | None = None
        try:
            async for page in self._listed(None):
                began = began or page.taken_at
                seen.update(_ids(page.records))
                for part in _parts(page):
                    yield part
        except NotOfferedError:
            if not known:
                raise
            async for page in self._one_by_one(known | canaries):
                yield page
            return
        if not seen and not canaries and not known:
            raise GarbledError(
                SOURCE, "panda lists no task at all, and we know none that could prove it wrong"
            )
        missing = sorted((known | canaries) - seen)
        async for page in self._missed(missing, canaries, began):
            yield page

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Read the tasks changed since then; older than PanDA's list reaches is a NotOfferedError."""
        empty = True
        async for page in self._listed(since - OVERLAP):
            if page.taken_at - (since - OVERLAP) > WINDOW:
                raise NotOfferedError(SOURCE, "panda lists changes of the last 90 days only: read everything")
            empty = empty and not page.records
            for part in _parts(page):
                yield part
        if empty:
            await self._prove_alive()

    async def _listed(self, since: dt.datetime | None) -> AsyncIterator[Page]:
        """Lists of tasks that together are complete, one page for each answer."""
        page = await self._ask(since, self._room)
        yield page
        if not _is_full(page.records, self._room):
            return
        # Any tasks up to the limit were answered. One state after the other is complete, but for tasks that
        # change their state in between; those have changed since the first answer.
        seen: set[int] = set()
        for status in sorted(set(EXECUTION_OF_STATE) | {str(one["status"]) for one in page.records}):
            part = await self._ask_until_whole(since, status)
            seen.update(_ids(part.records))
            yield part
        moved = await self._ask_until_whole(page.taken_at - OVERLAP, None)
        seen.update(_ids(moved.records))
        yield moved
        if lost := set(_ids(page.records)) - seen:
            raise GarbledError(SOURCE, f"panda listed {len(lost)} tasks at first that no state has")

    async def _ask_until_whole(self, since: dt.datetime | None, status: str | None) -> Page:
        room = self._room
        while True:
            page = await self._ask(since, room, status)
            if not _is_full(page.records, room):
                return page
            room *= 4
            if room > self._most_room:
                what = status or "changed"
                raise GarbledError(SOURCE, f"panda has more than {room // 4} {what} tasks: no list is whole")

    async def _ask(self, since: dt.datetime | None, room: int, status: str | None = None) -> Page:
        text = None if since is None else since.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
        records, answer = await self._client.tasks_since(_record, since=text, n_tasks=room, status=status)
        return Page("tasks", records, answer.date)

    async def _missed(
        self, missing: Iterable[int], canaries: Collection[int], began: dt.datetime | None
    ) -> AsyncIterator[Page]:
        """Known tasks that no list had, read one by one; one that belonged there condemns the list."""
        for task_id in missing:
            wire, answer = await self._client.task(task_id)
            if wire is None:
                if task_id in canaries:
                    raise GarbledError(SOURCE, f"panda lacks task {task_id}, which must be there")
                continue
            record = task_record(wire)
            if began is not None and _was_listable(record, began):
                raise GarbledError(SOURCE, f"panda left task {task_id} out of its list")
            yield Page("tasks", [record], answer.date)

    async def _one_by_one(self, task_ids: Collection[int]) -> AsyncIterator[Page]:
        found = False
        for task_id in sorted(task_ids):
            record, taken_at = await self._read_old(task_id)
            if record is not None:
                found = True
                yield Page("tasks", [record], taken_at)
        if not found:
            raise GarbledError(SOURCE, "panda lacks every task that we know")

    async def _read_old(self, task_id: int) -> tuple[Record | None, dt.datetime]:
        try:
            wire, answer = await self._client.task(task_id)
        except NotOfferedError:
            envelope, answer = await self._client.call("GET", "task/get_status", params={"task_id": task_id})
            parameters = await self._client.task_parameters(task_id)
            if not envelope.success or parameters is None:
                return None, answer.date
            return task_of_old_server(task_id, str(envelope.data), parameters), answer.date
        return (None if wire is None else task_record(wire)), answer.date

    async def _prove_alive(self) -> None:
        """Nothing changed: believable when PanDA finds a task that must be there."""
        for task_id in sorted(await self._canaries())[-1:]:
            if await self._client.task_status(task_id) is None:
                raise GarbledError(
                    SOURCE, f"panda lists nothing and lacks task {task_id}, which must be there"
                )


class JobCountsFeed:
    """Jobs by state and queue of the tasks that `task_ids` gives: those not final, or changed since counted.

    They are counted in the order given, and after COUNTING_S no further one is begun: a reading ends in time
    however many there are, and the next one goes on.

    `tell_core_seconds` is told what a task's jobs used, None when some job does not say; then its counts come
    whole in one page. Of tasks without a page nothing is known, and PanDA's empty list of jobs makes
    no page: it may stand for a failure. Retried jobs count too, so a task never has fewer jobs than it had:
    a list shorter than what `jobs_counted` gives is not believed, which the reading says at its end.
    """

    name = "panda.job_counts"
    source = SourceName.PANDA
    sections = ("job_counts",)
    lists_everything = False

    def __init__(
        self,
        client: PandaClient,
        *,
        task_ids: Ids,
        jobs_counted: JobsCounted | None = None,
        tell_core_seconds: TellCoreSeconds | None = None,
        counting_s: float = COUNTING_S,
    ) -> None:
        self._client = client
        self._counting_s = counting_s
        self._task_ids = task_ids
        self._counted = jobs_counted
        self._tell = tell_core_seconds

    async def everything(self) -> AsyncIterator[Page]:
        """Count the jobs of the given tasks."""
        short: list[int] = []
        ends_at = time.monotonic() + self._counting_s
        for task_id in await self._task_ids():
            if time.monotonic() > ends_at:
                break
            job_ids, answer = await self._client.job_ids(task_id)
            if not job_ids:
                continue
            if self._counted is not None and len(job_ids) < await self._counted(task_id):
                short.append(task_id)
                continue
            jobs, is_whole = await self._jobs(job_ids)
            counts = job_counts(task_id, jobs)
            proof = ("jedi_task_id", task_id) if is_whole else None
            # Before its counts: a task that changed after it was counted is counted again.
            if self._tell is not None:
                await self._tell(task_id, core_seconds(jobs) if is_whole else None)
            yield Page("job_counts", counts, answer.date, whole_of=proof)
        if short:
            some = ", ".join(str(one) for one in short[:3])
            raise GarbledError(SOURCE, f"panda lists fewer jobs than before of {len(short)} tasks ({some})")

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """PanDA cannot tell which jobs changed: NotOfferedError."""
        del since
        raise NotOfferedError(SOURCE, "panda does not tell which jobs changed")

    async def _jobs(self, job_ids: Sequence[int]) -> tuple[Sequence[Job], bool]:
        """The jobs, and whether all of them could be described: PanDA forgets jobs in time."""
        found: list[Job] = []
        is_whole = True
        for start in range(0, len(job_ids), MAX_JOBS_PER_CALL):
            page = await self._client.jobs(job_ids[start : start + MAX_JOBS_PER_CALL], job_of)
            known = [job for job in page if job is not None]
            is_whole = is_whole and len(known) == len(page)
            found += known
        if not found:
            raise GarbledError(SOURCE, f"panda describes none of {len(job_ids)} jobs that it lists")
        return found, is_whole


def _record(wire: object) -> Record:
    if not isinstance(wire, dict):
        raise GarbledError(SOURCE, "panda sent something else where a task was promised")
    return task_record(wire)


def _ids(records: Iterable[object]) -> Iterable[int]:
    for record in records:
        task_id = record.get("jedi_task_id") if isinstance(record, dict) else None
        if isinstance(task_id, int):
            yield task_id


def _is_full(records: Sequence[object], room: int) -> bool:
    return len(records) >= room * _NEARLY_FULL


def _was_listable(record: Record, began: dt.datetime) -> bool:
    """Whether a task was inside the window, and unchanged since, when the list was made."""
    said = record.get("modified_at")
    if not isinstance(said, str):
        return False
    modified = dt.datetime.fromisoformat(said)
    return began - WINDOW + OVERLAP < modified < began - OVERLAP


def _parts(page: Page) -> Iterable[Page]:
    """A long list in pages of bounded size; an empty one as one page, which still says when it was made."""
    for start in range(0, max(1, len(page.records)), _RECORDS_PER_PAGE):
        yield Page(page.section, page.records[start : start + _RECORDS_PER_PAGE], page.taken_at)

"""Gateway workers that are killed: `python -m tests.hostile.workers <json>` forks them and obeys its input.

"kill N" ends worker N with SIGKILL and starts another in its place; the end of the input ends all. Forking a
process that has everything imported makes a start cheap enough to be killed after a tenth of a second.
"""

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.auth.permissions import Right
from gateway.domain.steering import CommandKind
from gateway.domain.submission import LookUp, NotSent, Reply, Timing, Unknown
from gateway.store.database import Database
from gateway.sync.outbox import Outbox
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.commands import PandaCommands, Pool
from gateway.upstreams.panda.lookup import SubmissionLookup
from tests.support.postgres import ROOT

TICK_S = 0.1
TOKEN = "a-token"


@dataclass(frozen=True)
class Plan:
    """What the workers do. `policy` is "ours", or what it lacks: the controls that must make duplicates.

    `list_s` is how long a list of PanDA's tasks may take: a real PanDA needs seconds for some dozens of them.
    """

    database_url: str = ""
    panda_url: str = ""
    workers: int = 2
    policy: str = "ours"
    deadline_s: float = 0.5
    lease_s: float = 1.0
    settle_s: float = 3.0
    list_s: float = 4.0
    token: str = TOKEN

    @property
    def timing(self) -> Timing:
        """The times, so short that a run ends soon."""
        return Timing(
            deadline=dt.timedelta(seconds=self.deadline_s),
            lease=dt.timedelta(seconds=self.lease_s),
            settle=dt.timedelta(seconds=0 if self.policy == "no settling" else self.settle_s),
            look_every=dt.timedelta(seconds=0.5),
            again_after=dt.timedelta(seconds=0.2),
        )


class Person:
    """Everybody's token is the same one."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token_for(self, credential: str, audience: str, right: Right) -> str:  # noqa: ARG002 - everybody's
        return self._token


class RetriesOnError:
    """A control: takes a lost answer for a request that never left, as so many programs do."""

    def __init__(self, commands: PandaCommands) -> None:
        self._commands = commands

    async def submit(
        self,
        token: str,
        parameters: Mapping[str, object],
        parent_task_id: int | None,
        *,
        may_begin: Callable[[], bool],
    ) -> Reply:
        reply = await self._commands.submit(token, parameters, parent_task_id, may_begin=may_begin)
        return NotSent(reply.message) if isinstance(reply, Unknown) else reply

    async def command(
        self, token: str, task_id: int, kind: CommandKind, arguments: Mapping[str, object] | None = None
    ) -> Reply:
        return await self._commands.command(token, task_id, kind, arguments)


class BelievesEverything:
    """A control: takes every answer for the whole truth, an empty list too."""

    def __init__(self, lookup: SubmissionLookup) -> None:
        self._lookup = lookup

    async def find(
        self,
        keys: Collection[str],
        *,
        since: dt.datetime,
        canaries: Mapping[int, dt.datetime],  # noqa: ARG002 - that is the point
    ) -> LookUp:
        found = await self._lookup.find(keys, since=since, canaries={})
        return LookUp(found.tasks, proves_absence=True)


async def work(plan: Plan, number: int) -> None:
    """Work until killed."""
    client = PandaClient(
        plan.panda_url,
        token=lambda: plan.token,
        origin="spd:production",
        manners=Manners(
            at_once=4, per_second=1000, burst=1000, read_s=plan.list_s / 2, deadline_s=plan.list_s
        ),
    )
    commands = PandaCommands(
        plan.panda_url,
        origin="spd:production",
        pool=Pool(places=8, connect_s=0.3, deadline_s=plan.deadline_s),
    )
    lookup = SubmissionLookup(client)
    outbox = Outbox(
        Database(plan.database_url),
        RetriesOnError(commands) if plan.policy == "retry on error" else commands,
        BelievesEverything(lookup) if plan.policy == "no canary" else lookup,
        Person(plan.token),
        clock=lambda: dt.datetime.now(dt.UTC),
        owner=f"worker-{number}",
        timing=plan.timing,
        places=8,
        per_second=1000,
        patience=dt.timedelta(seconds=10),
    )
    while True:
        # A database that is busy for long, or a server that goes down, ends a tick and not the worker.
        try:
            await outbox.work()
        except Exception as error:  # noqa: BLE001 - told, and tried again
            sys.stderr.write(f"worker {number}: {type(error).__name__}: {str(error)[:300]}\n")
        await asyncio.sleep(TICK_S)


def start(plan: Plan, number: int) -> int:
    """Fork a worker; return its process id."""
    child = os.fork()
    if child:
        return child
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work(plan, number))
    os._exit(0)


def main() -> None:
    """Keep the workers alive, but for those that are to be killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    plan = Plan(**json.loads(sys.argv[1]))
    children = {number: start(plan, number) for number in range(plan.workers)}
    for line in sys.stdin:
        number = int(line.split()[1])
        os.kill(children[number], signal.SIGKILL)
        os.waitpid(children[number], 0)
        children[number] = start(plan, number)
    for child in children.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@dataclass
class Workers:
    """The running workers of a test."""

    process: "subprocess.Popen[str]"
    kills: int = 0

    def kill(self, number: int) -> None:
        """Kill a worker at once; another takes its place."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"kill {number}\n")
        self.process.stdin.flush()
        self.kills += 1


@contextlib.contextmanager
def running_workers(plan: Plan) -> Iterator[Workers]:
    """Run workers until the end of the block."""
    values: dict[str, Any] = {**plan.__dict__}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.workers", json.dumps(values)],
        stdin=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield Workers(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


if __name__ == "__main__":
    main()

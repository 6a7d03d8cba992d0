"""A gateway with a practice PanDA and Rucio that it may change, at a frozen moment that a test moves."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from gateway.app import create_executor
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.practice.delivery import Delivery
from gateway.practice.panda_tasks import PandaState, TwinTask, tasks_of_snapshot
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.practice.rucio_catalogue import RucioCatalogue, practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.resolvers.services import Services
from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.follow_commands import follow_commands
from gateway.sync.jobs import jobs_of
from gateway.sync.known_tasks import newest_final_tasks, tasks_to_count, unfinished_tasks
from gateway.sync.outbox import Outbox
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.commands import PandaCommands
from gateway.upstreams.panda.job_records import PandaJobRecords
from gateway.upstreams.panda.lookup import SubmissionLookup
from gateway.upstreams.panda.upstream import PandaUpstream
from gateway.upstreams.rucio.commands import RucioCommands
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.manners import QUICK
from tests.support.serving import served

MANAGER = Viewer(
    "prodman", frozenset(Right), subject="sub-prodman", username="prodman", credential="of-prodman"
)


# What nothing else could be called.
PANDA_TOKEN = "a-token-of-prodman-for-panda"


@dataclass
class People:
    """Tokens of one person for both services."""

    rucio_url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    rights: list[tuple[str, Right]] = field(default_factory=list)
    given: set[tuple[str, str]] = field(default_factory=set)

    async def token_for(self, credential: str, audience: str, right: Right) -> str:
        self.rights.append((audience, right))
        self.asked.append((credential, audience))
        token = PANDA_TOKEN if audience == "panda" else await self._rucio_token()
        self.given.add((audience, token))
        return token

    async def _rucio_token(self) -> str:
        headers = {
            "X-Rucio-Account": "prodman",
            "X-Rucio-Username": "prodman",
            "X-Rucio-Password": "secret-prodman",
        }
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.rucio_url}/auth/userpass", headers=headers)
        return str(answer.headers["x-rucio-auth-token"])


@dataclass
class Stage:
    """All of it."""

    database: Database
    panda: PandaState
    catalogue: RucioCatalogue
    ask: Asker
    outbox: Outbox
    engine: Engine
    people: People

    @property
    def now(self) -> dt.datetime:
        return self.ask.now

    def of(self, viewer: Viewer) -> Asker:
        """Somebody else who asks the same gateway."""
        return replace(self.ask, viewer=viewer)

    def task(self, name: str) -> TwinTask:
        """The practice PanDA's task of that name, which must be the only one."""
        [task] = [one for one in self.panda.tasks.values() if one.parameters.get("taskName") == name]
        return task

    async def send(self) -> None:
        """Let the worker send what is due."""
        await self.outbox.work()
        await self.outbox.drain()

    async def read(self) -> None:
        """Let the worker read both services."""
        for job in ("panda.tasks", "rucio.datasets"):
            report = await self.engine.run(job, whole=True)
            assert report.verdict in {"OK", "HELD"}, report
        await follow_commands(self.database, at=self.now)

    async def pass_time(self, **time: float) -> None:
        """Let time pass in steps of ten minutes, and the worker work."""
        until = self.now + dt.timedelta(**time)
        while self.now < until:
            self.ask.now = min(until, self.now + dt.timedelta(minutes=10))
            self.panda.advance(self.now)
        await self.read()
        await self.send()


@contextlib.asynccontextmanager
async def stage_on(database: Database) -> AsyncIterator[Stage]:
    """Set the stage with the practice world at both services, as of LOADED_AT."""
    ask = Asker(database, LOADED_AT)
    snapshot: Any = practice_snapshot(LOADED_AT)
    catalogue = practice_catalogue(snapshot["rucio"], lambda: ask.now)
    panda = PandaState(jobs_per_minute=100, failure_rate=0.0)
    delivery = Delivery(catalogue, "panda")
    panda.publish, panda.inputs = delivery.publish, delivery.inputs
    records = snapshot["panda"]
    for task in tasks_of_snapshot(
        records["tasks"]["records"], records["job_counts"]["records"], now=LOADED_AT
    ):
        panda.tasks[task.task_id] = task
    person = Identity("Production Manager", frozenset({"spd", "spd/production"}))
    twin = create_panda_twin(panda, clock=lambda: ask.now, identify=lambda _token: person)
    with (
        served(twin, date_header=False) as panda_url,
        served(create_rucio_twin(catalogue), date_header=False) as rucio_url,
    ):
        reader = PandaClient(panda_url, token=lambda: "of-us", origin="spd:production", manners=QUICK)
        panda_source = PandaUpstream(
            reader,
            known_ids=unfinished_tasks(database),
            canaries=newest_final_tasks(database),
            ids_to_count=tasks_to_count(database),
            clock=lambda: ask.now,
        )
        http = HttpUpstream("rucio", rucio_url, manners=QUICK)
        login = PasswordLogin(
            http, account="gateway", username="gateway", password="secret-gateway", clock=lambda: ask.now
        )
        rucio_source = RucioUpstream(http, login, clock=lambda: ask.now)
        commands = PandaCommands(panda_url, origin="spd:production")
        rules = RucioCommands(rucio_url)
        people = People(rucio_url)
        services = Services(commands, rules, PandaJobRecords(reader), people)
        ask.viewer = MANAGER
        ask.executor = create_executor(database, clock=lambda: ask.now, services=services)
        engine = Engine(
            database, jobs_of([panda_source, rucio_source]), clock=lambda: ask.now, owner="reader"
        )
        await engine.register()
        outbox = Outbox(
            database,
            commands,
            SubmissionLookup(reader),
            people,
            clock=lambda: ask.now,
            owner="worker",
            per_second=1000,
        )
        stage = Stage(database, panda, catalogue, ask, outbox, engine, people)
        try:
            yield stage
        finally:
            await outbox.close()
            await asyncio.gather(commands.close(), rules.close())
            await panda_source.close()
            await rucio_source.close()

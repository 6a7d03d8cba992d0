"""The four services with faults to plan, each beside a copy of it, on one clock that tests move."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from gateway.practice.cric_objects import practice_cric
from gateway.practice.cric_twin import create_cric_twin
from gateway.practice.faults import Faults
from gateway.practice.iam_objects import many_users, practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.panda_tasks import PandaState
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.practice.rucio_catalogue import practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.store.base import Remembered
from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import Group, GroupMember, Person
from gateway.store.sites import Downtime, Queue, Service, Site
from gateway.store.sources import SourceName
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage
from gateway.store.tasks import Task, TaskJobCount
from gateway.sync.known_catalogue import scopes_of_datasets, storages_of_replicas
from gateway.sync.known_tasks import jobs_counted, newest_final_tasks, tasks_to_count, unfinished_tasks
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.upstream import CricUpstream
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.upstream import PandaUpstream
from gateway.upstreams.ports import Upstream
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.support.serving import served

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
# Final tasks, and tasks that are paused: those are counted anew each time, and do not change by themselves.
FINAL_TASKS, PAUSED_TASKS = 10, 3
SIMULATION = {
    "vo": "spd",
    "prodSourceLabel": "managed",
    "taskType": "prod",
    "nEvents": 160,
    "nEventsPerJob": 4,
}


@dataclass
class Clock:
    """One clock for the services and for us."""

    now: dt.datetime = START

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Faulty:
    """A served service: how to connect to it, what it may do wrong, what of it is kept where.

    `add` makes something new there and returns the table and the key under which the copy must have it.
    `renew` stands for the person who gives us a new token when the old one has ended.
    """

    source: SourceName
    tables: Sequence[type[Remembered]]
    clock: Clock
    faults: Faults
    connect: Callable[[Manners, Database], Upstream]
    add: Callable[[int], tuple[type[Remembered], tuple[object, ...]]]
    renew: Callable[[], None] = lambda: None
    lists: Sequence[str] = ()
    added: int = 0

    @asynccontextmanager
    async def connected(self, manners: Manners, database: Database) -> AsyncIterator[Upstream]:
        upstream = self.connect(manners, database)
        try:
            yield upstream
        finally:
            await upstream.close()


@contextmanager
def faulty(source: SourceName) -> Iterator[Faulty]:
    """Serve one of the services."""
    clock, faults = Clock(), Faults()
    makers = {
        SourceName.PANDA: _panda,
        SourceName.RUCIO: _rucio,
        SourceName.CRIC: _cric,
        SourceName.IAM: _iam,
    }
    with makers[source](clock, faults) as service:
        yield service


@dataclass
class _Token:
    """A token that is given to us, and may be given anew."""

    number: int = 1
    text: str = field(init=False, default="token1")

    def renew(self) -> None:
        self.number += 1
        self.text = f"token{self.number}"


@contextmanager
def _panda(clock: Clock, faults: Faults) -> Iterator[Faulty]:
    state, token = PandaState(), _Token()

    def submit(number: int) -> int:
        parameters = {**SIMULATION, "taskName": f"PROD2026-{number:03}.SIM.1"}
        return state.submit(parameters, user="prodman", parent_id=None, now=clock.now).task_id

    clock.now = START - dt.timedelta(days=2)
    for number in range(FINAL_TASKS):
        submit(number + 1)
    while any(task.ended is None for task in state.tasks.values()):
        clock.now += dt.timedelta(minutes=30)
        state.advance(clock.now)
    for number in range(PAUSED_TASKS):
        task = state.tasks[submit(900 + number)]
        task.status, task.started, task.modified = "paused", clock.now, clock.now
        task.files, task.over = 40, [("JINR_SPD", "finished", 30), ("PNPI_SPD", "failed", 10)]
    clock.now = START

    def connect(manners: Manners, database: Database) -> Upstream:
        return PandaUpstream(
            PandaClient(url, token=lambda: token.text, origin="spd:production", manners=manners),
            known_ids=unfinished_tasks(database),
            canaries=newest_final_tasks(database),
            ids_to_count=tasks_to_count(database),
            jobs_counted=jobs_counted(database, clock),
            clock=clock,
        )

    def add(number: int) -> tuple[type[Remembered], tuple[object, ...]]:
        task_id = submit(100 + number)
        # Ended at once, so that it is as it stays.
        task = state.tasks[task_id]
        task.status, task.ended, task.modified = "done", clock.now, clock.now
        task.over, task.files, task.files_finished = [("JINR_SPD", "finished", 40)], 40, 40
        return Task, (task_id,)

    identity = Identity("Production Manager", frozenset({"spd", "spd/production"}))
    app = create_panda_twin(state, clock=clock, identify=lambda _token: identity, faults=faults)
    api = "/api/v1/task"
    with served(app, date_header=False) as url:
        yield Faulty(
            SourceName.PANDA,
            (Task, TaskJobCount),
            clock,
            faults,
            connect,
            add,
            token.renew,
            (
                f"{api}/get_tasks_detailed_info_since",
                f"{api}/get_job_ids",
                "/api/v1/job/get_description_incl_archive",
            ),
        )


@contextmanager
def _rucio(clock: Clock, faults: Faults) -> Iterator[Faulty]:
    catalogue = practice_catalogue(practice_snapshot(START)["rucio"], clock)

    def connect(manners: Manners, database: Database) -> Upstream:
        http = HttpUpstream("rucio", url, manners=manners)
        login = PasswordLogin(
            http, account="gateway", username="gateway", password="secret-gateway", clock=clock
        )
        return RucioUpstream(
            http,
            login,
            clock=clock,
            known_scopes=scopes_of_datasets(database),
            known_storages=storages_of_replicas(database),
        )

    def add(number: int) -> tuple[type[Remembered], tuple[object, ...]]:
        catalogue.add_did("MC2025_S1", f"MC2025_S1.new.{number}", kind="DATASET", account="prodman")
        return Dataset, (f"MC2025_S1:MC2025_S1.new.{number}",)

    with served(create_rucio_twin(catalogue, faults=faults), date_header=False) as url:
        yield Faulty(
            SourceName.RUCIO,
            (Dataset, Rule, Replica, Storage, StorageUsage, Quota),
            clock,
            faults,
            connect,
            add,
            lists=("/scopes/", "/dids/bulkmeta", "/dids/MC2025_S1", "/rules/", "/rses/", "/replicas/"),
        )


@contextmanager
def _cric(clock: Clock, faults: Faults) -> Iterator[Faulty]:
    state = practice_cric(START)

    def add(number: int) -> tuple[type[Remembered], tuple[object, ...]]:
        name = f"NEW_{number}"
        state.objects["spd/pandaqueue"][name] = {
            **state.objects["spd/pandaqueue"]["JINR_SPD"],
            "panda_resource": name,
        }
        return Queue, (name,)

    with served(create_cric_twin(state, clock=clock, faults=faults), date_header=False) as url:
        yield Faulty(
            SourceName.CRIC,
            (Site, Queue, StorageEndpoint, Service, Downtime),
            clock,
            faults,
            lambda manners, _database: CricUpstream(CricAddress(url), manners=manners),
            add,
            lists=tuple(f"/api/{name}/" for name in state.objects),
        )


@contextmanager
def _iam(clock: Clock, faults: Faults) -> Iterator[Faulty]:
    state = practice_iam(START)
    # More than a page, so that there is a middle of a listing.
    state.users.update({str(one["id"]): one for one in many_users(130, START)})

    def add(number: int) -> tuple[type[Remembered], tuple[object, ...]]:
        person = list(many_users(130 + number, START))[-1]
        state.users[str(person["id"])] = person
        return Person, (person["id"],)

    with served(create_iam_twin(state, clock=clock, faults=faults), date_header=False) as url:
        yield Faulty(
            SourceName.IAM,
            (Person, Group, GroupMember),
            clock,
            faults,
            lambda manners, _database: IamUpstream(
                url, Credentials("gateway-sync", "practice-secret"), manners=manners
            ),
            add,
            lists=("/scim/Users", "/scim/Groups"),
        )

"""The practice IAM, read by the engine as in operation: what is changed there arrives with a reading."""

import contextlib
import datetime as dt
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.practice.iam_objects import IamState, practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.store.database import Database
from gateway.sync.engine import Engine, RunReport
from gateway.sync.jobs import jobs_of
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from tests.support.serving import served

PRODMAN = "00000000-0000-4000-8000-000000000001"
ANALYST = "00000000-0000-4000-8000-000000000003"


@dataclass
class IamReadings:
    """IAM's state, to change, and what reads it."""

    state: IamState
    now: dt.datetime
    engines: list[Engine] = field(default_factory=list)

    async def read(self) -> RunReport:
        """Read IAM, five minutes after the reading before."""
        self.now += dt.timedelta(minutes=5)
        return await self.engines[0].run("iam.people", whole=True)

    def leave(self, subject: str, group: str) -> None:
        """Take somebody out of a group in IAM."""
        user = self.state.users[subject]
        user["groups"] = [one for one in user["groups"] if one["display"] != group]


@contextlib.asynccontextmanager
async def iam_readings(database: Database, at: dt.datetime) -> AsyncIterator[IamReadings]:
    """The practice IAM with its role accounts, read once into the database."""
    readings = IamReadings(practice_iam(at), at)
    with served(create_iam_twin(readings.state, clock=lambda: readings.now), date_header=False) as url:
        iam = IamUpstream(url, Credentials("gateway-sync", "practice-secret"))
        engine = Engine(
            database, jobs_of([iam]), clock=lambda: readings.now, owner="one", chance=random.Random(7)
        )
        readings.engines.append(engine)
        await engine.register()
        assert (await readings.read()).verdict == "OK"
        yield readings
        await iam.close()

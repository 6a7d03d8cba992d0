"""The two PanDAs of the life cycle's contract: the practice twin on a clock, the real server with its JEDI.

A test says what is asked and which jobs fail; how time passes is each one's own business.
"""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.practice.panda_tasks import PandaState
from gateway.practice.panda_twin import Identity
from tests.real.panda.api import PandaApi
from tests.real.panda.jedi import PRODUCTION, RealPanda
from tests.real.panda.pilot import Job

MANAGER = "Production Manager"
SEED_BEFORE_FIRST = 20_000
TICK = dt.timedelta(seconds=30)
MOST_TICKS = 120


class Life(Protocol):
    """A PanDA whose tasks live."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    def token(self, name: str, groups: Sequence[str] = PRODUCTION) -> str:
        """A token for a person."""
        ...

    def fail(self, task_id: int, files: int) -> None:
        """Let every attempt at so many of the task's files fail from now on."""
        ...

    def until(self, task_id: int, *states: str) -> str:
        """Let time pass until the task is in one of the states."""
        ...

    def states(self, task_id: int) -> list[str]:
        """The states that a task has been in."""
        ...


@dataclass(slots=True)
class TwinLife:
    """The practice twin; a test's time passes in steps of TICK."""

    state: PandaState
    tokens: dict[str, Identity | str]
    url: str = ""
    now: dt.datetime = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    seen: dict[int, list[str]] = field(default_factory=dict)

    def token(self, name: str, groups: Sequence[str] = PRODUCTION) -> str:
        """A token of which the twin knows whose it is."""
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = Identity(name, frozenset(groups))
        return token

    def fail(self, task_id: int, files: int) -> None:
        """Find the rate of failures at which just so many of the task's files are unlucky."""
        task = self.state.tasks[task_id]
        for percent in range(101):
            task.failure_rate = percent / 100
            if [task.is_lucky(file) for file in range(expected_files(task.parameters))].count(False) == files:
                return
        raise AssertionError(f"no rate lets {files} files of task {task_id} fail")

    def until(self, task_id: int, *states: str) -> str:
        """Move the clock."""
        for _ in range(MOST_TICKS):
            if (state := self.state.tasks[task_id].status) in states:
                return state
            self.now += TICK
            self.state.advance(self.now)
            for one, task in self.state.tasks.items():
                self.seen.setdefault(one, []).append(task.status)
        raise AssertionError(f"task {task_id} is not {' or '.join(states)} but went {self.states(task_id)}")

    def states(self, task_id: int) -> list[str]:
        """What was seen after each step."""
        return [state for state, _ in itertools.groupby(self.seen[task_id])]


@dataclass(slots=True)
class RealLife:
    """The real server, its JEDI and the stand-in pilot."""

    panda: RealPanda
    failing: dict[int, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return self.panda.url

    def token(self, name: str, groups: Sequence[str] = PRODUCTION) -> str:
        """A token signed by the identity provider that the server asks."""
        return self.panda.token(name, groups)

    def fail(self, task_id: int, files: int) -> None:
        """Let the jobs with the first seeds fail."""
        self.failing[task_id] = files

    def until(self, task_id: int, *states: str) -> str:
        """Let JEDI make passes, and pilots run what waits."""
        return self.panda.run_until(task_id, *states, fails=self._fails)

    def states(self, task_id: int) -> list[str]:
        """What JEDI noted."""
        return self.panda.states(task_id)

    def _fails(self, job: Job) -> bool:
        seeds = range(SEED_BEFORE_FIRST + 1, SEED_BEFORE_FIRST + 1 + self.failing.get(int(job["taskID"]), 0))
        return any(f"simu.C( 4, {seed} )" in str(job["jobPars"]) for seed in seeds)


def manager_of(life: Life) -> PandaApi:
    """The API for somebody with the production role."""
    return PandaApi.of(life, MANAGER)


def analyst_of(life: Life) -> PandaApi:
    """The API for a member of the organisation without that role."""
    return PandaApi.of(life, "Analyst", is_production=False)


def expected_files(parameters: dict[str, object]) -> int:
    """How many jobs a simulation must end in."""
    events, per_job = parameters["nEvents"], parameters["nEventsPerJob"]
    assert isinstance(events, int)
    assert isinstance(per_job, int)
    return -(-events // per_job)

"""Productions of the practice grid that are under way: there is always a task whose numbers move.

The one that the talk shows as running goes on with its reconstruction, and made-up requests are produced from
simulation to reconstruction, again and again, each round a little slower than the one before, so that a grid
that runs for weeks does not fill up. All of it follows from the tasks that exist: nothing else is remembered.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Final

from gateway.domain.names import RECO, SIM, DatasetName, RequestName, StepKind, Tag, outputs_of
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Intent
from gateway.imports.drafts import Reading, RequestDraft
from gateway.practice.panda_tasks import FINAL, PandaState, Parameters, TwinTask
from gateway.practice.requests import PRODUCTION_MANAGER, practice_requests

# The request whose simulation is done and whose reconstruction the talk does not show yet.
RUNNING: Final = "PROD2025-014"
_RUNNING_JOBS_PER_MINUTE: Final = 25
_YEAR: Final = 2026
# Requests of one chain, which are produced in turn; jobs of each simulation.
REQUESTS: Final = 3
JOBS: Final = 500
EVENTS_PER_FILE: Final = 4_000
_FASTEST_JOBS_PER_MINUTE: Final = 100
_SLOWEST_JOBS_PER_MINUTE: Final = 3
# How long a task that ended with failures rests before it is retried, in practice minutes.
REST_MIN: Final = 5.0
MODEL_SCOPE: Final = "MC2026_S2"
FILE_NAME: Final = "practice chains"


def chain_names(chains: int) -> Iterator[str]:
    """The names of the made-up requests."""
    for number in range(1, chains * REQUESTS + 1):
        yield f"PROD{_YEAR}-{number:03}"


@cache
def live_requests(chains: int) -> tuple[Reading, ...]:
    """The made-up requests as rows to import: like the last ones of the talk, of an energy of their own."""
    model = _request_named(RUNNING)
    found = []
    for place, name in enumerate(chain_names(chains)):
        draft = replace(
            model,
            name=name,
            # No request of the talk has it, so seeds can never collide with a real production's.
            energy_gev=Decimal(24),
            tag="minbias-P8-spdroot4172-dev",
            events=JOBS * EVENTS_PER_FILE,
            events_per_file=EVENTS_PER_FILE,
            seeds=SeedRange(place * JOBS + 1, (place + 1) * JOBS),
            intent=Intent.APPROVED,
            campaign=f"SPD MC {_YEAR}",
            description="practice: produced again and again",
            legacy_id=None,
            origin="practice",
        )
        found.append(Reading(place + 1, {"Production name/ID": name}, name, draft))
    return tuple(found)


@dataclass(slots=True)
class LiveChains:
    """Submits, retries and begins anew at the practice PanDA what is to be under way."""

    panda: PandaState
    chains: int = 1

    def advance(self, now: dt.datetime) -> None:
        """Do what is due; may be called at any time."""
        by_name = {str(task.parameters.get("taskName")): task for task in self.panda.tasks.values()}
        self._go_on(by_name, now)
        drafts = [one.draft for one in live_requests(self.chains) if isinstance(one.draft, RequestDraft)]
        for first in range(0, len(drafts), REQUESTS):
            self._turn(by_name, drafts[first : first + REQUESTS], now)
        for task in list(self.panda.tasks.values()):
            if task.task_id in self.panda.commands or not task.parameters.get(_OURS):
                continue
            if task.status == "finished" and self._has_rested(task, now):
                self.panda.command(task.task_id, "retry", now=now)

    def _go_on(self, by_name: dict[str, TwinTask], now: dt.datetime) -> None:
        """The reconstruction that the talk left for later."""
        draft, simulated = _request_named(RUNNING), by_name.get(f"{RUNNING}.{SIM}")
        if f"{RUNNING}.{RECO}" in by_name or simulated is None:
            return
        parameters = parameters_of(draft, RECO, 1, scope="MC2025_S1", name=f"{RUNNING}.{RECO}")
        task = self.panda.submit(
            parameters | {"nFiles": simulated.files_finished},
            user=PRODUCTION_MANAGER,
            parent_id=simulated.task_id,
            now=now,
        )
        task.jobs_per_minute = _RUNNING_JOBS_PER_MINUTE

    def _turn(self, by_name: dict[str, TwinTask], drafts: list[RequestDraft], now: dt.datetime) -> None:
        """Go on with a chain: the next step when one is done, the next round when the last has rested."""
        turn, last, kind = 0, None, SIM
        while (found := by_name.get(_name(drafts, turn, kind))) is not None:
            last = found
            turn, kind = (turn, RECO) if kind == SIM else (turn + 1, SIM)
        # What somebody killed is not waited for: its chain goes on with the next round.
        if last is not None and kind == RECO and last.status in FINAL - {"done", "finished"}:
            turn, kind = turn + 1, SIM
        if last is not None and (last.status not in FINAL - {"finished"} or not self._has_rested(last, now)):
            return
        parameters = parameters_of(drafts[turn % REQUESTS], kind, turn // REQUESTS + 1, scope=MODEL_SCOPE)
        task = self.panda.submit(
            parameters,
            user=PRODUCTION_MANAGER,
            parent_id=last.task_id if last is not None and kind == RECO else None,
            now=now,
        )
        task.jobs_per_minute = max(_SLOWEST_JOBS_PER_MINUTE, _FASTEST_JOBS_PER_MINUTE // (turn + 1))

    def _has_rested(self, task: TwinTask, now: dt.datetime) -> bool:
        return (
            task.ended is not None and now - task.ended >= dt.timedelta(minutes=REST_MIN) / self.panda.speed
        )


# Marks tasks of ours, so that those of people are left to people.
_OURS: Final = "practiceChain"


def parameters_of(
    draft: RequestDraft, kind: StepKind, attempt: int, *, scope: str, name: str | None = None
) -> Parameters:
    """What a step of a request is submitted with."""
    outputs = _outputs(draft, kind, attempt, scope)
    streams = [_stream(one) for one in outputs]
    common: Parameters = {
        "taskName": name or f"{draft.name}.{kind}.{attempt}",
        "vo": "spd",
        "prodSourceLabel": "managed",
        "taskType": "prod",
        "workingGroup": "spd",
        "userName": PRODUCTION_MANAGER,
        "processingType": "simul" if kind == SIM else "recon",
        "architecture": "",
        "transUses": "",
        "transHome": "",
        "transPath": "https://pandaserver.practice.example/trf/runGen.py",
        "coreCount": 1,
        "taskPriority": 900,
        "skipScout": True,
        "log": next(one for one in streams if one["param_type"] == "log"),
        _OURS: True,
    }
    writes = [one for one in streams if one["param_type"] == "output"]
    if kind == SIM:
        seed = {"type": "template", "param_type": "number", "value": "${RNDMSEED}"}
        return common | {
            "noInput": True,
            "nEvents": draft.events,
            "nEventsPerJob": draft.events_per_file,
            "jobParameters": [seed | {"offset": draft.seeds.first - 1}, *writes],
        }
    source = next(one for one in _outputs(draft, SIM, attempt, scope) if one.data_type == "S")
    reads = {"type": "template", "param_type": "input", "dataset": source.did, "value": "${IN/L}"}
    return common | {"nFilesPerJob": 1, "dsForIN": source.did, "jobParameters": [reads, *writes]}


def _outputs(draft: RequestDraft, kind: StepKind, attempt: int, scope: str) -> tuple[DatasetName, ...]:
    return outputs_of(
        scope=scope,
        tag=Tag.parse(draft.tag),
        energy_gev=draft.energy_gev,
        polarization=draft.polarization,
        request=RequestName.parse(draft.name),
        step=kind,
        attempt=attempt,
    )


def _stream(one: DatasetName) -> dict[str, object]:
    kind = "log" if one.data_type == "log" else "output"
    return {"type": "template", "param_type": kind, "dataset": one.did, "value": f"{one.name}.${{SN}}"}


def _name(drafts: list[RequestDraft], turn: int, kind: StepKind) -> str:
    return f"{drafts[turn % REQUESTS].name}.{kind}.{turn // REQUESTS + 1}"


@cache
def _request_named(name: str) -> RequestDraft:
    return next(
        one.draft
        for one in practice_requests()
        if isinstance(one.draft, RequestDraft) and one.draft.name == name
    )

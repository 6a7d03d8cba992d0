"""A real Rucio and a real PanDA with as many datasets and tasks as asked for: real rows, many times."""

import contextlib
import json
from collections.abc import Iterator

import psycopg
from sqlalchemy import make_url

from tests.real.panda.server import PandaServer, running_panda
from tests.real.panda.stages import SIMULATION, RealStage, Refined, ask
from tests.real.rucio.partners import SEED_SCRIPT
from tests.real.rucio.seed import seed
from tests.real.rucio.server import RucioServer, running_rucio
from tests.support.postgres import libpq_url

# Most tasks of a large PanDA are over; a few of each other state are enough to be read in parts.
STATES = ("done",) * 15 + ("finished",) * 3 + ("running", "aborted")
JOBS = 10

# Spread over a month that ended before the overlap of two readings: a pass without changes finds none.
_MOMENT = "(now() AT TIME ZONE 'UTC' - interval '2 hours' - number * interval '30 days' / %(count)s)"
_CLOSED = "did_type = 'D' AND scope = 'MC2025_S1' AND closed_at IS NOT NULL"


@contextlib.contextmanager
def rucio_with(postgres_url: str, datasets: int) -> Iterator[RucioServer]:
    """Lend a real Rucio with that many closed datasets, each with a rule and a replica."""
    with running_rucio(postgres_url, "bench_rucio") as server:
        document = server.home / "seed.json"
        document.write_text(seed().json())
        server.run(SEED_SCRIPT, server.url, document)
        server.count()
        moments = f"'created_at', {_MOMENT}, 'updated_at', {_MOMENT}"
        name = "'name', one.name || '.copy-' || lpad(number::text, 6, '0')"
        statements = (
            _copies("rucio.dids", f"{name}, 'closed_at', {_MOMENT}, {moments}", _CLOSED),
            _copies("rucio.rules", f"{name}, 'id', gen_random_uuid(), {moments}", "scope = 'MC2025_S1'"),
            _copies("rucio.collection_replicas", f"{name}, {moments}", "scope = 'MC2025_S1'"),
        )
        url = libpq_url(
            make_url(postgres_url).set(database="bench_rucio").render_as_string(hide_password=False)
        )
        with psycopg.connect(url, autocommit=True) as database:
            for statement in statements:
                database.execute(statement.encode(), {"count": datasets})
            database.execute("ANALYZE")
        yield server


@contextlib.contextmanager
def panda_with(postgres_url: str, tasks: int) -> Iterator[PandaServer]:
    """Lend a real PanDA with that many tasks, of the states of STATES."""
    with running_panda(postgres_url, "bench_panda") as server:
        stage = RealStage(server)
        task_id = _submitted(stage)
        stage.refine(
            task_id, Refined("done", files=JOBS, finished=JOBS, jobs=[("JINR_SPD", "finished", JOBS)])
        )
        states = "(ARRAY[{}])[1 + number %% {}]".format(
            ", ".join(f"'{state}'" for state in STATES), len(STATES)
        )
        moments = ", ".join(f"'{name}', {_MOMENT}" for name in ("starttime", "endtime", "modificationtime"))
        new = "'jeditaskid', 1000000 + number"
        statements = (
            _copies(
                "doma_panda.jedi_tasks",
                f"{new}, 'taskname', one.taskname || number, 'status', {states}, {moments}",
            ),
            _copies("doma_panda.jedi_taskparams", new),
            _copies("doma_panda.jedi_datasets", f"{new}, 'datasetid', 1000000 + number"),
        )
        with server.connect() as database:
            for statement in statements:
                database.execute(statement.encode(), {"count": tasks - 1})
            database.execute("ANALYZE")
        yield server


def _submitted(stage: RealStage) -> int:
    """Submit a production's simulation as a person would; return the task's id."""
    headers = {
        "Authorization": f"Bearer {stage.token('Production Manager')}",
        "Origin": "spd:production",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    body = json.dumps({"task_parameters": dict(SIMULATION), "parent_tid": None}).encode()
    _, _, text = ask(stage.url, "POST", "task/submit", headers=headers, body=body)
    return int(json.loads(text)["data"])


def _copies(table: str, changed: str, only: str = "true") -> str:
    """A statement that copies the first such row `count` times with these columns changed, given as JSON."""
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table},"  # noqa: S608 - names of our own
        f" to_jsonb(one) || jsonb_build_object({changed}))).*"
        f" FROM (SELECT * FROM {table} WHERE {only} LIMIT 1) AS one, generate_series(1, %(count)s) AS number"
    )

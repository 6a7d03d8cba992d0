"""What runs beside the web server in one process: the background worker, and the grid for practice."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import structlog
from pydantic import SecretStr
from sqlalchemy import select

from gateway.auth.sealing import new_key
from gateway.connect import connect, further_checks, notifier_of, sending
from gateway.errors import SettingError
from gateway.practice.dated import Clock
from gateway.practice.live_chains import chain_names
from gateway.practice.living import GridWishes, LivingGrid, load_live_requests
from gateway.practice.world import load_practice_world
from gateway.settings import Settings
from gateway.store.database import SQLITE, Database, parse_database_url
from gateway.store.requests import Request
from gateway.sync.jobs import PACES, QUICK_PACES
from gateway.sync.reconcile import reconcile
from gateway.sync.worker import Worker
from gateway.upstreams.http import Manners

log = structlog.get_logger()

# The practice IAM's client that is a program with a role of its own.
PRACTICE_SERVICES: Final = "service=sampo"

# The twins are ours and near: nobody is disturbed by more questions.
_NEAR: Final = Manners(per_second=50.0, burst=100)


@contextlib.asynccontextmanager
async def working(
    settings: Settings, database: Database, clock: Clock, *, is_practice: bool = False
) -> AsyncIterator[None]:
    """Keep the copies current meanwhile, on the database object of the readers, who so hear every change.

    Of a practice grid they are kept current within seconds.
    Raises SettingError when the settings name nothing to read.
    """
    upstreams = connect(settings, database, clock, manners=_NEAR if is_practice else None)
    if not upstreams:
        raise SettingError(
            "there is nothing to read: set GATEWAY_PANDA_URL, GATEWAY_RUCIO_URL, GATEWAY_CRIC_URL "
            "or GATEWAY_IAM_ISSUER"
        )
    async with sending(settings, database, clock, _NEAR if is_practice else None) as outbox:
        worker = Worker(
            database,
            upstreams,
            clock=clock,
            executor=settings.executor,
            paces=QUICK_PACES if is_practice else PACES,
            manners=_NEAR if is_practice else Manners(),
            tells_runs=not is_practice,
            outbox=outbox,
            notifier=notifier_of(settings, database, clock),
            checks=further_checks(settings),
        )
        await worker.start()
        log.info("jobs run in their time", action="sync.started", jobs=sorted(worker.engine.jobs))
        try:
            yield
        finally:
            await worker.stop()


@contextlib.contextmanager
def practising(settings: Settings, clock: Clock, *, port: int) -> Iterator[Settings]:
    """Run the practice grid meanwhile, and give the settings of a gateway on `port` that reads it.

    People can log in with a browser at its IAM.

    Without GATEWAY_PRACTICE_GRID the settings come back as they are. Raises SettingError when they name a
    service already: practice and real data would end up in one database.
    """
    named = [
        f"GATEWAY_{name.upper()}"
        for name in ("panda_url", "rucio_url", "cric_url", "iam_issuer")
        if getattr(settings, name)
    ]
    if named:
        raise SettingError(
            f"`gateway run` is for practice and {', '.join(named)} names a service: use `gateway serve`, "
            "which reads real services, or unset it"
        )
    if not settings.practice_grid:
        yield settings
        return
    wishes = GridWishes(
        speed=settings.practice_speed,
        chains=settings.practice_chains,
        first_port=settings.practice_port,
        has_switch=settings.practice_faults,
    )
    grid = LivingGrid(practice_folder(settings), clock=clock, wishes=wishes)
    grid.start()
    try:
        places = ", ".join(f"{name} {url}" for name, url in grid.addresses.items())
        log.info(f"all services are made up, a practice grid: {places}", action="practice.started")
        key = SecretStr(_kept_key(practice_folder(settings) / "vault.key"))
        here = f"http://127.0.0.1:{port}"
        yield settings.model_copy(
            update={
                **grid.settings(),
                "vault_keys": key,
                "public_url": here,
                "runs_worker": True,
                "webhook_networks": "127.0.0.0/8, ::1/128",
                "service_roles": settings.service_roles or PRACTICE_SERVICES,
            }
        )
    finally:
        grid.stop()


def _kept_key(path: Path) -> str:
    """The key of a vault in which there is nothing but practice, made when there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_key())
    return path.read_text()


async def load_practice_data(settings: Settings, database: Database, clock: Clock) -> None:
    """Put into the database what practice begins with, if it is not there: nothing of it is loaded twice.

    With a grid only what is missing is loaded, because the grid has moved on since.
    """
    now = clock()
    async with database.snapshot() as session:
        present = frozenset(await session.scalars(select(Request.name)))
    if not present or not settings.practice_grid:
        await load_practice_world(database, at=now)
    if settings.practice_grid and not present.issuperset(chain_names(settings.practice_chains)):
        await load_live_requests(database, chains=settings.practice_chains, without=present, at=now)
    await reconcile(database, at=now)


def practice_folder(settings: Settings) -> Path:
    """Where the practice grid keeps its state and secrets: beside the SQLite file, or in `var`."""
    url = parse_database_url(settings.database_url)
    place = Path(url.database or "gateway")
    return Path(f"{place if url.drivername == SQLITE else Path('var') / place.name}.practice")

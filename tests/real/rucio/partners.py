"""The two that the contract holds for: the twin and the real server, with the same seed in both."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.practice.rucio_catalogue import RucioCatalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.rucio.tokens import PasswordLogin, TokenSource
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.real.rucio.seed import (
    ACCOUNTS,
    CONTAINER_DID,
    EVENTS_PER_FILE,
    FILE_BYTES,
    HOME,
    OPEN_DID,
    SCOPES,
    Seed,
)
from tests.real.rucio.server import ROOT_LOGIN, RucioServer, running_rucio
from tests.support.serving import served

SEED_SCRIPT = Path(__file__).with_name("seed_script.py")
# Tests ask as fast as they can; what the rest of the program may do stands in `Manners`.
QUICK = Manners(per_second=10_000, burst=10_000)


@dataclass(frozen=True, slots=True)
class Partner:
    """A Rucio at an address, with what its daemons would do.

    `count` lets it add up what is where, `choose_sources` decide where files are to be taken from.
    """

    name: str
    url: str
    count: Callable[[], None]
    choose_sources: Callable[[], None]

    @contextlib.asynccontextmanager
    async def upstream(self, tokens: TokenSource | None = None, *, administrator: bool = False):  # type: ignore[no-untyped-def]
        """Lend an adapter, logged in as the service account unless told otherwise."""
        http = HttpUpstream("rucio", self.url, manners=QUICK)
        if administrator:
            account, username, password = ROOT_LOGIN
            tokens = PasswordLogin(http, account=account, username=username, password=password, clock=now)
        upstream = RucioUpstream(http, tokens or login(http), clock=now)
        try:
            yield upstream
        finally:
            await upstream.close()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def login(http: HttpUpstream, password: str = "secret-gateway") -> PasswordLogin:  # noqa: S107 - a throw-away server
    return PasswordLogin(http, account="gateway", username="gateway", password=password, clock=now)


@contextlib.contextmanager
def seeded_server(postgres_url: str, seed: Seed) -> Iterator[Partner]:
    """Lend a real Rucio; raises EnvironmentMissingError."""
    with running_rucio(postgres_url, "rucio_contract") as server:
        document = server.home / "seed.json"
        document.write_text(seed.json())
        server.run(SEED_SCRIPT, server.url, document)
        server.count()
        yield Partner("real", server.url, server.count, lambda: _choose_sources(server))


@contextlib.contextmanager
def seeded_twin(seed: Seed) -> Iterator[Partner]:
    """Lend a served twin."""
    catalogue = catalogue_of(seed)
    with served(create_rucio_twin(catalogue), date_header=False) as url:
        yield Partner("twin", url, catalogue.count, lambda: None)


def _choose_sources(server: RucioServer) -> None:
    """Let every request take its file from the storage where all of them are made."""
    server.run(
        "-c",
        "from rucio.db.sqla import models, session; found = session.get_session();"
        f"home = found.query(models.RSE).filter_by(rse={HOME!r}).one().id;"
        "found.query(models.Request).update({'source_rse_id': home}); found.commit()",
    )


def catalogue_of(seed: Seed) -> RucioCatalogue:
    """Do to a twin's catalogue what the seed's script does to a server."""
    catalogue = RucioCatalogue(now)
    catalogue.passwords = {"root": "secret", **{account: f"secret-{account}" for account in ACCOUNTS}}
    catalogue.admins = {"root", "prodman", "analyst"}
    catalogue.scopes = dict(SCOPES)
    for one in seed.storages:
        flags = {f"availability_{what}": one[f"can_{what}"] for what in ("read", "write", "delete")}
        catalogue.add_storage(str(one["name"]), rse_type=one["rse_type"], **flags)
    for one in seed.totals:
        rse, used, free = str(one["rse_name"]), int(str(one["used_bytes"])), int(str(one["free_bytes"]))
        catalogue.set_usage(rse, "storage", used=used, free=free, files=None)
        catalogue.storage_limits[rse] = {"MinFreeSpace": 10**13}
    for one in seed.quotas:
        catalogue.limits[str(one["account"]), str(one["rse_name"])] = int(str(one["limit_bytes"]))
    for one in seed.datasets:
        scope, name = str(one["did"]).split(":")
        files = int(str(one["files"]))
        catalogue.add_did(scope, name, kind="DATASET", account=str(one["account"]), task_id=one["task_id"])
        events = files * EVENTS_PER_FILE if one["events"] else 0
        catalogue.contents[scope, name] = files, files * FILE_BYTES, events
        catalogue.close(scope, name)
    homes = {one["did"]: one["home"] for one in seed.datasets}
    for one in seed.rules:
        scope, name = str(one["did"]).split(":")
        if one["rse_expression"] == homes[one["did"]]:
            catalogue.put(scope, name, str(one["rse_expression"]), files=catalogue.did(scope, name)["length"])
        catalogue.add_rule(
            scope,
            name,
            account=str(one["account"]),
            rse_expression=str(one["rse_expression"]),
            activity=one["activity"],
        )
    for did, kind in ((OPEN_DID, "DATASET"), (CONTAINER_DID, "CONTAINER")):
        scope, name = did.split(":")
        catalogue.add_did(scope, name, kind=kind, account="prodman")
    catalogue.count()
    return catalogue

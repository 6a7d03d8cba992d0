"""The only place where things are plugged together: settings and a database in, an ASGI application out."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from gateway.auth.allowance import CHANGE, Allowance
from gateway.auth.permissions import Right
from gateway.auth.renewal import Renewal
from gateway.auth.sessions import Sessions
from gateway.auth.viewer import Viewer
from gateway.connect import (
    CommandDoors,
    home_pages_of,
    notifying_of,
    role_rules,
    sealer,
    token_check,
    vault_of,
)
from gateway.resolvers.file_lists import FileLists
from gateway.resolvers.files_on_demand import FilesOnDemand
from gateway.resolvers.metrics import Metric, read_metrics
from gateway.resolvers.previewing import Cvmfs
from gateway.resolvers.reading import Reading
from gateway.resolvers.services import Services
from gateway.schema.build import LIST_BOUNDS, SHOWN_AS, build_schema
from gateway.schema.compiled.reads import CompiledReads
from gateway.schema.context import Clock, ContextOpener
from gateway.schema.execution import Executor
from gateway.schema.kept import KeptAnswers
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.feed import Feed
from gateway.upstreams.cvmfs import MountedCvmfs
from gateway.upstreams.iam.openid import OpenIdProvider
from gateway.web.badges import badge_routes
from gateway.web.cookies import Cookies, origin_of
from gateway.web.export import ExportEndpoint
from gateway.web.file_lists import file_list_routes
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import health_routes
from gateway.web.identify import BrowserDoor, Identify
from gateway.web.login import LoginPages, LoginSettings
from gateway.web.manifests import manifest_routes
from gateway.web.metrics import metrics_routes
from gateway.web.panel import STATIC, panel_routes
from gateway.web.request_log import RequestLog, correlation_id
from gateway.web.responses import http_exception_response
from gateway.web.security_headers import SecurityHeaders
from gateway.web.stored_documents import read_stored_documents
from gateway.web.throttle import Throttle

# From one address: a login takes two requests, and a meeting room may share an address.
LOGINS_AT_ONCE = 30
LOGINS_PER_MINUTE = 20
# Who looks at badges and metrics where they are for everybody.
STATUS_VIEWER = Viewer("status", frozenset({Right.READ}))


def utc_now() -> dt.datetime:
    """Return the present moment."""
    return dt.datetime.now(dt.UTC)


def create_executor(
    database: Database,
    clock: Clock = utc_now,
    feed: Feed | None = None,
    allowance: Allowance | None = None,
    services: Services | None = None,
    *,
    changes: Allowance | None = None,
    session_idle: dt.timedelta = dt.timedelta(hours=1),
    cvmfs: Cvmfs | None = None,
    compiled_reads: bool = True,
    kept: KeptAnswers | None = None,
    is_federated: bool = False,
) -> Executor[Viewer]:
    """Return what executes GraphQL on a database, whatever the transport; without an allowance, all of it.

    CVMFS is this machine's own unless another is given; what is sent elsewhere goes through `services`.
    Without `compiled_reads` every query is executed field by field; without `kept` every one is read anew.
    A federated one answers a router too.
    """
    opener = ContextOpener(
        database,
        clock,
        SHOWN_AS,
        feed or Feed(database),
        cvmfs or MountedCvmfs(),
        services,
        allowance,
        changes,
    )
    schema = build_schema(is_federated=is_federated)
    return Executor(
        schema,
        opener,
        reads=CompiledReads(schema, None if kept is None else kept.parts) if compiled_reads else None,
        kept=kept,
        says_cost=True,
        list_bounds=LIST_BOUNDS,
        correlation_id=correlation_id,
        open_following=opener.follow,
        spend=spending(allowance),
        spend_changes=_changing(changes),
        recheck=Renewal(database, clock, session_idle),
    )


def allowance_of(settings: Settings) -> Allowance | None:
    """Return what each viewer may ask for in a while, None for as much as they like."""
    most = settings.objects_per_minute
    return Allowance(most, fill_s=60.0) if most else None


def spending(allowance: Allowance | None) -> Callable[[Viewer, int], None]:
    """Return what takes a cost off an allowance; without one nothing is counted."""
    return allowance.spend if allowance else lambda _viewer, _cost: None


def _changing(changes: Allowance | None) -> Callable[[Viewer, int], None]:
    """Return what takes changes off an allowance of them, for those whose changes leave something."""

    def spend(viewer: Viewer, count: int) -> None:
        if changes is not None and viewer.subject is not None:
            changes.spend(viewer, count * CHANGE)

    return spend


def open_doors(
    settings: Settings, database: Database, clock: Clock, iam: OpenIdProvider | None
) -> tuple[Identify, list[Route]]:
    """Return what recognises whoever asks, and the routes to log in with a browser, if there are any.

    Raises SettingError when logins are wanted and cannot be safe: no key for the vault, no https.
    """
    rules, tokens = role_rules(settings), token_check(settings, iam, clock)
    vault = vault_of(settings, iam, database, clock)
    if iam is None or iam.client is None or vault is None:
        return Identify(database, rules, clock, is_open=settings.open_access, tokens=tokens), []
    public_url = origin_of(settings.public_url)
    browsers = BrowserDoor(
        Cookies.of(public_url),
        Sessions(
            database,
            clock,
            idle=dt.timedelta(minutes=settings.session_idle_minutes),
            absolute=dt.timedelta(hours=settings.session_hours),
        ),
        public_url,
    )
    pages = LoginPages(
        LoginSettings(
            issuer=settings.iam_issuer,
            client_id=iam.client.client_id,
            client_secret=iam.client.client_secret,
            scope=settings.iam_login_scope,
            public_url=public_url,
        ),
        database=database,
        sessions=browsers.sessions,
        vault=vault,
        sealer=sealer(settings),
        cookies=browsers.cookies,
        rules=rules,
        clock=clock,
        throttle=Throttle(burst=LOGINS_AT_ONCE, per_minute=LOGINS_PER_MINUTE),
    )
    identify = Identify(
        database, rules, clock, is_open=settings.open_access, tokens=tokens, browsers=browsers, vault=vault
    )
    return identify, pages.routes()


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock = utc_now,
    feed: Feed | None = None,
    iam: OpenIdProvider | None = None,
    beside: contextlib.AbstractAsyncContextManager[None] | None = None,
) -> Starlette:
    """Return the application: GraphQL on /graphql, lists of files on /files, the panel elsewhere.

    /health and /ready are for supervisors and balancers.

    `iam` is asked for keys; None where no access token can be checked. The application closes both when it
    shuts down. It opens nothing before the first request. Whoever serves it
    closes `feed` before it waits for the connections to end: event streams do not end by themselves.
    `beside` is entered when it starts and left before the database is closed.
    """

    async def readiness() -> Sequence[str]:
        try:
            async with database.snapshot() as session:
                await session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return ("the database does not answer",)
        return ()

    doors = CommandDoors.of(settings, clock)
    kept = KeptAnswers(
        database,
        clock,
        max_bytes=settings.kept_answers_mib * 1024 * 1024,
        max_parts_bytes=settings.kept_parts_mib * 1024 * 1024,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with beside or contextlib.nullcontext():
            yield
        await doors.close()
        await database.close()
        if iam is not None:
            await iam.close()

    identify, login_routes = open_doors(settings, database, clock, iam)
    allowance = allowance_of(settings)
    idle = dt.timedelta(minutes=settings.session_idle_minutes)
    lists = FileLists(database, FilesOnDemand(doors.files) if doors.files else None)
    executor = create_executor(
        database,
        clock,
        feed,
        allowance,
        doors.services(
            vault_of(settings, iam, database, clock), notifying_of(settings), home_pages_of(settings)
        ),
        changes=Allowance(settings.changes_per_minute * CHANGE, fill_s=60.0),
        session_idle=idle,
        compiled_reads=settings.compiled_reads,
        is_federated=settings.federation,
        kept=kept if settings.kept_answers_mib or settings.kept_parts_mib else None,
    )
    endpoint = GraphQLEndpoint(
        executor,
        identify,
        max_body_bytes=settings.max_body_bytes,
        documents=read_stored_documents(
            STATIC / "documents.json",
            Path(settings.stored_documents) if settings.stored_documents else None,
            takes_others=not settings.only_stored_documents,
        ),
    )

    async def status_viewer(request: Request) -> Viewer:
        return STATUS_VIEWER if settings.open_status else await identify.by_link(request)

    async def figures() -> Sequence[Metric]:
        async with database.snapshot() as session:
            reading = Reading(session, clock())
            try:
                return await read_metrics(reading)
            finally:
                await reading.end()

    return Starlette(
        routes=[
            Route("/graphql", endpoint),
            Route(
                "/export/{name:path}",
                ExportEndpoint(executor, identify, recheck=Renewal(database, clock, idle)),
            ),
            *health_routes(readiness),
            *login_routes,
            *badge_routes(executor, status_viewer),
            *metrics_routes(figures, status_viewer),
            *manifest_routes(executor, identify.by_link),
            *file_list_routes(lists, identify.by_link, allowance),
            *panel_routes(),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(RequestLog)],
        exception_handlers={HTTPException: http_exception_response},
        lifespan=lifespan,
    )

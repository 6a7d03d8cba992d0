"""The command line: run, serve, migrate, import, query, export-schema."""

import asyncio
import contextlib
import datetime as dt
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import structlog
import typer
import uvicorn
from sqlalchemy.engine import URL

from gateway import __version__
from gateway.app import create_app, create_executor, utc_now
from gateway.auth.permissions import Right
from gateway.auth.sealing import new_key
from gateway.auth.vault import reseal_grants
from gateway.auth.viewer import Viewer
from gateway.beside import load_practice_data, practising, working
from gateway.client import Gateway
from gateway.connect import connect, further_checks, iam_provider, notifier_of, sealer, sending
from gateway.doctor import address_of, look_at
from gateway.errors import GatewayError, ImportFileError, InputError, SettingError
from gateway.imports.report import Verdict, render
from gateway.imports.request_files import (
    Applied,
    Outcome,
    apply_documents,
    export_requests,
    read_documents,
)
from gateway.imports.requests import check_importer, import_requests
from gateway.imports.snapshot import import_snapshot
from gateway.imports.snapshot_report import render_snapshot
from gateway.imports.table import read_table
from gateway.imports.talk import import_talk
from gateway.logs import set_up_logging
from gateway.resolvers.after_restore import Restored, after_restore
from gateway.resolvers.notifications import reseal_notifications
from gateway.resolvers.release_removals import release_removals
from gateway.schema.build import build_schema
from gateway.schema.execution import OperationRequest
from gateway.settings import LogFormat, Settings, wants_tracing
from gateway.store.audit import ChainState, follow_chain, is_in_chain
from gateway.store.database import Database, owned_by_this_process, parse_database_url
from gateway.store.feed import Feed
from gateway.store.inventory import Inventory, back_up_sqlite, take_inventory
from gateway.store.migrate import check_current, check_present, upgrade
from gateway.store.sources import SourceName
from gateway.sync.reconcile import reconcile
from gateway.sync.worker import Worker
from gateway.terminal.commands import people_app
from gateway.upstreams.http import Manners
from gateway.web.serving import Server

log = structlog.get_logger()

# Larger files are refused unread; the importers have finer bounds of their own.
MAX_FILE_BYTES = 512 * 1024 * 1024
_NOTHING_TO_READ = (
    "there is nothing to read: set GATEWAY_PANDA_URL, GATEWAY_RUCIO_URL, GATEWAY_CRIC_URL "
    "or GATEWAY_IAM_ISSUER"
)


app = typer.Typer(
    name="gateway",
    help="One GraphQL schema over SPD production requests, PanDA, Rucio, CRIC and IAM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
import_app = typer.Typer(help="Import people's files.", no_args_is_help=True)
app.add_typer(import_app, name="import")
audit_app = typer.Typer(help="The trail of who did what.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
request_app = typer.Typer(help="Requests as YAML, out and in.", no_args_is_help=True)
app.add_typer(request_app, name="request")
app.add_typer(people_app)

Result = TypeVar("Result")
File = Annotated[Path, typer.Argument(help="The file to read.", show_default=False)]
Port = Annotated[int | None, typer.Option(help="Port to listen on, instead of GATEWAY_PORT.")]


def main() -> None:
    """Run the command line; a failure on purpose is one line on standard error and exit code 2."""
    try:
        app()
    except GatewayError as error:
        typer.echo(f"gateway: {error.message}", err=True)
        sys.exit(2)


@app.command()
def run(
    port: Port = None,
    practice_faults: Annotated[
        bool, typer.Option(help="Let the practice services be stopped and given faults by HTTP.")
    ] = False,
) -> None:
    """Serve the SPD 2025 productions and a practice grid at work to anybody on this machine.

    Creates and loads what is missing; started again, everything goes on where it was.
    """
    wishes = {"practice_faults": True} if practice_faults else {}
    settings = _settings(port, open_access=True, log_format=LogFormat.TEXT, **wishes)
    with (
        owned_by_this_process(_url(settings)),
        _listening(settings) as listener,
        _ending_in_order(),
        practising(settings, utc_now, port=listener.getsockname()[1]) as practice,
    ):
        upgrade(_url(settings))
        asyncio.run(_load_practice_data(practice))
        _serve(practice, listener, is_practice=True)


@app.command()
def serve(port: Port = None) -> None:
    """Serve GraphQL from a database that is up to date; `gateway migrate` brings it there."""
    settings = _settings(port)
    check_present(_url(settings))
    with owned_by_this_process(_url(settings)), _listening(settings) as listener:
        check_current(_url(settings))
        with _ending_in_order():
            _serve(settings, listener)


@app.command()
def migrate() -> None:
    """Create the database, or bring it to the schema of this version; repeating it changes nothing."""
    settings = _settings()
    with owned_by_this_process(_url(settings)):
        upgrade(_url(settings))


@import_app.command("requests")
def import_requests_command(
    file: File,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    by: Annotated[str | None, typer.Option(help="IAM user name of who imports.")] = None,
) -> None:
    """Import production requests from the spreadsheet (CSV, XLSX) or the talk's JSON file.

    Bad rows are refused one by one with row, column and reason; the good ones go in. Importing a file twice
    changes nothing. The exit code is 1 when a row was refused.
    """
    content = _content(file)

    async def work(database: Database) -> bool:
        await check_importer(database, by)
        now = utc_now()
        if file.suffix.lower() == ".json":
            report = await import_talk(
                database, content, file_name=file.name, imported_by=by, at=now, dry_run=dry_run
            )
        else:
            table = read_table(content, file_name=file.name)
            report = await import_requests(database, table, imported_by=by, at=now, dry_run=dry_run)
        typer.echo(render(report))
        if not dry_run:
            await reconcile(database, at=now)
        return report.count(Verdict.REJECTED) > 0

    if _with_database(work):
        raise typer.Exit(1)


@import_app.command("snapshot")
def import_snapshot_command(file: File) -> None:
    """Import a snapshot of PanDA, Rucio, CRIC and IAM (docs/snapshot.md)."""
    content = _content(file)

    async def work(database: Database) -> None:
        now = utc_now()
        typer.echo(render_snapshot(await import_snapshot(database, content, at=now, name=file.name)))
        await reconcile(database, at=now)

    _with_database(work)


@request_app.command("export")
def export_requests_command(
    names: Annotated[list[str], typer.Argument(help="Names of the requests.", show_default=False)],
) -> None:
    """Print requests as YAML, one document each, to be kept in a repository, edited and applied."""

    async def work(database: Database) -> str:
        return await export_requests(database, names)

    typer.echo(_with_database(work, is_alone=False), nl=False)


@request_app.command("apply")
def apply_requests_command(
    file: File,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    by: Annotated[str, typer.Option(help="IAM user name of who applies.")] = "command line",
) -> None:
    """Bring requests to what a YAML file says; a document without a name becomes a new request.

    A document that was written from another version than the present one is refused. Applying a file twice
    changes nothing. The exit code is 1 when a document was refused.
    """
    content = _content(file)
    documents = read_documents(content, file_name=file.name)
    operator = Viewer(by, frozenset(Right))

    async def work(database: Database) -> Sequence[Outcome]:
        now = utc_now()
        return await apply_documents(
            database, documents, content=content, viewer=operator, now=now, dry_run=dry_run
        )

    outcomes = _with_database(work, is_alone=not dry_run)
    for outcome in outcomes:
        name = outcome.name or "a new request"
        typer.echo(f"{name}: {outcome.applied}{f': {outcome.message}' if outcome.message else ''}")
        for each in outcome.differences:
            typer.echo(f"  {each.field}: {each.before} -> {each.after}")
    if any(outcome.applied is Applied.REFUSED for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def sync(
    once: Annotated[bool, typer.Option(help="Read everything once and end.")] = False,
) -> None:
    """Keep the copies of PanDA, Rucio, CRIC and IAM current until stopped, each job in its time."""
    settings = _settings()
    check_present(_url(settings))
    with owned_by_this_process(_url(settings)):
        check_current(_url(settings))
        with _traced(settings):
            is_failed = asyncio.run(_sync(settings, once=once))
        if is_failed:
            raise typer.Exit(1)


@app.command()
def release(
    job: Annotated[str, typer.Argument(help="The reading that holds rows, for example rucio.rules.")],
    by: Annotated[str, typer.Option(help="IAM user name of who says so.")],
    reason: Annotated[str, typer.Option(help="Why the rows are believed to be gone.")],
) -> None:
    """Say that rows which were missing all at once are truly gone: the next complete reading marks them."""

    async def work(database: Database) -> int:
        source = next((one for one in SourceName if one.value == job.partition(".")[0]), None)
        if source is None:
            raise InputError(f"{job!r} is no reading: its name begins with panda, rucio, cric or iam")
        released = await release_removals(
            database, Viewer(by, username=by), source, job, reason=reason, now=utc_now()
        )
        for section, rows in released.rows_by_section.items():
            typer.echo(f"{section}: {rows} rows may go with the next complete reading that lacks them")
        return released.rows

    if not _with_database(work):
        typer.echo(f"{job} holds nothing")
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Look at every configured service: address, token, version, clock; say what to do if one is not well."""
    if _with_database(_look, is_alone=False):
        raise typer.Exit(1)


@app.command()
def query(
    document: Annotated[
        str | None, typer.Argument(help="The GraphQL document; `-` or nothing reads standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="A file with the document.")] = None,
    var: Annotated[
        list[str] | None,
        typer.Option(help="A variable, NAME=VALUE; the value is JSON, or else taken as text."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Ask a gateway there, as yourself: https://host.", envvar="GATEWAY_URL"),
    ] = None,
) -> None:
    """Ask in GraphQL and print the answer; the exit code is 1 on errors.

    Without --url or GATEWAY_URL the database is asked directly, with every right. With it a running gateway
    is, with your access token: from BEARER_TOKEN, the file BEARER_TOKEN_FILE, or bt_u<uid> in XDG_RUNTIME_DIR
    or /tmp.
    """
    if file is not None:
        text = _content(file).decode(errors="replace")
    else:
        text = sys.stdin.read() if document in {None, "-"} else str(document)
    request = OperationRequest(text, variables=dict(_variable(item) for item in var or ()))
    operator = Viewer("command line", frozenset(Right))

    async def work(database: Database) -> bytes:
        return (await create_executor(database).execute(request, operator)).body

    if url is None:
        answer = orjson.loads(_with_database(work, is_alone=False))
    else:
        with Gateway(url) as there:
            answer = there.answer(text, request.variables)
    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    if "errors" in answer:
        raise typer.Exit(1)


@audit_app.command("verify")
def verify_audit(
    expect: Annotated[
        str | None, typer.Option(help="The last hash as it was written down; it must still be in the trail.")
    ] = None,
) -> None:
    """Compute the trail's hashes anew; the exit code is 1 when an entry was altered or taken out.

    Write the last hash down elsewhere from time to time: what is cut off at the end shows only by it.
    """

    async def work(database: Database) -> tuple[ChainState, bool]:
        async with database.snapshot() as session:
            return await follow_chain(session), expect is None or await is_in_chain(session, expect)

    state, is_there = _with_database(work, is_alone=False)
    typer.echo(f"{state.entries} entries hold; the last hash is {state.last_hash}")
    if state.broken_at is not None:
        typer.echo(f"entry {state.broken_at} was altered, or what was before it", err=True)
    if not is_there:
        typer.echo(
            "the hash you expect is not in the trail: its end was cut off, or it was altered", err=True
        )
    if state.broken_at is not None or not is_there:
        raise typer.Exit(1)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to make.", show_default=False)]) -> None:
    """Copy a SQLite database into a new file while it is in use; PostgreSQL is copied by pg_dump."""
    back_up_sqlite(_url(_settings(log_format=LogFormat.TEXT)), file)


@app.command()
def inventory() -> None:
    """Count the rows of every table and follow the trail; the exit code is 1 when the trail does not hold.

    Of a database that nobody writes to, and of its copy, the output is the same.
    """

    async def work(database: Database) -> Inventory:
        async with database.snapshot() as session:
            return await take_inventory(session)

    found = _with_database(work, is_alone=False)
    typer.echo(f"revision {found.revision}")
    for table, rows in found.rows:
        typer.echo(f"{table} {rows}")
    typer.echo(f"trail {found.trail.entries} {found.trail.last_hash}")
    if found.trail.broken_at is not None:
        typer.echo(f"entry {found.trail.broken_at} was altered, or what was before it", err=True)
        raise typer.Exit(1)


@app.command()
def restored(
    by: Annotated[str, typer.Option(help="IAM user name of who restored it.")],
    reason: Annotated[str, typer.Option(help="Why, for the trail.")],
) -> None:
    """Say that this database was restored from a backup, before anything else works on it.

    What was to be sent is looked for at PanDA first, logins and people's own tokens end, and numbers go on
    above those that were given before.
    """

    async def work(database: Database) -> Restored:
        settings = Settings.read()
        now = utc_now()
        in_flight = dt.timedelta(seconds=2 * settings.submit_deadline_s + settings.submit_settle_s)
        viewer = Viewer(by, username=by)
        return await after_restore(database, viewer, reason=reason, now=now, settles_at=now + in_flight)

    done = _with_database(work)
    typer.echo(
        f"{done.attempts} attempts are looked for before they are sent; "
        f"{done.sessions} logins and {done.tokens} tokens ended"
    )


@app.command("new-key")
def new_key_command() -> None:
    """Print a new key for GATEWAY_VAULT_KEYS; put it in front of the others and start again."""
    typer.echo(new_key())


@app.command()
def reseal() -> None:
    """Seal with the first of GATEWAY_VAULT_KEYS what older keys sealed; they can be taken away then."""

    async def work(database: Database) -> int:
        seals = sealer(Settings.read())
        return await reseal_grants(database, seals) + await reseal_notifications(database, seals)

    typer.echo(f"{_with_database(work, is_alone=False)} secrets sealed anew")


@app.command("export-schema")
def export_schema() -> None:
    """Print the schema in GraphQL's schema language: the public contract."""
    typer.echo(build_schema().as_str())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(port: int | None = None, **given: object) -> Settings:
    settings = Settings.read(**given, **({} if port is None else {"port": port}))
    set_up_logging(settings.log_format)
    return settings


def _url(settings: Settings) -> URL:
    return parse_database_url(settings.database_url)


async def _load_practice_data(settings: Settings) -> None:
    async with _opened(settings) as database:
        await load_practice_data(settings, database, utc_now)


async def _sync(settings: Settings, *, once: bool) -> bool:
    """Run the worker until it is told to stop, or once; return whether something went wrong."""
    async with _opened(settings) as database:
        upstreams = connect(settings, database, utc_now)
        if not upstreams:
            raise SettingError(_NOTHING_TO_READ)
        if once:
            worker = Worker(database, upstreams, clock=utc_now, executor=settings.executor, manners=Manners())
            reports = await worker.run_all_once()
            for report in reports:
                typer.echo(
                    f"{report.job}: {report.verdict}, {report.outcome.seen} seen, "
                    f"{report.outcome.changed} changed, {report.outcome.gone} gone"
                    + (f": {report.error}" if report.error else "")
                )
            return any(report.error for report in reports)
        stopped = asyncio.Event()
        for wish in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(wish, stopped.set)
        async with sending(settings, database, utc_now) as outbox:
            worker = Worker(
                database,
                upstreams,
                clock=utc_now,
                executor=settings.executor,
                manners=Manners(),
                outbox=outbox,
                notifier=notifier_of(settings, database, utc_now),
                checks=further_checks(settings),
            )
            await worker.start()
            jobs = sorted(worker.engine.jobs)
            log.info("jobs run in their time; stop with Ctrl-C", action="sync.started", jobs=jobs)
            await stopped.wait()
            await worker.stop()
        return False


async def _look(database: Database) -> bool:
    """Print how each upstream is; return whether any is not well, or there is none."""
    settings = Settings.read()
    upstreams = connect(settings, database, utc_now)
    if not upstreams:
        typer.echo(_NOTHING_TO_READ)
    findings = [await look_at(upstream, address_of(settings, upstream.source)) for upstream in upstreams]
    for finding in findings:
        typer.echo("\n  ".join(finding.lines))
    for upstream in upstreams:
        await upstream.close()
    return not findings or not all(finding.is_well for finding in findings)


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url, pool_size=settings.database_pool)
    try:
        yield database
    finally:
        await database.close()


def _with_database(work: Callable[[Database], Awaitable[Result]], *, is_alone: bool = True) -> Result:
    """Run work on the configured database, which must be up to date; alone on it if it will write."""
    settings = _settings(log_format=LogFormat.TEXT)

    async def opened() -> Result:
        async with _opened(settings) as database:
            return await work(database)

    check_present(_url(settings))
    with owned_by_this_process(_url(settings)) if is_alone else contextlib.nullcontext():
        check_current(_url(settings))
        return asyncio.run(opened())


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the port before anything else is done, so that a busy one is told in one line."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen()
        except OSError as error:
            raise SettingError(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
                "Stop what uses it, or choose another port with --port or GATEWAY_PORT"
            ) from error
        yield listener
    finally:
        listener.close()


def _serve(settings: Settings, listener: socket.socket, *, is_practice: bool = False) -> None:
    database = Database(settings.database_url, pool_size=settings.database_pool)
    feed = Feed(database)
    beside = working(settings, database, utc_now, is_practice=is_practice) if settings.runs_worker else None
    served = create_app(settings, database, feed=feed, iam=iam_provider(settings), beside=beside)
    config = uvicorn.Config(served, log_config=None, access_log=False)
    port = listener.getsockname()[1]
    address = f"http://{settings.host}:{port}/graphql"
    tune_garbage_collection()
    log.info(f"GraphQL is served on {address}; stop it with Ctrl-C", action="serve.listening", port=port)
    with _traced(settings):
        Server(config, before_stop=feed.close).run(sockets=[listener])


@contextlib.contextmanager
def _traced(settings: Settings) -> Iterator[None]:
    """Send traces meanwhile, where OpenTelemetry's own variables want them."""
    if not wants_tracing(os.environ):
        yield
        return
    try:
        # An extra, and slow to import: it is loaded only where traces are wanted.
        from gateway.telemetry import tracing
    except ImportError as error:
        raise SettingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry is not installed: "
            "install spd-gateway[otel], or unset it"
        ) from error
    with tracing(settings.executor):
        yield


@contextlib.contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the program with code 0, after everything has been left in order.

    Uvicorn catches both while it serves, and raises them again when it has ended.
    """

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tune_garbage_collection() -> None:
    """Look for garbage less often: an answer makes tens of thousands of objects that all die with it.

    Python's defaults walk everything that is alive several times during one page; freezing what start-up made
    and counting further before looking halved the processor time of a page of 6,000 objects (550 to 270 ms).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ImportFileError(f"{file} has {file.stat().st_size:,} bytes, more than {MAX_FILE_BYTES:,}")
        return file.read_bytes()
    except OSError as error:
        raise ImportFileError(f"cannot read {file}: {error.strerror}") from error


def _variable(item: str) -> tuple[str, object]:
    name, separator, value = item.partition("=")
    if not separator or not name:
        raise InputError(f"--var {item!r} is not NAME=VALUE")
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value

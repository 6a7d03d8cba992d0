"""Bring a database to the schema of this code, or say that it is older or newer."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from gateway.errors import DatabaseVersionError, SettingError
from gateway.store.database import POSTGRESQL, SQLITE, begin_sqlite_ourselves

_PACKAGE = Path(__file__).parents[1]


def migrations_folder() -> Path:
    """Return where the migrations are: inside an installed package, or beside it in a checkout."""
    installed = _PACKAGE / "_migrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "migrations"


def upgrade(url: URL) -> None:
    """Create or upgrade the database, under a lock, to the newest revision.

    All of it happens or nothing. Raises DatabaseVersionError if newer code made the database, SettingError
    if it cannot be opened.
    """
    with _engine(url) as engine:
        _refuse_newer(engine, url)
        config = _config()
        with contextlib.ExitStack() as stack:
            with _openable(engine):
                connection = stack.enter_context(engine.execution_options(begin_immediate=True).begin())
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def check_present(url: URL) -> None:
    """Raise DatabaseVersionError for a SQLite file that is not there: opening it would make an empty one."""
    if url.drivername == SQLITE and url.database is not None and not Path(url.database).exists():
        raise DatabaseVersionError(
            f"there is no database file {url.database}: look at GATEWAY_DATABASE_URL, "
            "or make it: run `gateway migrate`"
        )


def check_current(url: URL) -> None:
    """Return if the database has exactly this code's schema; raise DatabaseVersionError saying what to do."""
    with _engine(url) as engine:
        _refuse_newer(engine, url)
        revision = _revision(engine)
    if revision != head():
        raise DatabaseVersionError(
            f"the database is at revision {revision or 'none'}, this code needs {head()}: "
            "run `gateway migrate`"
        )


def head() -> str:
    """Return the newest revision this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise DatabaseVersionError(
            f"no migrations found in {migrations_folder()}: the installation is incomplete"
        )
    return revision


def _refuse_newer(engine: Engine, url: URL) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    revision = _revision(engine)
    if revision is not None and revision not in known:
        raise DatabaseVersionError(
            f"the database {url.render_as_string(hide_password=True)} is at revision {revision}, "
            f"which is newer than this code ({head()}): upgrade the gateway, or use another database"
        )


def _revision(engine: Engine) -> str | None:
    with _openable(engine), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextlib.contextmanager
def _openable(engine: Engine) -> Iterator[None]:
    """Turn a database that cannot be opened, or a file that is none, into a setting to correct."""
    try:
        yield
    except DatabaseError as error:
        raise SettingError(
            f"cannot open the database {engine.url.render_as_string(hide_password=True)}: "
            "check GATEWAY_DATABASE_URL, that the server is up and that the folder can be written"
        ) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config


@contextlib.contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    """Give a throw-away synchronous engine: migrations run before the server's event loop exists."""
    engine = create_engine(
        url if url.drivername == POSTGRESQL else url.set(drivername="sqlite"), poolclass=NullPool
    )
    if url.drivername != POSTGRESQL:
        begin_sqlite_ourselves(engine)
    try:
        yield engine
    finally:
        engine.dispose()

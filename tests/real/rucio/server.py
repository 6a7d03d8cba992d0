"""A real Rucio server for tests: its package from the index, gunicorn on loopback, a database of its own."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from sqlalchemy import make_url

from tests.real.environments import bare_environment, environment
from tests.support.postgres import create_database

LOCK = Path(__file__).with_name("requirements.lock")
START_TIMEOUT_S = 180
# The server's own bootstrap identity; it lives as long as the throw-away database.
ROOT_LOGIN = ("root", "ddmlab", "secret")

# Makes tables, the virtual organisation and the account `root`.
_BOOTSTRAP = (
    "from rucio.db.sqla.util import build_database, create_base_vo, create_root_account;"
    "build_database(); create_base_vo(); create_root_account()"
)
# What the daemons of a running Rucio do all the time: count what is where, and who uses how much.
_COUNT = (
    "from rucio.daemons.abacus import account, collection_replica, rse;"
    "[daemon.run(once=True) for daemon in (rse, account, collection_replica)]"
)


@dataclass(frozen=True, slots=True)
class RucioServer:
    """A running server, and how to run Python beside it."""

    url: str
    python: Path
    home: Path

    def run(self, *arguments: str | Path, timeout_s: float = 120) -> str:
        """Run a script with the server's Python, client library included; return its output."""
        return run_python(self.python, self.home, *arguments, timeout_s=timeout_s)

    def count(self) -> None:
        """Let the counting daemons run once."""
        self.run("-c", _COUNT)


def run_python(python: Path, home: Path, *arguments: str | Path, timeout_s: float = 120) -> str:
    """Run the environment's Python with nothing of our environment variables; fail with what it said."""
    done = subprocess.run(
        [python, *arguments],
        env={**bare_environment(home), "RUCIO_HOME": str(home)},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def running_rucio(
    postgres_url: str, database: str, issuers: Mapping[str, object] | None = None
) -> Iterator[RucioServer]:
    """Lend a server with an empty catalogue in a new database of that PostgreSQL, which trusts these issuers.

    Raises EnvironmentMissingError when its packages cannot be had.
    """
    python = environment("rucio", LOCK)
    # By hand and not from SQLAlchemy: it would write the socket's slashes as %2F, and Rucio's configuration
    # reads per cent signs as references.
    url = make_url(create_database(postgres_url, database))
    place = f"{url.host}:{url.port or 5432}" if url.host else ""
    socket_folder = f"?host={url.query['host']}" if "host" in url.query else ""
    secret = f":{url.password}" if url.password else ""
    address = f"postgresql+psycopg://{url.username}{secret}@{place}/{database}{socket_folder}"
    with tempfile.TemporaryDirectory(prefix="gateway-rucio-") as folder:
        home = Path(folder)
        port = _free_port()
        server = RucioServer(f"http://127.0.0.1:{port}", python, home)
        _configure(server, address)
        (home / "etc" / "idpsecrets.json").write_text(json.dumps(issuers or {}))
        server.run("-c", _BOOTSTRAP)
        with _gunicorn(server, port):
            yield server


@contextlib.contextmanager
def _gunicorn(server: RucioServer, port: int) -> Iterator[None]:
    log = server.home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(server.python, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "16"),
                *("-b", f"127.0.0.1:{port}", "--graceful-timeout", "1", "--log-level", "warning"),
                "rucio.web.rest.flaskapi.v1.main:application",
            ],
            env={**bare_environment(server.home), "RUCIO_HOME": str(server.home)},
            cwd=server.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(f"{server.url}/ping"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Rucio did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own loopback address
            return True
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(server: RucioServer, address: str) -> None:
    """Write the two files that a Rucio of version 41 needs to run without anything around it."""
    etc = server.home / "etc"
    etc.mkdir()
    (etc / "rucio.cfg").write_text(
        dedent(f"""\
        [common]
        loglevel = WARNING
        logdir = {server.home}
        [client]
        rucio_host = {server.url}
        auth_host = {server.url}
        auth_type = userpass
        [database]
        default = {address}
        schema = rucio
        pool_size = 16
        max_overflow = 8
        [bootstrap]
        userpass_identity = {ROOT_LOGIN[1]}
        userpass_pwd = {ROOT_LOGIN[2]}
        [policy]
        permission = generic
        schema = generic
        lfn2pfn_algorithm_default = hash
        [alembic]
        cfg = {etc}/alembic.ini
        [oidc]
        idpsecrets = {etc}/idpsecrets.json
        admin_issuer = spdiam
        """)
    )
    # Creating the tables marks their version through Alembic, which insists on sections for its log.
    scripts = next(server.python.parents[1].glob("lib/python3*/site-packages/rucio/db/sqla/migrate_repo"))
    (etc / "alembic.ini").write_text(
        dedent(f"""\
        [alembic]
        script_location = {scripts}
        sqlalchemy.url = {address}
        version_table_schema = rucio
        [loggers]
        keys = root
        [handlers]
        keys = console
        [formatters]
        keys = plain
        [logger_root]
        level = ERROR
        handlers = console
        [handler_console]
        class = StreamHandler
        args = (sys.stderr,)
        formatter = plain
        [formatter_plain]
        format = %(message)s
        """)
    )

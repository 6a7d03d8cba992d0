"""A real PanDA server for tests: its package from the index, gunicorn on loopback, a database of its own.

JEDI is a process of its own, `tests.real.panda.jedi`; without it a submitted task stays where it is.
"""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg
from sqlalchemy import make_url

from tests.real.environments import EnvironmentMissingError, bare_environment, environment
from tests.support.postgres import create_database, libpq_url

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
SOURCES = HERE / "sources.lock"
START_TIMEOUT_S = 180
BUILD_TIMEOUT_S = 180
CLIENT_ID = "panda"
ANY_OTHER_GROUP = 65534
# What a task leaves behind, wherever it has got to.
TASK_TABLES = """
doma_deft.t_task doma_deft.prodsys_comm doma_panda.jedi_tasks doma_panda.jedi_taskparams
doma_panda.jedi_jobparams_template doma_panda.jedi_output_template doma_panda.jedi_datasets
doma_panda.jedi_dataset_contents doma_panda.jedi_job_retry_history doma_panda.tasks_statuslog
doma_panda.task_attempts doma_panda.job_output_report doma_panda.filestable4 doma_panda.jobsdefined4
doma_panda.jobsactive4 doma_panda.jobsarchived4 doma_panda.datasets
"""
JEDI_KEYS = frozenset({"dbhost", "dbuser", "dbpasswd", "dbname"})


@dataclass(frozen=True, slots=True)
class PandaServer:
    """A running server, its database, and how to run Python beside it."""

    url: str
    python: Path
    home: Path
    database_url: str

    def token(
        self, name: str, username: str, groups: Sequence[str] = ("spd", "spd/production"), **claims: object
    ) -> str:
        """Return a token as the collaboration's identity provider would sign it."""
        whole = {
            "sub": f"sub-{username}",
            "name": name,
            "preferred_username": username,
            "groups": list(groups),
        }
        return httpx2.post(f"{self.url}/sign", json={**whole, **claims}, trust_env=False).text

    def clear(self) -> None:
        """Forget all tasks and jobs."""
        # Not TRUNCATE: a refused command leaves the server's transaction open, and with it a lock.
        with self.connect() as database:
            for name in TASK_TABLES.split():
                database.execute(f"DELETE FROM {name}".encode())  # noqa: S608 - names of our own

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Connect to its database."""
        return psycopg.connect(libpq_url(self.database_url), autocommit=True)


def panda_python() -> Path:
    """Return the Python of the pinned environment, made now if it is not there.

    panda-server depends on mod_wsgi, which needs Apache's headers, so its three packages go in without their
    dependencies, and after the build backend. In a process of group 0 the build looks for a user of CERN.
    """
    python = environment("panda", LOCK)
    stamp = python.parents[1] / "sources-stamp"
    wanted = hashlib.sha256(SOURCES.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    made = subprocess.run(
        [*command, "--no-deps", "--no-build-isolation", "--require-hashes", "--requirement", SOURCES],
        # DISABLE_MM: the build would otherwise look for a chat to tell about it.
        env={**os.environ, "DISABLE_MM": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        **({"group": ANY_OTHER_GROUP, "extra_groups": []} if os.getgid() == 0 else {}),
    )
    if made.returncode != 0:
        words = made.stderr.strip().splitlines() or ["pip failed"]
        raise EnvironmentMissingError(words[-1])
    stamp.write_text(wanted)
    return python


@contextlib.contextmanager
def running_panda(postgres_url: str, database: str) -> Iterator[PandaServer]:
    """Lend a server without any task in a new database of that PostgreSQL.

    Raises EnvironmentMissingError when its packages cannot be had.
    """
    python = panda_python()
    database_url = create_database(postgres_url, database)
    with tempfile.TemporaryDirectory(prefix="gateway-panda-") as folder:
        home = Path(folder)
        port = _free_port()
        server = PandaServer(f"http://127.0.0.1:{port}", python, home, database_url)
        _configure(server)
        _make_tables(server)
        with _gunicorn(server, port):
            yield server


def panda_environment(server: PandaServer) -> dict[str, str]:
    """Environment variables with which PanDA's server and client speak to this server and to no other."""
    legacy = f"{server.url}/server/panda"
    return {
        **bare_environment(server.home),
        "PANDA_HOME": str(server.home),
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_URL": legacy,
        "PANDA_URL_SSL": legacy,
        "PANDACACHE_URL": legacy,
        "PANDA_API_URL": f"{server.url}/api/v1",
        "PANDA_API_URL_SSL": f"{server.url}/api/v1",
        "PANDA_CONFIG_ROOT": str(server.home),
        "X509_CERT_DIR": str(server.home),
        "PRACTICE_ISSUER": f"{server.url}/",
    }


def _configure(server: PandaServer) -> None:
    """Write what panda-server 1.0.4 needs to run alone; the rest is its own template's."""
    etc = server.home / "etc" / "panda"
    etc.mkdir(parents=True)
    # What JEDI uploads about a task; in production it is there.
    (server.home / "jedilog").mkdir()
    templates = server.python.parents[1] / "etc" / "panda"
    address = make_url(server.database_url)
    host = address.query.get("host", address.host or "127.0.0.1")
    plugins = "any:pandaserver.dataservice.{0}_dummy_plugin:{1}DummyPlugin"
    keys = {
        "logdir": server.home,
        "cache_dir": server.home,
        "backend": "postgres",
        "dbhost": host,
        "dbport": address.port or 5432,
        "dbuser": address.username,
        "dbpasswd": address.password or "none",
        "dbname": address.database,
        # Otherwise each connection is a process of its own.
        "usedbtimeout": "False",
        "nDBConnection": 2,
        "token_authType": "oidc",
        "auth_config": f"{server.home}/",
        "legacy_token_issuers": "",
        "setupper_plugins": plugins.format("setupper", "Setupper"),
        "adder_plugins": plugins.format("adder", "Adder"),
    }
    _write(templates / "panda_server.cfg.rpmnew", etc / "panda_server.cfg", keys)
    # Its logger can send records over HTTP.
    logs = {"loghost": "127.0.0.1", "loghost_new": "127.0.0.1", "logdir": server.home}
    _write(templates / "panda_common.cfg.rpmnew", etc / "panda_common.cfg", logs)
    _write_jedi(templates / "panda_jedi.cfg.rpmnew", etc / "panda_jedi.cfg", keys)
    policy = {
        "audience": CLIENT_ID,
        "client_id": CLIENT_ID,
        "client_secret": "",
        "oidc_config_url": f"{server.url}/.well-known/openid-configuration",
        "vo": "spd",
    }
    for vo in ("spd", "spd.production"):
        (server.home / f"{vo}_auth_config.json").write_text(json.dumps({**policy, "vo": vo}))


def _write_jedi(template: Path, target: Path, keys: Mapping[str, object]) -> None:
    """Write JEDI's configuration: its agents for any organisation are to serve ours, on the same database."""
    lines = []
    for line in template.read_text().replace("wlcg:", "spd:").splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name} = {keys[name]}" if name in JEDI_KEYS else line)
    target.write_text("\n".join(lines) + "\n")


def _write(template: Path, target: Path, keys: dict[str, object]) -> None:
    """Write a configuration file: the template with the keys of its first section replaced or added."""
    lines, rest = [], dict(keys)
    for line in template.read_text().splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name} = {rest.pop(name)}" if "=" in line and name in rest else line)
    first = next(number for number, line in enumerate(lines) if line.startswith("["))
    lines[first + 1 : first + 1] = [f"{name} = {value}" for name, value in rest.items()]
    target.write_text("\n".join(lines) + "\n")


def _make_tables(server: PandaServer) -> None:
    done = subprocess.run(
        [server.python, HERE / "schema_script.py"],
        env=panda_environment(server),
        cwd=server.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the schema could not be made: {done.stderr.strip()[-2000:]}")
    with server.connect() as connection:
        connection.execute(done.stdout[done.stdout.index("CREATE SCHEMA") :].encode())


@contextlib.contextmanager
def _gunicorn(server: PandaServer, port: int) -> Iterator[None]:
    log = server.home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(server.python, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "8"),
                *("-b", f"127.0.0.1:{port}", "--graceful-timeout", "1", "--log-level", "warning"),
                *("--chdir", HERE, "wsgi:application"),
            ],
            env=panda_environment(server),
            cwd=server.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(f"{server.url}/.well-known/openid-configuration"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PanDA did not start: {log.read_text()[-2000:]}")
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
        return httpx2.get(url, timeout=1, trust_env=False).is_success
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

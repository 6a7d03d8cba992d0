"""The drills of docs/operations.md are done as they stand there: back up, lose everything, restore, count."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, select

from gateway.errors import InputError
from gateway.store import events, idempotency
from gateway.store.attempts import Attempt
from gateway.store.audit import AuditEntry, record
from gateway.store.database import Database, parse_database_url
from gateway.store.inventory import back_up_sqlite, take_inventory
from gateway.store.storages import Quota
from gateway.sync import forget_runs, notifier, watch_services, worker
from tests.conftest import LOADED_AT
from tests.store.factories import add_request, attempt
from tests.support.databases import DatabaseMaker, opened
from tests.support.postgres import ROOT, find_programs, libpq_url

PAGE = ROOT / "docs" / "operations.md"
SHOWN_SERVER = "gateway@db.example.org"
GUARDS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"


def blocks(heading: str) -> list[str]:
    """The shell blocks of a section of the page."""
    [section] = re.findall(rf"^## {heading}\n(.*?)^## ", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def shell(commands: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands as somebody types them, until one fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def environment_of(url: str) -> dict[str, str]:
    """The environment of an operator, with our program and PostgreSQL's on the path."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "PG"))}
    path = [str(Path(sys.executable).parent), str(find_programs()), own["PATH"]]
    return own | {"PATH": os.pathsep.join(path), "GATEWAY_DATABASE_URL": url}


async def fill(url: str) -> None:
    """Add to the practice world what a loss would be a pity for: an attempt to be sent, and a trail."""
    async with opened(url) as database:
        async with database.transaction() as session:
            step_key = await add_request(session, "PROD2031-001")
            session.add(attempt(1, key=f"{step_key}.1", step_key=step_key, state="PLANNED", origin="gateway"))
        for number in range(3):
            async with database.transaction() as session:
                await record(session, AuditEntry(actor="prodman", action=f"change{number}", at=LOADED_AT))


async def check_restored(url: str) -> None:
    async with opened(url) as database, database.snapshot() as session:
        states = await session.execute(select(Attempt.state).where(Attempt.key == "PROD2031-001.SIM.1"))
        assert states.scalar_one() == "AMBIGUOUS"


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
async def test_a_dump_of_postgresql_is_restored_into_an_empty_database_and_counts_the_same(
    database_maker: DatabaseMaker, world_template: str, tmp_path: Path
) -> None:
    url = database_maker.copy_of(world_template)
    await fill(url)
    dump, _of_sqlite = blocks("Back up")
    [restore] = blocks("Restore")
    environment = environment_of(url)
    name = str(parse_database_url(url).database)
    fresh = f"{name}_restored"

    def here(commands: str) -> str:
        """The commands for the server of the tests, which is reached by a socket."""
        for shown, real in (("gateway_restored", fresh), ("gateway", name), ("postgres", "postgres")):
            for driver in ("postgresql+psycopg", "postgresql"):
                address = parse_database_url(url).set(drivername=driver, database=real)
                commands = re.sub(
                    rf"{re.escape(driver)}://{SHOWN_SERVER}/{shown}(?=\s)",
                    address.render_as_string(hide_password=False),
                    commands,
                )
        return commands.replace(" gateway_restored\n", f" {fresh}\n")

    dumped = shell(here(dump), tmp_path, environment)
    restored = shell(here(restore), tmp_path, environment)

    assert dumped.returncode == 0, dumped.stderr
    assert restored.returncode == 0, restored.stdout + restored.stderr
    # diff says nothing; the last command says what it did.
    assert restored.stdout == "1 attempts are looked for before they are sent; 0 logins and 0 tokens ended\n"
    inventory = (tmp_path / "inventory.txt").read_text().splitlines()
    assert "requests 14" in inventory
    # The world's own import, and the three of `fill`.
    assert re.fullmatch(r"trail 17 [0-9a-f]{64}", inventory[-1])
    await check_restored(database_url_of(url, fresh))
    with psycopg.connect(libpq_url(url)) as connection:
        guards = connection.execute(GUARDS).fetchall()
    with psycopg.connect(libpq_url(database_url_of(url, fresh))) as connection:
        assert connection.execute(GUARDS).fetchall() == guards
        with pytest.raises(psycopg.errors.Error, match="only ever added"):
            connection.execute("UPDATE audit_entries SET actor = 'nobody'")
    assert ("audit_entries_append_only",) in guards


def database_url_of(url: str, name: str) -> str:
    return parse_database_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
async def test_a_sqlite_file_is_copied_while_it_is_written_and_the_copy_holds(
    database_maker: DatabaseMaker, world_template: str, tmp_path: Path
) -> None:
    url = database_maker.copy_of(world_template)
    await fill(url)
    _of_postgresql, backup = blocks("Back up")
    [restore] = blocks("Restore")
    counted, word = (
        next(line for line in restore.splitlines() if line.startswith(start))
        for start in ("gateway inventory", "gateway restored")
    )

    async with opened(url) as database, database.transaction() as session:
        # What is not committed is in no backup.
        await add_request(session, "PROD2031-002")
        await session.flush()
        copied = shell(backup, tmp_path, environment_of(url))
        with pytest.raises(InputError, match="a backup never overwrites another"):
            back_up_sqlite(database.url, tmp_path / "gateway-backup.db")
        await session.rollback()
    fresh = f"sqlite+aiosqlite:///{tmp_path}/gateway-backup.db"
    restored = shell(f"{counted}\n{word}", tmp_path, environment_of(fresh))

    assert copied.returncode == 0, copied.stderr
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (tmp_path / "gateway-backup.db").stat().st_mode & 0o777 == 0o600
    await check_restored(fresh)


async def test_a_row_that_was_lost_on_the_way_is_found(own_world: Database) -> None:
    async with own_world.snapshot() as session:
        before = await take_inventory(session)
    async with own_world.transaction() as session:
        await session.execute(delete(Quota).where(Quota.account == "sampo"))

    async with own_world.snapshot() as session:
        after = await take_inventory(session)

    # Which tables and rows were written is written down too.
    assert (dict(before.rows)["quotas"], dict(after.rows)["quotas"]) == (6, 5)
    assert dict(before.rows)["requests"] == dict(after.rows)["requests"]


def test_a_backup_of_postgresql_is_left_to_its_own_programs(tmp_path: Path) -> None:
    url = parse_database_url("postgresql+psycopg://gateway@db.example.org/gateway")

    with pytest.raises(InputError, match="pg_dump"):
        back_up_sqlite(url, tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


def test_what_is_forgotten_is_told_as_it_is() -> None:
    told = dict(re.findall(r"^\| ([^|]+?) \| (\d+ \w+)\b[^|]* \|$", PAGE.read_text(), re.MULTILINE))
    days = {
        "readings of services that changed nothing": forget_runs.QUIET_KEPT_FOR,
        "readings that changed something, failed or were held": forget_runs.TELLING_KEPT_FOR,
        "looks at services (`serviceHealth`)": watch_services.KEPT_FOR,
        "notices with their deliveries": notifier.KEPT_FOR,
        "answers under idempotency keys": idempotency.KEPT_FOR,
        "events for readers that come back": events.KEPT_FOR,
        "ticks of the scheduler": worker.TICKS_KEPT_FOR,
    }

    for what, kept in days.items():
        number, unit = told[what].split()
        assert int(number) * {"day": 86_400, "hour": 3_600}[unit.removesuffix("s")] == kept.total_seconds()
    assert f"{events.KEPT} at most" in PAGE.read_text()

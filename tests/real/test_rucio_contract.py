"""What our reading of Rucio rests on, asked of the real server and of its twin in the same words."""

import datetime as dt
import hashlib
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.file_lists import Copy
from gateway.errors import DeniedError, UpstreamError
from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.ports import Page
from gateway.upstreams.rucio.client import RucioClient
from gateway.upstreams.rucio.files import RucioFiles
from gateway.upstreams.rucio.tokens import GivenToken
from gateway.upstreams.rucio.translate import TRANSFER_COUNTS
from tests.real.environments import EnvironmentMissingError, environment, skip_or_fail
from tests.real.rucio.partners import QUICK, Partner, login, now, seeded_server, seeded_twin
from tests.real.rucio.seed import (
    CONTAINER_DID,
    EVENTS_PER_FILE,
    FILE_BYTES,
    FILES,
    OPEN_DID,
    Seed,
    seed,
)
from tests.real.rucio.server import LOCK, run_python

CLIENT_SCRIPT = Path(__file__).parent / "rucio" / "client_script.py"
SIZE = FILES * FILE_BYTES
MADE = "MC2025_S1:PROD2025-013.made-by-the-client"
FEEDS = {
    "datasets": "rucio.datasets",
    "rules": "rucio.rules",
    "replicas": "rucio.replicas",
    "storages": "rucio.storages",
    "storage_usages": "rucio.storages",
    "quotas": "rucio.storages",
}

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def sown() -> Seed:
    return seed()


@pytest.fixture(scope="module")
def twin(sown: Seed) -> Iterator[Partner]:
    with seeded_twin(sown) as partner:
        yield partner


@pytest.fixture(scope="module")
def real(postgres_url: str, sown: Seed) -> Iterator[Partner]:
    try:
        environment("rucio", LOCK)
    except EnvironmentMissingError as error:
        skip_or_fail("the contract with a real Rucio", error)
    with seeded_server(postgres_url, sown) as partner:
        yield partner


@pytest.fixture(scope="module", params=["twin", "real"])
def partner(request: pytest.FixtureRequest) -> Partner:
    found: Partner = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def client_python() -> Path:
    try:
        return environment("rucio", LOCK)
    except EnvironmentMissingError as error:
        skip_or_fail("Rucio's own client", error)


async def everything(partner: Partner, section: str) -> Rows:
    async with partner.upstream() as upstream:
        feed = next(feed for feed in upstream.feeds if feed.name == FEEDS[section])
        return rows(await collected(feed.everything()), section)


async def changes(partner: Partner, section: str, since: dt.datetime) -> Rows:
    async with partner.upstream() as upstream:
        feed = next(feed for feed in upstream.feeds if feed.name == FEEDS[section])
        return rows(await collected(feed.changes(since)), section)


async def collected(pages: AsyncIterator[Page]) -> list[Page]:
    return [page async for page in pages]


def rows(pages: list[Page], section: str) -> Rows:
    return [dict(record) for page in pages if page.section == section for record in page.records]


def without_moments(found: Rows) -> Rows:
    return [{key: value for key, value in row.items() if not key.endswith("_at")} for row in found]


def by(found: Rows, *keys: str) -> Rows:
    return sorted(found, key=lambda row: [str(row[key]) for key in keys])


def asked_by_client(python: Path, partner: Partner, folder: Path, mode: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(
        run_python(python, folder, CLIENT_SCRIPT, partner.url, mode).splitlines()[-1]
    )
    return answers


def shape(value: Any) -> Any:
    """An answer without what differs from run to run: identifiers and moments, which keep their form.

    What another test has made is left out of lists, so that the order of the tests is free.
    """
    match value:
        case dict():
            return {key: shape(inner) for key, inner in sorted(value.items())}
        case list():
            texts = (inner for inner in value if MADE.partition(":")[2] not in json.dumps(inner))
            return sorted((shape(inner) for inner in texts), key=json.dumps)
        case str() if re.fullmatch(r"[0-9a-f]{32}", value):
            return "an id"
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", value):
            return "a moment"
        case _:
            return value


async def test_datasets_are_read_with_owner_sizes_events_and_task(partner: Partner, sown: Seed) -> None:
    found = [row for row in await everything(partner, "datasets") if row["did"] != MADE]

    closed = [
        {
            "did": one["did"],
            "did_type": "DATASET",
            "account": one["account"],
            "is_open": False,
            "size_bytes": SIZE,
            "file_count": FILES,
            "event_count": FILES * EVENTS_PER_FILE if one["events"] else 0,
            "jedi_task_id": one["task_id"],
        }
        for one in sown.datasets
    ]
    unknown = dict.fromkeys(("size_bytes", "file_count", "event_count", "jedi_task_id"))
    still_open = [
        {"did": did, "did_type": kind, "account": "prodman", "is_open": True, **unknown}
        for did, kind in ((OPEN_DID, "DATASET"), (CONTAINER_DID, "CONTAINER"))
    ]
    assert by(without_moments(found), "did") == by([*closed, *still_open], "did")
    assert {row["did"] for row in found if row["closed_at"] is None} == {OPEN_DID, CONTAINER_DID}


async def test_rules_are_read_with_state_and_locks(partner: Partner, sown: Seed) -> None:
    found = [row for row in await everything(partner, "rules") if row["did"] != MADE]

    there = {"state": "OK", "locks_ok": FILES, "locks_replicating": 0, "locks_stuck": 0}
    travelling = {"state": "REPLICATING", "locks_ok": 0, "locks_replicating": FILES, "locks_stuck": 0}
    expected = [
        {**one, "copies": 1, "error": None, **(travelling if one["rse_expression"] == "PNPI_EOS" else there)}
        for one in sown.rules
    ]
    bare = [{key: value for key, value in row.items() if key != "rule_id"} for row in without_moments(found)]
    assert by(bare, "did", "rse_expression") == by(expected, "did", "rse_expression")
    assert all(re.fullmatch(r"[0-9a-f]{32}", row["rule_id"]) for row in found)


async def test_replicas_are_read_with_what_has_arrived(partner: Partner, sown: Seed) -> None:
    found = [row for row in await everything(partner, "replicas") if row["did"] != MADE]

    there = {"state": "AVAILABLE", "available_bytes": SIZE, "available_files": FILES}
    travelling = {"state": "UNAVAILABLE", "available_bytes": 0, "available_files": 0}
    expected = [
        {
            "did": one["did"],
            "rse_name": one["rse_expression"],
            "size_bytes": SIZE,
            "file_count": FILES,
            **(travelling if one["rse_expression"] == "PNPI_EOS" else there),
        }
        for one in sown.rules
    ]
    assert by(without_moments(found), "did", "rse_name") == by(expected, "did", "rse_name")


async def test_storages_are_read_as_they_are(partner: Partner, sown: Seed) -> None:
    unknown = dict.fromkeys(TRANSFER_COUNTS)
    assert by(await everything(partner, "storages"), "name") == by(
        [{**one, **unknown} for one in sown.storages], "name"
    )


async def test_what_is_on_its_way_is_shown_to_administrators(partner: Partner, sown: Seed) -> None:
    partner.choose_sources()

    async with partner.upstream(administrator=True) as upstream:
        feed = next(feed for feed in upstream.feeds if feed.name == "rucio.storages")
        found = {row["name"]: row for row in rows(await collected(feed.everything()), "storages")}

    nothing = dict.fromkeys(TRANSFER_COUNTS, 0)
    waiting = {"queued_files": FILES, "queued_bytes": SIZE}
    expected = {str(one["name"]): nothing for one in sown.storages}
    expected["JINR_EOS"] = nothing | {f"out_{name}": value for name, value in waiting.items()}
    expected["PNPI_EOS"] = nothing | {f"in_{name}": value for name, value in waiting.items()}
    assert {name: {count: row[count] for count in TRANSFER_COUNTS} for name, row in found.items()} == expected


async def test_space_is_read_logical_and_physical(partner: Partner, sown: Seed) -> None:
    found = without_moments(await everything(partner, "storage_usages"))

    physical = [{k: v for k, v in one.items() if k != "updated_at"} for one in sown.totals]
    assert by([row for row in found if row["usage_kind"] == "storage"], "rse_name") == by(
        [{**one, "file_count": None} for one in physical], "rse_name"
    )
    kinds = [row for row in found if row["usage_kind"] == "rucio" and row["used_bytes"]]
    logical = {row["rse_name"]: (row["used_bytes"], row["file_count"], row["total_bytes"]) for row in kinds}
    # Rucio counts what is on its way as if it had arrived.
    assert logical == {
        "JINR_EOS": (5 * SIZE, 5 * FILES, None),
        "PNPI_EOS": (SIZE, FILES, None),
        "SSAU_DISK": (SIZE, FILES, None),
    }


async def test_quotas_are_read_and_unlimited_is_not_unknown(partner: Partner) -> None:
    found = {(row["account"], row["rse_name"]): row for row in await everything(partner, "quotas")}

    assert {key: row["limit_bytes"] for key, row in found.items()} == {
        ("prodman", "JINR_EOS"): 500 * 10**12,
        ("prodman", "PNPI_EOS"): 60 * 10**12,
        ("voadmin", "JINR_EOS"): None,
        ("analyst", "SSAU_DISK"): 10 * 10**12,
    }
    assert [key for key, row in found.items() if row.get("is_unlimited")] == [("voadmin", "JINR_EOS")]
    assert found["prodman", "JINR_EOS"]["used_bytes"] == 5 * SIZE
    assert found["prodman", "JINR_EOS"]["used_files"] == 5 * FILES


@pytest.mark.parametrize("scheme", ["root", "davs"])
async def test_files_are_listed_with_their_addresses_and_what_is_nowhere_is_left_out(
    partner: Partner, sown: Seed, scheme: str
) -> None:
    http = HttpUpstream("rucio", partner.url, manners=QUICK)
    files = RucioFiles(http, login(http))
    dids = [str(one["did"]) for one in sown.datasets]

    read = {did: await files.files(did, scheme) for did in [*dids, OPEN_DID, "MC2025_S1:never-made"]}
    await files.close()

    place = {"root": "root://storage.example.org:1094//", "davs": "davs://storage.example.org:443/"}[scheme]
    for did in dids:
        scope, name = did.split(":")
        names = [
            f"{name}.{number:06}.{'log.tgz' if name.endswith('.log') else 'root'}"
            for number in range(1, FILES + 1)
        ]
        found = [(file.name, file.size_bytes, file.adler32) for file in read[did].files]
        assert found == [(one, FILE_BYTES, f"{zlib.adler32(one.encode()):08x}") for one in names]
        for file in read[did].files:
            digest = hashlib.md5(f"{scope}:{file.name}".encode()).hexdigest()  # noqa: S324 - Rucio's own
            home = "SSAU_DISK" if scope == "user.analyst" else "JINR_EOS"
            path = f"{home}/{scope.replace('.', '/')}/{digest[:2]}/{digest[2:4]}/{file.name}"
            assert file.copies == (Copy(home, f"{place}{path}"),)
    assert len(dids) == 6
    assert [len(read[did].files) for did in (OPEN_DID, "MC2025_S1:never-made")] == [0, 0]


@pytest.mark.parametrize("section", FEEDS)
async def test_every_record_is_one_of_ours(partner: Partner, section: str) -> None:
    kind = next(one for one in SECTIONS[SourceName.RUCIO] if one.name == section)

    found = await everything(partner, section)

    assert all(set(record) <= kind.fields for record in found)
    # Raises for a record that is not what its section holds.
    assert len([kind.row(record) for record in found]) == len(found) > 0


@pytest.mark.parametrize("section", ["datasets", "rules"])
async def test_changes_since_long_ago_are_everything_and_since_tomorrow_nothing(
    partner: Partner, section: str
) -> None:
    keys = ("did", "rse_expression") if section == "rules" else ("did",)

    since_long_ago = await changes(partner, section, now() - dt.timedelta(days=1))
    since_tomorrow = await changes(partner, section, now() + dt.timedelta(days=1))

    assert by(since_long_ago, *keys) == by(await everything(partner, section), *keys)
    assert since_tomorrow == []


async def test_the_time_of_a_page_is_the_servers(partner: Partner) -> None:
    before = now() - dt.timedelta(seconds=2)

    async with partner.upstream() as upstream:
        pages = [page for feed in upstream.feeds for page in await collected(feed.everything())]

    assert all(before <= page.taken_at <= now() for page in pages)


async def test_a_look_finds_it_well(partner: Partner) -> None:
    async with partner.upstream() as upstream:
        health = await upstream.look()

    assert (health.is_ok, health.version, health.advice) == (True, "41.5.1", ())


async def test_a_wrong_password_and_an_unknown_token_are_refused(partner: Partner) -> None:
    http = HttpUpstream("rucio", partner.url, manners=QUICK)

    for tokens in (login(http, "wrong"), GivenToken(lambda: "made-up")):
        with pytest.raises(DeniedError):
            await RucioClient(http, tokens).scopes()
    await http.close()


async def test_what_is_not_there_is_told_apart_from_what_is_empty(partner: Partner) -> None:
    http = HttpUpstream("rucio", partner.url, manners=QUICK)
    client = RucioClient(http, login(http))

    assert [await client.at_storage("NOWHERE", kind) for kind in ("usage", "accounts/usage", "replicas")] == [
        None,
        None,
        None,
    ]
    assert (await client.collections("none")).rows.rows() == []
    with pytest.raises(UpstreamError, match="InvalidObject"):
        await client.metadata([("MC2025_S1", f"d{number}") for number in range(1001)])
    assert (await client.metadata([("MC2025_S1", f"d{number}") for number in range(1000)])).rows.rows() == []
    await http.close()


def test_rucios_own_client_reads_the_twin_as_it_reads_the_server(
    twin: Partner, real: Partner, client_python: Path, tmp_path: Path
) -> None:
    both = []
    for partner in (twin, real):
        folder = tmp_path / partner.name
        folder.mkdir()
        both.append(shape(asked_by_client(client_python, partner, folder, "read")))
    of_twin, of_real = both

    # Protocols and counters that exist in one of them only are not part of what anybody of ours reads.
    for answers in both:
        answers["rse"].pop("protocols")
        answers["too many"] = type(answers["too many"]).__name__
    assert of_twin == of_real
    assert len(of_real) == 39


async def test_what_rucios_own_client_changes_is_seen(
    partner: Partner, client_python: Path, tmp_path: Path
) -> None:
    before = now() - dt.timedelta(seconds=2)

    answers = asked_by_client(client_python, partner, tmp_path, "change")

    rule_id = answers["rule"][0]
    refused = {name: answer["raised"] for name, answer in answers.items() if "raised" in str(answer)}
    assert refused == {
        "add again": "DataIdentifierAlreadyExists",
        "add nowhere": "ScopeNotFound",
        "close again": "UnsupportedOperation",
        "rule again": "DuplicateRule",
        "rule nowhere": "InvalidRSEExpression",
        "rule without quota": "InsufficientAccountLimit",
        "rule on nothing": "DataIdentifierNotFound",
        "delete nothing": "RuleNotFound",
    }
    [dataset] = [row for row in await changes(partner, "datasets", before) if row["did"] == MADE]
    assert (dataset["is_open"], dataset["size_bytes"], dataset["jedi_task_id"]) == (False, 0, 999)
    [rule] = [row for row in await changes(partner, "rules", before) if row["rule_id"] == rule_id]
    remaining = dt.datetime.fromisoformat(rule["expires_at"]) - now()
    assert dt.timedelta(minutes=59) < remaining <= dt.timedelta(hours=1)

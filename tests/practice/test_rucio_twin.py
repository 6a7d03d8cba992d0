"""The practice Rucio over a real connection: it holds the practice world, and no fault of it loses a row."""

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.practice.faults import SWITCH_PATH, Fault, Faults
from gateway.practice.rucio_catalogue import RucioCatalogue, practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.support.manners import QUICK, manners_under
from tests.support.serving import served

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
# What a healthy reading of the practice world gives.
WHOLE = {
    "datasets": 24,
    "rules": 25,
    "replicas": 25,
    "storages": 4,
    "storage_usages": 6,
    "quotas": 6,
}


@dataclass
class Twin:
    """A served twin with its strings."""

    catalogue: RucioCatalogue
    faults: Faults = field(default_factory=Faults)
    url: str = ""
    time: dt.datetime = START

    def now(self) -> dt.datetime:
        return self.time


@contextmanager
def served_twin() -> Iterator[Twin]:
    held = Twin(RucioCatalogue(lambda: START))
    snapshot: Any = practice_snapshot(START)
    held.catalogue = practice_catalogue(snapshot["rucio"], held.now)
    app = create_rucio_twin(held.catalogue, faults=held.faults, has_switch=True)
    with served(app, date_header=False) as held.url:
        yield held


@asynccontextmanager
async def reading(
    twin: Twin, url: str | None = None, manners: Manners = QUICK
) -> AsyncIterator[RucioUpstream]:
    http = HttpUpstream("rucio", url or twin.url, manners=manners)
    tokens = PasswordLogin(
        http, account="gateway", username="gateway", password="secret-gateway", clock=twin.now
    )
    upstream = RucioUpstream(http, tokens, clock=twin.now)
    try:
        yield upstream
    finally:
        await upstream.close()


@pytest.fixture
def twin() -> Iterator[Twin]:
    with served_twin() as twin:
        yield twin


@pytest.fixture(scope="module")
def unchanging() -> Iterator[Twin]:
    """One twin for all faults, which leave its catalogue as it is."""
    with served_twin() as twin:
        yield twin


@pytest.fixture
async def upstream(twin: Twin) -> AsyncIterator[RucioUpstream]:
    async with reading(twin) as upstream:
        yield upstream


async def counted(upstream: RucioUpstream) -> dict[str, int]:
    """Read everything and count distinct records by section; raises what the first feed raises."""
    found: Counter[str] = Counter()
    for feed in upstream.feeds:
        records: dict[str, set[str]] = {}
        async for page in feed.everything():
            records.setdefault(page.section, set()).update(repr(record) for record in page.records)
        found.update({section: len(texts) for section, texts in records.items()})
    return dict(found)


async def test_the_practice_world_is_read_in_full(upstream: RucioUpstream) -> None:
    assert await counted(upstream) == WHOLE


async def test_a_reading_is_dated_by_the_twins_clock(twin: Twin, upstream: RucioUpstream) -> None:
    twin.time = START + dt.timedelta(minutes=7)

    pages = [page async for page in upstream.feeds[1].everything()]

    assert {page.taken_at for page in pages} == {twin.time}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, UpstreamError),
        (Fault.RESET, UpstreamError),
        (Fault.HANG, SlowError),
        (Fault.DRIP, SlowError),
        (Fault.CUT_CHUNKED, GarbledError),
        (Fault.CUT_UNCHUNKED, GarbledError),
        (Fault.UNAUTHORIZED, DeniedError),
        (Fault.FORBIDDEN, DeniedError),
        (Fault.TOO_MANY, BusyError),
        (Fault.HTML_500, BrokenError),
        (Fault.HTML_200, GarbledError),
        (Fault.GARBAGE, GarbledError),
        (Fault.HUGE_BODY, GarbledError),
    ],
)
@pytest.mark.parametrize("path", ["/dids/bulkmeta", "/rules/", "/replicas/rse/PNPI_EOS", "/rses/"])
async def test_a_fault_ends_a_reading_with_its_error_and_the_next_is_whole(
    unchanging: Twin, fault: Fault, error: type[UpstreamError], path: str
) -> None:
    unchanging.faults.plan(fault, path=path)

    async with reading(unchanging, manners=manners_under(fault)) as asking:
        with pytest.raises(error):
            await counted(asking)
    unchanging.faults.clear()

    async with reading(unchanging) as upstream:
        assert await counted(upstream) == WHOLE


@pytest.mark.parametrize("fault", [Fault.EMPTY_LIST, Fault.HALF_LIST])
async def test_an_answer_that_lacks_datasets_is_noticed(
    twin: Twin, upstream: RucioUpstream, fault: Fault
) -> None:
    twin.faults.plan(fault, path="/dids/bulkmeta", times=1)

    with pytest.raises(GarbledError, match="left a dataset that it lists out"):
        await counted(upstream)


@pytest.mark.parametrize("fault", [Fault.EMPTY_LIST, Fault.HALF_LIST])
async def test_a_list_of_names_that_is_short_once_loses_nothing(
    twin: Twin, upstream: RucioUpstream, fault: Fault
) -> None:
    twin.faults.plan(fault, path="/dids/MC2025_S1/dids/search", times=1)

    assert await counted(upstream) == WHOLE


async def test_a_list_that_stays_short_is_not_seen_through_but_never_longer_than_what_is_there(
    twin: Twin, upstream: RucioUpstream
) -> None:
    # Nothing in Rucio contradicts it: such a list is for the guards of the synchronisation.
    twin.faults.plan(Fault.HALF_LIST, path="/rules/")

    pages = [page async for page in upstream.feeds[1].everything()]

    assert sum(len(page.records) for page in pages) == WHOLE["rules"] // 2


async def test_entries_sent_twice_are_refused_or_told_as_they_came(
    twin: Twin, upstream: RucioUpstream
) -> None:
    twin.faults.plan(Fault.DOUBLED_KEYS, path="/dids/bulkmeta")

    with pytest.raises(GarbledError, match="more datasets than it was asked about"):
        await counted(upstream)

    twin.faults.clear()
    twin.faults.plan(Fault.DOUBLED_KEYS, path="/rules/")
    pages = [page async for page in upstream.feeds[1].everything()]
    assert sum(len(page.records) for page in pages) == 2 * WHOLE["rules"]


async def test_a_clock_that_is_off_dates_the_reading_and_is_told(twin: Twin, upstream: RucioUpstream) -> None:
    twin.faults.plan(Fault.CLOCK_OFF)

    health = await upstream.look()
    pages = [page async for page in upstream.feeds[1].everything()]

    assert health.clock_ahead_s == 600
    assert health.advice == ("The clocks differ by 600 s: set ours or Rucio's by NTP.",)
    assert {page.taken_at for page in pages} == {START + dt.timedelta(minutes=10)}


async def test_a_token_that_ends_in_mid_reading_is_had_anew_and_nothing_is_lost(
    twin: Twin, upstream: RucioUpstream
) -> None:
    twin.faults.plan(Fault.TOKEN_EXPIRY, path="/replicas/", after=1, times=1)

    assert await counted(upstream) == WHOLE
    assert len(twin.catalogue.tokens) == 1


async def test_a_token_ends_after_an_hour_of_the_clock_and_is_renewed_before(
    twin: Twin, upstream: RucioUpstream
) -> None:
    await counted(upstream)
    twin.time = START + dt.timedelta(minutes=56)

    assert await counted(upstream) == WHOLE
    assert len(twin.catalogue.tokens) == 2


async def test_what_changes_in_the_catalogue_is_read_as_a_change(twin: Twin, upstream: RucioUpstream) -> None:
    twin.time = START + dt.timedelta(hours=1)
    twin.catalogue.add_did("MC2025_S1", "new", kind="DATASET", account="prodman")
    twin.catalogue.contents["MC2025_S1", "new"] = 2, 10, 8000
    twin.catalogue.close("MC2025_S1", "new")
    twin.catalogue.add_rule("MC2025_S1", "new", account="prodman", rse_expression="JINR_EOS")
    datasets, rules = upstream.feeds[:2]

    new = [record async for page in datasets.changes(twin.time) for record in page.records]
    ruled = [record async for page in rules.changes(twin.time) for record in page.records]

    assert [(one["did"], one["size_bytes"], one["event_count"]) for one in new] == [
        ("MC2025_S1:new", 10, 8000)
    ]
    assert [(one["did"], one["state"], one["locks_replicating"]) for one in ruled] == [
        ("MC2025_S1:new", "REPLICATING", 2)
    ]


async def test_a_rule_is_done_when_its_last_file_arrives(twin: Twin, upstream: RucioUpstream) -> None:
    [travelling] = [rule for rule in twin.catalogue.rules.values() if rule["state"] == "REPLICATING"]
    place = travelling["scope"], travelling["name"], "PNPI_EOS"
    total = twin.catalogue.did(*place[:2])["length"]
    _, rules, replicas, _ = upstream.feeds
    seen = []

    for hour, files in enumerate((total - 1, total), start=1):
        twin.time = START + dt.timedelta(hours=hour)
        twin.catalogue.arrive(*place, files=files)
        [rule] = [record async for page in rules.changes(twin.time) for record in page.records]
        copies = [record async for page in replicas.everything() for record in page.records]
        [copy] = [one for one in copies if one["rse_name"] == "PNPI_EOS"]
        seen.append((rule["state"], rule["locks_replicating"], copy["state"], copy["available_files"]))

    assert seen == [("REPLICATING", 1, "UNAVAILABLE", total - 1), ("OK", 0, "AVAILABLE", total)]


async def test_the_switch_is_there_only_when_asked_for(twin: Twin) -> None:
    with served(create_rucio_twin(twin.catalogue), date_header=False) as url:
        async with httpx2.AsyncClient(trust_env=False) as client:
            closed = await client.post(f"{url}{SWITCH_PATH}", json={"fault": "hang"})
            opened = await client.post(f"{twin.url}{SWITCH_PATH}", json={"fault": "hang", "path": "/ping"})

    assert (closed.status_code, opened.status_code) == (404, 200)


async def test_a_twin_that_is_gone_is_unreachable(twin: Twin) -> None:
    with served(create_rucio_twin(twin.catalogue), date_header=False) as url:
        pass

    async with reading(twin, url) as upstream:
        with pytest.raises(UnreachableError):
            await counted(upstream)

"""CRIC read through its adapter: from the practice CRIC, from files, and from genuine dumps."""

import datetime as dt
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    SettingError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.practice import grid
from gateway.practice.cric_objects import CONTACT, CricState, practice_cric
from gateway.practice.cric_twin import create_cric_twin
from gateway.practice.faults import Fault, Faults
from gateway.store.sources import SourceName
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.feeds import CricFeed
from gateway.upstreams.cric.upstream import CricUpstream
from tests.support.manners import QUICK, manners_under
from tests.support.serving import served
from tests.upstreams.reading import assert_typed, read_one

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
SECTIONS = ("sites", "queues", "storage_endpoints", "services", "downtimes")
GENUINE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cric"


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def state() -> CricState:
    return practice_cric(NOW)


@pytest.fixture(scope="module")
def url(state: CricState, faults: Faults) -> Iterator[str]:
    with served(create_cric_twin(state, clock=lambda: NOW, faults=faults), date_header=False) as url:
        yield url


@pytest.fixture
async def cric(url: str, state: CricState, faults: Faults) -> AsyncIterator[CricUpstream]:
    fresh = practice_cric(NOW)
    state.objects, state.downtimes = fresh.objects, fresh.downtimes
    state.asks_for_identity = False
    faults.clear()
    upstream = CricUpstream(CricAddress(url), manners=QUICK)
    yield upstream
    await upstream.close()


def feed_of(cric: CricUpstream, section: str) -> CricFeed:
    (found,) = [feed for feed in cric.feeds if feed.sections == (section,)]
    return found


def genuine(name: str) -> str:
    """The URL of a genuine dump beside the checkout; where there is none, what needs it is loudly not run."""
    path = GENUINE / name
    if not path.exists():
        message = f"NOT RUN: there is no genuine CRIC dump at {path}"
        sys.stderr.write(f"\n{message}\n")
        pytest.skip(message)
    return path.as_uri()


async def test_the_practice_grid_comes_back_as_it_is(cric: CricUpstream) -> None:
    expected = {
        "sites": [
            {"tier_level": None, "latitude": None, "longitude": None, "centre_name": one["name"], **one}
            for one in grid.sites()
        ],
        "queues": list(grid.queues()),
        "storage_endpoints": [{"state_comment": None, **one} for one in grid.storage_endpoints()],
        "services": [
            {
                "site_name": None,
                "service_type": None,
                "flavour": None,
                "endpoint": None,
                "status": None,
                **one,
            }
            for one in grid.services()
        ],
        "downtimes": list(grid.downtimes(NOW.replace(hour=0))),
    }

    found = {section: await read_one(feed_of(cric, section)) for section in SECTIONS}

    assert found == expected
    for section, records in found.items():
        assert_typed(SourceName.CRIC, section, records)
    assert CONTACT not in json.dumps(found)


async def test_pages_are_dated_by_the_clock_of_cric(cric: CricUpstream) -> None:
    pages = [page async for page in feed_of(cric, "queues").everything()]

    assert [page.taken_at for page in pages] == [NOW]


async def test_a_large_listing_comes_in_pages(cric: CricUpstream, state: CricState) -> None:
    queue = state.objects["spd/pandaqueue"]["JINR_SPD"]
    state.objects["spd/pandaqueue"] = {
        f"Q{number}": {**queue, "panda_resource": f"Q{number}"} for number in range(1_001)
    }

    pages = [page async for page in feed_of(cric, "queues").everything()]

    assert [len(page.records) for page in pages] == [500, 500, 1]


async def test_an_empty_listing_is_one_empty_page(cric: CricUpstream, state: CricState) -> None:
    state.downtimes.clear()

    pages = [page async for page in feed_of(cric, "downtimes").everything()]

    assert [page.records for page in pages] == [()]


async def test_what_is_out_of_use_is_seen_with_its_state(cric: CricUpstream, state: CricState) -> None:
    state.objects["spd/pandaqueue"]["JINR_SPD"]["state"] = "DISABLED"

    records = await read_one(feed_of(cric, "queues"))

    assert {one["name"]: one["state"] for one in records}["JINR_SPD"] == "DISABLED"


async def test_downtimes_may_need_an_identity_and_the_error_says_so(
    cric: CricUpstream, state: CricState
) -> None:
    state.asks_for_identity = True

    with pytest.raises(DeniedError, match="needs an authenticated identity"):
        await read_one(feed_of(cric, "downtimes"))
    assert len(await read_one(feed_of(cric, "queues"))) == 4


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, UnreachableError),
        (Fault.RESET, UnreachableError),
        (Fault.HANG, SlowError),
        (Fault.DRIP, SlowError),
        (Fault.CUT_CHUNKED, GarbledError),
        (Fault.CUT_UNCHUNKED, GarbledError),
        (Fault.UNAUTHORIZED, DeniedError),
        (Fault.FORBIDDEN, DeniedError),
        (Fault.TOO_MANY, BusyError),
        (Fault.HTML_500, BrokenError),
        (Fault.HTML_200, GarbledError),
        (Fault.DOUBLED_KEYS, GarbledError),
        (Fault.GARBAGE, GarbledError),
        (Fault.HUGE_BODY, GarbledError),
    ],
)
async def test_a_fault_is_an_error_in_words_and_the_next_reading_is_whole(
    url: str, cric: CricUpstream, faults: Faults, section: str, fault: Fault, error: type[UpstreamError]
) -> None:
    feed = feed_of(cric, section)
    whole = await read_one(feed)
    asking = CricUpstream(CricAddress(url), manners=manners_under(fault))
    faults.plan(fault)

    with pytest.raises(error, match="cric"):
        await read_one(feed_of(asking, section))
    await asking.close()

    faults.clear()
    assert await read_one(feed) == whole


async def test_half_a_listing_cannot_be_told_from_a_whole_one(cric: CricUpstream, faults: Faults) -> None:
    faults.plan(Fault.HALF_LIST)

    records = await read_one(feed_of(cric, "queues"))

    # CRIC gives no count: it is for whoever keeps the copy not to believe a sudden loss.
    assert len(records) == 2


async def test_changes_are_not_offered(cric: CricUpstream) -> None:
    for feed in cric.feeds:
        with pytest.raises(NotOfferedError, match="read whole"):
            feed.changes(NOW)


async def test_a_look_says_what_can_be_read(cric: CricUpstream, state: CricState) -> None:
    state.asks_for_identity = True
    del state.objects["core/service"]

    health = await cric.look()

    readable = {name for name, is_readable in health.capabilities.items() if is_readable}
    assert readable == {"sites", "centres", "queues", "storage_endpoints"}
    assert health.is_ok is False
    assert [advice.split(":")[0] for advice in health.advice] == ["services", "downtimes"]


async def test_another_plugin_is_another_path(url: str) -> None:
    cric = CricUpstream(CricAddress(url, plugin="compass"), manners=QUICK)

    with pytest.raises(NotOfferedError, match="/api/compass/pandaqueue/query/"):
        await read_one(feed_of(cric, "queues"))
    await cric.close()


async def test_a_folder_of_files_says_the_same(cric: CricUpstream, state: CricState, tmp_path: Path) -> None:
    for name, objects in state.objects.items():
        (tmp_path / f"{name.partition('/')[2]}.json").write_text(json.dumps(objects))
    (tmp_path / "downtime.json").write_text(json.dumps(state.downtimes))
    files = CricUpstream(CricAddress(tmp_path.as_uri()))

    for section in SECTIONS:
        assert await read_one(feed_of(files, section)) == await read_one(feed_of(cric, section))
    assert (await files.look()).is_ok is True


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("", GarbledError, "cut or no JSON"),
        ('{"A": {"site"', GarbledError, "cut or no JSON"),
        ("<html>", GarbledError, "HTML"),
        ('{"A": {}, "A": {}}', GarbledError, "key twice"),
        ("3", GarbledError, "not a JSON object"),
        ("[]", GarbledError, "not keyed by name"),
        (None, NotOfferedError, "there is no file"),
    ],
)
async def test_a_file_that_is_no_document_is_an_error(
    tmp_path: Path, content: str | None, error: type[UpstreamError], words: str
) -> None:
    path = tmp_path / "pandaqueue.json"
    if content is not None:
        path.write_text(content)
    cric = CricUpstream(CricAddress(tmp_path.as_uri()))

    with pytest.raises(error, match=words):
        await read_one(feed_of(cric, "queues"))


@pytest.mark.parametrize("address", ["file://host/folder", "file:folder"])
def test_an_address_of_no_file_is_refused_at_once(address: str) -> None:
    with pytest.raises(SettingError, match="write file:///folder"):
        CricAddress(address)


async def test_the_genuine_dump_of_2026_translates_in_full() -> None:
    dump = genuine("ddmendpoints_2026-08.json")
    cric = CricUpstream(CricAddress("https://cric.practice.example", files={"ddmendpoint": dump}))

    records = await read_one(feed_of(cric, "storage_endpoints"))

    assert_typed(SourceName.CRIC, "storage_endpoints", records)
    by_name = {one["rse_name"]: one for one in records}
    assert (len(records), sum(one["is_tape"] is True for one in records)) == (83, 11)
    assert by_name["JINR-LCG2_DATADISK"] == {
        "rse_name": "JINR-LCG2_DATADISK",
        "site_name": "JINR-LCG2",
        "state": "ACTIVE",
        "state_comment": None,
        "is_tape": False,
        "storage_type": "DATADISK",
    }
    assert "@" not in json.dumps(records)


async def test_genuine_sites_and_queues_of_2019_translate_in_full() -> None:
    cric = CricUpstream(
        CricAddress(
            "https://cric.practice.example",
            plugin="atlas",
            files={
                "site": genuine("small_agis_sites_jinr_pnpi.json"),
                "pandaqueue": genuine("small_agis_pandaqueues_jinr_pnpi.json"),
            },
            has_centres=False,
        )
    )

    sites = await read_one(feed_of(cric, "sites"))
    queues = await read_one(feed_of(cric, "queues"))

    assert_typed(SourceName.CRIC, "sites", sites)
    assert_typed(SourceName.CRIC, "queues", queues)
    assert {one["name"]: one["centre_name"] for one in sites} == {
        "JINR-LCG2": "JINR-LCG2",
        "T1_RU_JINR": "JINR-T1",
        "T2_RU_JINR": "JINR-LCG2",
        "T2_RU_PNPI": "ru-PNPI",
        "ru-PNPI": "ru-PNPI",
    }
    assert {one["name"]: (one["site_name"], one["core_count"]) for one in queues} == {
        "ANALY_JINR": ("JINR-LCG2", None),
        "ANALY_JINR_MIG": ("JINR-LCG2", None),
        "ANALY_T2_RU_PNPI": ("T2_RU_PNPI", None),
        "JINR_MCORE": ("JINR-LCG2", 8),
        "JINR_PROD": ("JINR-LCG2", None),
        "JINR_UCORE": ("JINR-LCG2", 8),
        "PNPI_PROD": ("ru-PNPI", None),
    }
    assert "@" not in json.dumps([sites, queues])

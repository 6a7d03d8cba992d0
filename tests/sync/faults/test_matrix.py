"""Every fault of every service: no row lost or wiped, every read answered, said in words, over in a period.

PostgreSQL plays a part of them unless GATEWAY_FAULTS is "full". Each promise has its control, in which the
same measure fails.
"""

import os
from collections.abc import Iterator

import pytest

from gateway.errors import UpstreamError
from gateway.practice.faults import Fault
from gateway.store.database import Database
from gateway.store.sources import SourceName
from gateway.sync.removals import GUARD, Guard
from tests.support.databases import DatabaseMaker
from tests.support.manners import QUICK
from tests.sync.faults.matrix import HEAD, LIES, Bench, Cell, faults_of
from tests.sync.faults.services import Faulty, faulty

IS_FULL = os.environ.get("GATEWAY_FAULTS") == "full"
PART = (Fault.RESET, Fault.CUT_CHUNKED, Fault.EMPTY_LIST, Fault.HALF_LIST, Fault.TOKEN_EXPIRY)
BELIEVES_ALL = Guard(hold_share=1.0, hold_rows=1_000_000, hold_part=2.0, believes_empty=True)


@pytest.fixture(scope="module", params=list(SourceName), ids=str)
def service(request: pytest.FixtureRequest) -> Iterator[Faulty]:
    with faulty(request.param) as service:
        yield service


@pytest.fixture
async def bench(service: Faulty, database: Database) -> Bench:
    service.faults.clear()
    bench = Bench(service, database)
    await bench.read_whole()
    return bench


def shown(title: str, cells: list[Cell]) -> None:
    """Print the figures."""
    print(f"\n{title}\n{HEAD}")
    for cell in cells:
        print(cell.line())


async def test_no_fault_of_a_service_loses_a_row_or_a_read(
    service: Faulty, bench: Bench, database_maker: DatabaseMaker
) -> None:
    faults = list(Fault) if IS_FULL or database_maker.kind == "sqlite" else PART
    cells, broken = [], []

    for fault in faults:
        # A token that ends, ends in the middle: some requests went well with it.
        middle = {"after": 2, "times": 1} if fault is Fault.TOKEN_EXPIRY else {}
        cells.append(await bench.play(fault, **middle))
        broken += faults_of(cells[-1], fault, service.source)

    shown(f"{service.source} on {database_maker.kind}", cells)
    assert broken == []


async def test_a_list_that_lies_on_one_path_only_removes_nothing(
    service: Faulty, bench: Bench, database_maker: DatabaseMaker
) -> None:
    if database_maker.kind != "sqlite" and not IS_FULL:
        pytest.skip("a part of the matrix runs on PostgreSQL; GATEWAY_FAULTS=full runs all of it")

    cells = [await bench.play(fault, path=path) for path in service.lists for fault in LIES]

    shown(f"{service.source}, path by path, on {database_maker.kind}", cells)
    assert [cell for cell in cells if cell.lost or cell.wiped or cell.unanswered or cell.late] == []


@pytest.fixture(scope="module")
def cric() -> Iterator[Faulty]:
    with faulty(SourceName.CRIC) as service:
        yield service


async def controlled(service: Faulty, database: Database, guard: Guard = GUARD) -> Bench:
    """A bench whose measures are to fail."""
    service.faults.clear()
    bench = Bench(service, database, guard=guard)
    await bench.read_whole()
    return bench


@pytest.mark.parametrize("fault", [Fault.EMPTY_LIST, Fault.HALF_LIST], ids=str)
async def test_the_matrix_would_notice_an_engine_that_believes_every_loss(
    cric: Faulty, database: Database, fault: Fault
) -> None:
    bench = await controlled(cric, database, BELIEVES_ALL)

    cell = await bench.play(fault)

    assert cell.wiped >= 10
    assert faults_of(cell, fault, SourceName.CRIC)[0] == f"{fault.value}: 0 rows lost, {cell.wiped} wiped"


async def test_the_matrix_would_notice_a_service_that_does_not_get_well(
    cric: Faulty, database: Database
) -> None:
    bench = await controlled(cric, database)

    cell = await bench.play(Fault.HTML_500, heals=False)

    assert len(cell.late) == 7  # five readings, the row that was added, and what the source says
    assert len(faults_of(cell, Fault.HTML_500, SourceName.CRIC)) == 1


async def test_asked_while_it_has_a_fault_the_service_itself_would_not_have_answered(
    cric: Faulty, database: Database
) -> None:
    bench = await controlled(cric, database)
    cric.faults.plan(Fault.HTML_500)

    async with cric.connected(QUICK, database) as upstream:
        unanswered = 0
        for feed in upstream.feeds:
            try:
                async for _page in feed.everything():
                    pass
            except UpstreamError:
                unanswered += 1

    assert unanswered == len(upstream.feeds) == 5
    assert (await bench.play(Fault.HTML_500)).unanswered == 0

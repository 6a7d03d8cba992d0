"""Rucio is asked for a dataset's files once a minute at most, however many want them."""

import asyncio
import datetime as dt

import pytest

from gateway.domain.file_lists import StoredFile
from gateway.errors import UnreachableError
from gateway.resolvers.files_on_demand import FRESH_S, MOST_FILES_KEPT, STALE_S, FilesOnDemand, FilesRead

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


class Catalogue:
    """Answers with as many files as it is told to, after `go` is set, and counts how often it is asked."""

    def __init__(self, files: int = 1) -> None:
        self.read = FilesRead((StoredFile("a", 1, None, ()),) * files, AT)
        self.asked: list[tuple[str, str]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.fails = False

    async def files(self, did: str, scheme: str) -> FilesRead:
        self.asked.append((did, scheme))
        await self.go.wait()
        if self.fails:
            raise UnreachableError("rucio", "rucio cannot be reached")
        return self.read


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_what_is_fresh_is_not_asked_for_again() -> None:
    catalogue, time = Catalogue(), Time()
    files = FilesOnDemand(catalogue, time)

    await files.files("a:b", "root")
    time.now = FRESH_S - 1
    await files.files("a:b", "root")
    await files.files("a:b", "davs")
    time.now = FRESH_S
    await files.files("a:b", "root")

    assert catalogue.asked == [("a:b", "root"), ("a:b", "davs"), ("a:b", "root")]


async def test_all_who_ask_meanwhile_wait_for_one_answer_and_one_who_leaves_takes_it_from_nobody() -> None:
    catalogue = Catalogue()
    catalogue.go.clear()
    files = FilesOnDemand(catalogue, Time())
    waiting = [asyncio.ensure_future(files.files("a:b", "root")) for _ in range(3)]
    await asyncio.sleep(0)

    waiting[0].cancel()
    await asyncio.sleep(0)
    catalogue.go.set()

    assert [await one for one in waiting[1:]] == [catalogue.read, catalogue.read]
    assert len(catalogue.asked) == 1


async def test_when_rucio_fails_the_last_good_answer_is_given_for_an_hour_and_says_so() -> None:
    catalogue, time = Catalogue(), Time()
    files = FilesOnDemand(catalogue, time)
    await files.files("a:b", "root")
    catalogue.fails = True

    time.now = STALE_S - 1
    late = await files.files("a:b", "root")
    time.now = STALE_S
    with pytest.raises(UnreachableError):
        await files.files("a:b", "root")

    assert (late.is_stale, late.files) == (True, catalogue.read.files)


async def test_a_failure_is_not_remembered() -> None:
    catalogue = Catalogue()
    catalogue.fails = True
    files = FilesOnDemand(catalogue, Time())
    with pytest.raises(UnreachableError):
        await files.files("a:b", "root")

    catalogue.fails = False

    assert (await files.files("a:b", "root")).is_stale is False


async def test_what_was_wanted_longest_ago_is_forgotten_when_there_is_too_much() -> None:
    catalogue = Catalogue(MOST_FILES_KEPT // 2)
    files = FilesOnDemand(catalogue, Time())
    for did in ("a:1", "a:2", "a:1", "a:3", "a:1", "a:2"):
        await files.files(did, "root")

    assert [did for did, _ in catalogue.asked] == ["a:1", "a:2", "a:3", "a:2"]

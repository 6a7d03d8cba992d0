"""Files of a dataset, asked of Rucio when somebody wants them, and kept for a minute.

Files are too many to be remembered like datasets. Whoever asks for the same meanwhile waits for the same
answer; when Rucio does not answer, the last good one is given for an hour, and says so.
"""

import asyncio
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.domain.file_lists import StoredFile
from gateway.errors import UpstreamError

FRESH_S: Final = 60.0
STALE_S: Final = 3600.0
# Some 600 bytes each: what all processes of a small machine can have.
MOST_FILES_KEPT: Final = 200_000


@dataclass(frozen=True, slots=True)
class FilesRead:
    """A dataset's files as Rucio listed them at a moment of its clock."""

    files: Sequence[StoredFile]
    taken_at: dt.datetime
    is_stale: bool = False


class FileCatalogue(Protocol):
    """What knows the files of datasets, and where they can be read."""

    async def files(self, did: str, scheme: str) -> FilesRead:
        """List a dataset's files with addresses of one scheme, `root` or `davs`.

        None for a dataset that is not there. Raises UpstreamError when that cannot be told.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    read: FilesRead
    at: float


class FilesOnDemand:
    """A catalogue with a short memory; belongs to one event loop."""

    def __init__(self, catalogue: FileCatalogue, clock: Callable[[], float] = time.monotonic) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._asked: dict[tuple[str, str], asyncio.Task[FilesRead]] = {}

    async def files(self, did: str, scheme: str) -> FilesRead:
        """List a dataset's files, at most a minute old unless `is_stale`; raises UpstreamError."""
        key = (did, scheme)
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.at < FRESH_S:
            self._kept.move_to_end(key)
            return kept.read
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.ensure_future(self._ask(key))
            asked.add_done_callback(lambda done: self._answered(key, done))
        try:
            # Whoever gives up waiting does not take the answer away from the others.
            return await asyncio.shield(asked)
        except UpstreamError:
            if kept is not None and self._clock() - kept.at < STALE_S:
                return replace(kept.read, is_stale=True)
            raise

    async def _ask(self, key: tuple[str, str]) -> FilesRead:
        read = await self._catalogue.files(*key)
        self._kept[key] = _Kept(read, self._clock())
        self._kept.move_to_end(key)
        while (
            len(self._kept) > 1 and sum(len(one.read.files) for one in self._kept.values()) > MOST_FILES_KEPT
        ):
            self._kept.popitem(last=False)
        return read

    def _answered(self, key: tuple[str, str], done: asyncio.Task[FilesRead]) -> None:
        del self._asked[key]
        if not done.cancelled():
            # Looked at, so that nobody is told of a failure that no one waited for.
            done.exception()

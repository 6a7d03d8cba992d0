"""The worlds that are measured: the talk's, and the same a hundred and a thousand times, on both kinds."""

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.practice.generate import generate
from gateway.store.database import Database, parse_database_url
from gateway.store.migrate import upgrade
from tests.support.postgres import create_database, running_postgres

SEED = 2025
BUILT_AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class World:
    """A database filled with `scale` times the talk's productions."""

    kind: str
    scale: int
    url: str
    build_s: float


@contextlib.contextmanager
def worlds(kinds: list[str], scales: list[int], folder: Path) -> Iterator[Iterator[World]]:
    """Give the worlds one after another, each built when its turn comes; all are gone at the end."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_postgres()) if "postgresql" in kinds else ""

        def built() -> Iterator[World]:
            for scale in scales:
                for kind in kinds:
                    name = f"bench_{scale}"
                    url = (
                        create_database(server, name)
                        if kind == "postgresql"
                        else f"sqlite+aiosqlite:///{folder / name}.db"
                    )
                    yield _build(kind, scale, url)

        yield built()


def _build(kind: str, scale: int, url: str) -> World:
    began = time.perf_counter()
    upgrade(parse_database_url(url))

    async def fill() -> None:
        database = Database(url)
        try:
            await generate(database, scale, seed=SEED, at=BUILT_AT)
        finally:
            await database.close()

    asyncio.run(fill())
    return World(kind, scale, url, time.perf_counter() - began)

"""A process that changes one request again and again, and says after each commit which version that was.

python -m tests.support.writer DATABASE_URL REQUEST TIMES PAUSE_S
"""

import asyncio
import sys

from sqlalchemy import func, select, update

from gateway.store.database import Database
from gateway.store.requests import Request
from gateway.store.versions import DataVersion


async def write(url: str, name: str, times: int, pause_s: float) -> None:
    """Count `events` of the request up from 2, one commit each; print `events version` after each."""
    database = Database(url)
    for events in range(2, times + 2):
        async with database.transaction() as session:
            await session.execute(update(Request).where(Request.name == name).values(events=events))
        async with database.snapshot() as session:
            version = (await session.execute(select(func.sum(DataVersion.version)))).scalar_one()
        print(events, version, flush=True)
        await asyncio.sleep(pause_s)
    await database.close()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))

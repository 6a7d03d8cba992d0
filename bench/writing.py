"""A process that writes as a busy synchronisation does: so many commits a second, on the tasks of the page.

python -m bench.writing DATABASE_URL COMMITS_PER_SECOND
"""

import asyncio
import sys
import time

from sqlalchemy import select, update

from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.tasks import Task

# As many as the page of fifty requests shows.
TASKS = 200


async def write(url: str, per_second: float) -> None:
    """Change one task after another until the process is ended; print how many there were a second."""
    database = Database(url)
    async with database.snapshot() as session:
        chosen = select(Attempt.jedi_task_id).where(Attempt.jedi_task_id.is_not(None))
        ids = (await session.execute(chosen.order_by(Attempt.jedi_task_id).limit(TASKS))).scalars().all()
    began, number = time.monotonic(), 0
    while True:
        async with database.transaction() as session:
            task_id = ids[number % len(ids)]
            await session.execute(
                update(Task).where(Task.jedi_task_id == task_id).values(jobs_finished=number % 1000)
            )
        number += 1
        print(number, round(number / (time.monotonic() - began), 1), flush=True)
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], float(sys.argv[2])))

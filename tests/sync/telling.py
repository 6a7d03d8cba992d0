"""A process that tells what is to be told until it is killed: `python -m tests.sync.telling DATABASE_URL`."""

import asyncio
import datetime as dt
import sys

from gateway.domain.webhook_targets import networks_of
from gateway.store.database import Database
from gateway.sync.notifier import Notifier
from gateway.upstreams.webhooks import WebhookDoor
from tests.support.receivers import SEALER


async def main(url: str) -> None:
    database = Database(url)
    notifier = Notifier(
        database,
        WebhookDoor(networks_of("127.0.0.0/8")),
        None,
        SEALER,
        clock=lambda: dt.datetime.now(dt.UTC),
        public_url="https://gw.example",
        lease=dt.timedelta(seconds=1),
    )
    while True:
        await notifier.work()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

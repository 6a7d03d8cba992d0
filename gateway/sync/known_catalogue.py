"""What our copy knows of Rucio's scopes and storages: witnesses against a list that lacks some of them."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy import select

from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica

Names = Callable[[], Awaitable[Collection[str]]]


def scopes_of_datasets(database: Database) -> Names:
    """Return a question for the scopes of the datasets that are not gone."""

    async def ask() -> Collection[str]:
        async with database.snapshot() as session:
            found = await session.scalars(select(Dataset.scope).where(Dataset.gone_at.is_(None)).distinct())
            return found.all()

    return ask


def storages_of_replicas(database: Database) -> Names:
    """Return a question for the storages where replicas are that are not gone."""

    async def ask() -> Collection[str]:
        async with database.snapshot() as session:
            found = await session.scalars(
                select(Replica.rse_name).where(Replica.gone_at.is_(None)).distinct()
            )
            return found.all()

    return ask

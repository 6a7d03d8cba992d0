"""Clients of the real application on the practice world, without a network."""

import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from gateway.store.database import Database
from tests.conftest import LOADED_AT

GRAPHQL = "application/graphql-response+json"


@contextlib.asynccontextmanager
async def connected(database: Database, *, open_access: bool) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application on this database, which stays open."""
    app = create_app(Settings.read(open_access=open_access), database, clock=lambda: LOADED_AT)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://gateway.test",
        headers={"accept": GRAPHQL},
    ) as client:
        yield client


@pytest.fixture
async def client(world: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the open application."""
    async with connected(world, open_access=True) as client:
        yield client


@pytest.fixture
async def stranger(world: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the closed application, who brings no login."""
    async with connected(world, open_access=False) as client:
        yield client

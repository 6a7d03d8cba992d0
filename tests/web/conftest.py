"""Clients of the sample application, without a network."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.web.application import sample_app
from tests.web.sample import OpenSample, sample_executor


@pytest.fixture
def contexts() -> OpenSample:
    """What opened the contexts of operations, and how often."""
    return OpenSample()


@pytest.fixture
async def client(contexts: OpenSample) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the sample application that accepts the GraphQL media type."""
    transport = httpx2.ASGITransport(app=sample_app(sample_executor(contexts)))
    async with httpx2.AsyncClient(
        transport=transport,
        base_url="http://gateway.test",
        headers={"accept": "application/graphql-response+json"},
    ) as client:
        yield client

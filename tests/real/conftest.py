"""Servers of other services that several test modules share; each starts when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.real.environments import EnvironmentMissingError, skip_or_fail
from tests.real.panda.jedi import RealPanda, running_jedi
from tests.real.panda.server import PandaServer, panda_python, running_panda


@pytest.fixture(scope="session")
def panda_server(postgres_url: str) -> Iterator[PandaServer]:
    """A real PanDA server without JEDI; whoever uses it clears it first."""
    try:
        panda_python()
    except EnvironmentMissingError as error:
        skip_or_fail("the real PanDA server", error)
    with running_panda(postgres_url, "real_panda") as server:
        yield server


@pytest.fixture(scope="session")
def panda_with_jedi(panda_server: PandaServer) -> Iterator[RealPanda]:
    """The same server, its JEDI and its pilots."""
    with running_jedi(panda_server) as panda:
        yield panda


@pytest.fixture
def real_panda(panda_with_jedi: RealPanda) -> RealPanda:
    """A real PanDA without any task, for one test; see tests.real.panda.jedi for what it does when asked."""
    panda_with_jedi.server.clear()
    return panda_with_jedi

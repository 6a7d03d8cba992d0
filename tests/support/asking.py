"""Asking a database in GraphQL, as the command line and the HTTP border do, without either."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.app import create_executor
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.resolvers.services import Services
from gateway.schema.execution import Executor, OperationRequest
from gateway.store.database import Database

ALL_RIGHTS = Viewer("tester", frozenset(Right))


@dataclass
class Asker:
    """Executes documents at a frozen moment; `now` may be moved between questions."""

    database: Database
    now: dt.datetime
    viewer: Viewer = ALL_RIGHTS
    services: Services | None = None
    executor: Executor[Viewer] = field(init=False)

    def __post_init__(self) -> None:
        self.executor = create_executor(self.database, clock=lambda: self.now, services=self.services)

    async def __call__(self, document: str, **variables: object) -> dict[str, Any]:
        """Return the data of an answer that must have no errors."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def answer(self, document: str, **variables: object) -> dict[str, Any]:
        """Return the whole answer, errors and extensions included."""
        request = OperationRequest(document, variables=variables)
        body = (await self.executor.execute(request, self.viewer)).body
        answer: dict[str, Any] = orjson.loads(body)
        return answer

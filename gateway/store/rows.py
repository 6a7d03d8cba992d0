"""Reading rows by whoever has a session: a change within its transaction, a preview within its snapshot."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

Rows = Callable[[Executable], Awaitable[Sequence[Row[*tuple[Any, ...]]]]]


def rows_of(session: AsyncSession) -> Rows:
    """Return what reads all rows of a statement in this session."""

    async def rows(statement: Executable) -> Sequence[Row[*tuple[Any, ...]]]:
        return (await session.execute(statement)).all()

    return rows

"""Allocating names of requests: each number of a year is given once, also when the request is never kept."""

from typing import Final, cast

from sqlalchemy import BigInteger, Table, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.domain.names import RequestName
from gateway.errors import NamingError
from gateway.store.base import Base
from gateway.store.datasets import Dataset
from gateway.store.imports import ImportedRow
from gateway.store.requests import Request
from gateway.store.rows import Rows, rows_of
from gateway.store.tasks import Task
from gateway.store.upsert import insert_new

# A year holds some fifty productions; reading all names of it is cheaper than a rule for sorting them in SQL.
_PREFIX: Final = "PROD{year:04d}-"


class RequestCounter(Base, kw_only=True):
    """The highest number given to a request of a year; its row is the lock behind which names are given."""

    __tablename__ = "request_counters"

    year: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(BigInteger)


async def next_names(rows: Rows, year: int, count: int) -> tuple[RequestName, ...]:
    """Return the `count` names that would be given next in the year, without taking them."""
    last = await _highest_number(rows, year)
    return tuple(RequestName(year, last + offset) for offset in range(1, count + 1))


async def allocate_names(session: AsyncSession, year: int, count: int) -> tuple[RequestName, ...]:
    """Take the next `count` names of the year, ascending; others who want some wait until this commits."""
    await insert_new(session, cast("Table", RequestCounter.__table__), {"year": year, "last_number": 0})
    await session.execute(select(RequestCounter.year).where(RequestCounter.year == year).with_for_update())
    names = await next_names(rows_of(session), year, count)
    await session.execute(
        update(RequestCounter)
        .where(RequestCounter.year == year)
        .values(last_number=names[-1].number)
        .execution_options(synchronize_session=False)
    )
    return names


async def _highest_number(rows: Rows, year: int) -> int:
    """The highest number of the year that was ever seen; 0 for none.

    A name that only a task, a dataset or a refused row of an import has counts: somebody uses it.
    """
    counted = await rows(select(RequestCounter.last_number).where(RequestCounter.year == year))
    numbers: list[int] = [row.last_number for row in counted]
    prefix = _PREFIX.format(year=year)
    names = await rows(
        union(
            *(
                select(column.label("name")).where(column.startswith(prefix, autoescape=True))
                for column in (Request.name, Task.request_name, Dataset.request_name, ImportedRow.subject)
            )
        )
    )
    return max([0, *numbers, *(_number(row.name) for row in names)])


def _number(name: str) -> int:
    try:
        return RequestName.parse(name).number
    except NamingError:
        return 0

"""Every table as it was at a past moment, put before a statement that reads tables as they are.

A name in WITH hides the table of that name from the statement behind it: so any question, whatever it joins,
filters, counts or sums, is answered from the rows of that moment. What other services own is known exactly
(`store.history`). Of our own things it is known since when they exist, and what was decided about requests;
their other fields are those of the present.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Executable,
    Float,
    MetaData,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    func,
    inspect,
    literal_column,
    null,
    select,
)
from sqlalchemy import (
    cast as sql_cast,
)
from sqlalchemy.sql.selectable import HasCTE

from gateway.errors import InputError
from gateway.store.attempts import Attempt
from gateway.store.base import Base, Remembered, UtcDateTime
from gateway.store.findings import FindingRow
from gateway.store.history import PastVersion
from gateway.store.requests import Request, StatusChange

_MOMENT: Final = "as_of_moment"


def at_moment(statement: Executable, *, is_postgresql: bool) -> Executable:
    """Return the statement reading every table as of the parameter that `moment_parameter` gives."""
    if not isinstance(statement, HasCTE):
        raise InputError("what was asked for cannot be asked of the past; leave it out, or `asOf`")
    return cast("Executable", statement.add_cte(*_past_tables(is_postgresql)))


def moment_parameter(moment: dt.datetime) -> dict[str, object]:
    """Return the parameter that says which moment a statement is asked of."""
    return {_MOMENT: moment}


@cache
def _past_tables(is_postgresql: bool) -> Sequence[CTE]:
    moment = bindparam(_MOMENT, type_=UtcDateTime())
    remembered = [
        cast("Table", inspect(mapper.class_).local_table)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Remembered)
    ]
    found = [_remembered(_real(table, is_postgresql), moment, is_postgresql) for table in remembered]
    return [*found, *_own(moment, is_postgresql)]


def _real(table: Table, is_postgresql: bool) -> Table:
    """The table itself, inside of the WITH that hides it.

    PostgreSQL sees it there by its name; SQLite would take the name for the WITH itself, and has to be told.
    """
    return table if is_postgresql else table.to_metadata(MetaData(), schema="main")


def _remembered(table: Table, moment: ColumnElement[Any], is_postgresql: bool) -> CTE:
    past = _real(cast("Table", PastVersion.__table__), is_postgresql).alias("past")
    later = _real(cast("Table", PastVersion.__table__), is_postgresql).alias("later")
    keys = list(table.primary_key.columns)
    key: ColumnElement[Any] = sql_cast(keys[0], String)
    for column in keys[1:]:
        key = key + literal_column("'|'") + sql_cast(column, String)
    present = select(*(_present(table, column.name, moment) for column in table.columns)).where(
        table.c.changed_at <= moment
    )
    last = (
        select(later.c.id)
        .where(
            later.c.table_name == literal_column(f"'{table.name}'"),
            later.c.row_key == past.c.row_key,
            later.c.valid_from <= moment,
            # A row that changed twice at one moment never was what it said in between.
            later.c.valid_to > later.c.valid_from,
        )
        .order_by(later.c.valid_from.desc(), later.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    before = (
        select(*(_before(table, past, column.name, moment, is_postgresql) for column in table.columns))
        .select_from(table)
        .join(
            past,
            and_(past.c.table_name == literal_column(f"'{table.name}'"), past.c.row_key == key),
        )
        .where(table.c.changed_at > moment, past.c.id == last)
    )
    return present.union_all(before).cte(table.name)


def _present(table: Table, name: str, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    if name == "gone_at":
        return case((table.c.gone_at <= moment, table.c.gone_at), else_=null()).label(name)
    return table.c[name]


def _before(
    table: Table,
    past: Any,
    name: str,
    moment: ColumnElement[Any],
    is_postgresql: bool,
) -> ColumnElement[Any]:
    column = table.c[name]
    if name == "gone_at":
        return case((past.c.valid_to <= moment, past.c.valid_to), else_=null()).label(name)
    if name == "changed_at":
        return cast("ColumnElement[Any]", past.c.valid_from.label(name))
    if name in Remembered.bookkeeping or column.primary_key or name == "record_hash":
        return column
    return _typed(past.c.content, column, is_postgresql).label(name)


def _typed(content: Any, column: Any, is_postgresql: bool) -> ColumnElement[Any]:
    """A value out of a past content, which was kept as JSON, as the column would have it."""
    if is_postgresql:
        text = content.op("->>")(literal_column(f"'{column.name}'"))
        if isinstance(column.type, UtcDateTime | BigInteger | Boolean | Float):
            return sql_cast(text, column.type)
        return cast("ColumnElement[Any]", text)
    value = func.json_extract(content, literal_column(f"'$.\"{column.name}\"'"))
    if isinstance(column.type, UtcDateTime):
        # As SQLite's moments are kept: without a zone, and always with microseconds.
        part = case(
            (func.substr(value, 20, 1) == literal_column("'.'"), func.substr(value, 20, 7)),
            else_=literal_column("'.000000'"),
        )
        whole = func.replace(func.substr(value, 1, 19), literal_column("'T'"), literal_column("' '"))
        return whole.op("||")(part)
    return cast("ColumnElement[Any]", value)


def _own(moment: ColumnElement[Any], is_postgresql: bool) -> Sequence[CTE]:
    requests = _real(cast("Table", Request.__table__), is_postgresql)
    changes = _real(cast("Table", StatusChange.__table__), is_postgresql)
    attempts = _real(cast("Table", Attempt.__table__), is_postgresql)
    findings = _real(cast("Table", FindingRow.__table__), is_postgresql)
    undone = (
        select(changes.c.from_intent)
        .where(changes.c.request_name == requests.c.name, changes.c.changed_at > moment)
        .order_by(changes.c.changed_at, changes.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return [
        _existing(requests, requests.c.created_at <= moment, intent=func.coalesce(undone, requests.c.intent)),
        _existing(changes, changes.c.changed_at <= moment),
        _existing(attempts, attempts.c.created_at <= moment),
        _existing(
            findings,
            findings.c.first_found_at <= moment,
            resolved_at=case((findings.c.resolved_at <= moment, findings.c.resolved_at), else_=null()),
            acknowledged_at=case(
                (findings.c.acknowledged_at <= moment, findings.c.acknowledged_at), else_=null()
            ),
        ),
    ]


def _existing(table: Table, condition: ColumnElement[bool], **instead: ColumnElement[Any]) -> CTE:
    columns = [
        instead[column.name].label(column.name) if column.name in instead else column
        for column in table.columns
    ]
    statement: Select[Any] = select(*columns).where(condition)
    return statement.cte(table.name)

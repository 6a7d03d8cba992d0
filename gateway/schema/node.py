"""Things with a global id, and the base of types whose plain fields are columns of a row."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self, TypeVar

import strawberry

from gateway.errors import FilterError, IdError
from gateway.resolvers.entity import Entity
from gateway.resolvers.loading import load_by_key
from gateway.schema.context import Info
from gateway.schema.reads import KEY, reads
from gateway.store.base import Base
from gateway.store.keys import key_text
from gateway.store.values import storable, storable_text

Shown = TypeVar("Shown", bound="RowType")

_NOT_OURS: Final = "the id is not one of ours: take ids from answers, do not build them"


@strawberry.interface(description="Anything that can be fetched again by its global id.")
class Node:
    """What has a global id."""

    row: strawberry.Private[Any]
    entity: ClassVar[Entity[Any]]

    @strawberry.field(
        description=(
            "Global id: opaque to clients, stable for ever, accepted by `node` and `nodes`. "
            "The readable key of the thing is in its other fields."
        ),
        metadata=reads(KEY),
    )
    def id(self) -> strawberry.ID:
        """Return the type's name and the row's key in one opaque text."""
        key = tuple(getattr(self.row, column.key) for column in self.entity.key_columns)
        return global_id(self.entity.name, key)


class RowType:
    """Base of types shown from one database row.

    A field declared without a resolver shows the column of the same name, by the schema's default resolver;
    only what differs has a method. Instances are made by `of`, never by the constructor.
    """

    row: Any
    entity: ClassVar[Entity[Any]]

    @classmethod
    def of(cls, row: Base) -> Self:
        """Show a row."""
        shown = object.__new__(cls)
        shown.row = row
        return shown

    @classmethod
    def of_optional(cls, row: Base | None) -> Self | None:
        """Show a row, or nothing."""
        return None if row is None else cls.of(row)


def read_column(source: object, name: str) -> object:
    """Default resolver: an attribute of the object itself, else the column of its row."""
    row = getattr(source, "row", None)
    return getattr(source if row is None else row, name)


def global_id(type_name: str, key: tuple[object, ...]) -> strawberry.ID:
    """Return the global id of a key of a type."""
    return strawberry.ID(
        base64.urlsafe_b64encode(f"{type_name}:{key_text(key)}".encode()).decode().rstrip("=")
    )


async def load_node(info: Info, id_: str, types: Mapping[str, type[RowType]]) -> RowType | None:
    """Return the thing with this global id, or None if there is none; raise IdError for an id not ours."""
    type_name, key = _parse_global_id(id_)
    shown = types.get(type_name)
    if shown is None:
        raise IdError(f"the id names the type {type_name[:40]!r}, which has no global ids")
    values = _key_values(shown.entity, key)
    return shown.of_optional(await load_by_key(info.context.reading, shown.entity, values))


def key_of(id_: str, entity: Entity[Any]) -> tuple[object, ...]:
    """Return the primary key that a global id of this entity holds, whether or not there is such a row.

    Raises IdError if the id is not one of ours, or names a thing of another type.
    """
    type_name, key = _parse_global_id(id_)
    if type_name != entity.name:
        raise IdError(f"the id names a {type_name[:40]!r} where a {entity.name} is wanted")
    return _key_values(entity, key)


def _key_values(entity: Entity[Any], key: str) -> tuple[object, ...]:
    columns = entity.key_columns
    # A name that is a key of its own may hold the sign that joins keys of several columns.
    parts = key.split("|") if len(columns) > 1 else [key]
    if len(parts) != len(columns):
        raise IdError(_NOT_OURS)
    try:
        values = tuple(
            storable(column.type.python_type(part)) for column, part in zip(columns, parts, strict=True)
        )
    except (ValueError, FilterError) as error:
        raise IdError(_NOT_OURS) from error
    # Python reads " 362" and "3_62" as numbers too: a second id for one thing, kept twice by clients.
    if key_text(values) != key:
        raise IdError(_NOT_OURS)
    return values


def _parse_global_id(id_: str) -> tuple[str, str]:
    try:
        storable_text(id_)
        text = base64.b64decode(id_ + "=" * (-len(id_) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error, FilterError) as error:
        raise IdError(_NOT_OURS) from error
    type_name, separator, key = text.partition(":")
    if not separator:
        raise IdError(_NOT_OURS)
    return type_name, key

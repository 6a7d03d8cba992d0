"""The records of a snapshot: their fields are the columns of the remembered tables, with type and bound.

The models are made from the tables, so that the format and what is stored cannot disagree; what is read from
names, and the gateway's own bookkeeping, is not part of a record.
"""

import datetime as dt
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Annotated, Final, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.functional_validators import AfterValidator
from sqlalchemy import BigInteger, Boolean, Column, Float, String, Table

from gateway import __version__
from gateway.domain.seeds import INT64_MAX
from gateway.store.base import Base, Remembered, UtcDateTime
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import Group, GroupMember, Person
from gateway.store.sites import Downtime, Queue, Service, Site
from gateway.store.sources import SourceName
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage
from gateway.store.tasks import Task, TaskJobCount
from gateway.sync.derive_names import NamedAttempt, attempt_of_dataset, attempt_of_task

# Error dialogs and comments: PanDA keeps 510 characters, CRIC some thousands.
TEXT_LIMIT: Final = 65_536

# Columns that are not part of a record, because they are read from its name.
_FROM_TASK_NAME = frozenset(NamedAttempt.__slots__)
_FROM_DID = _FROM_TASK_NAME | {"scope", "name", "data_type"}
# What a record may leave out although its column is never null.
_DEFAULTS: Final[Mapping[str, object]] = {"did_type": "DATASET", "is_service": False, "is_unlimited": False}
_SURROGATES: Final = frozenset(map(chr, range(0xD800, 0xE000)))
# Priorities may be negative; everything else that is counted starts at zero.
_SIGNED: Final = frozenset({"priority"})


# Numbers that name something and count nothing.
_NAMES: Final = frozenset({"jedi_task_id", "parent_task_id", "seed_first", "seed_last"})
# An exabyte, which no storage of the grid has; a million times the events of SPD's whole life.
BYTES_MOST: Final = 2**60
COUNT_MOST: Final = 10**15
# Numbers that are multiplied with each other, so that the product is one too.
FACTOR_MOST: Final = 10**9
_FACTORS: Final = frozenset({"jobs", "jobs_expected", "jobs_finished", "jobs_failed", "events_per_job"})


class Record(BaseModel):
    """A record as it must be: exact types, nothing unknown, no NaN."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class BadRecordError(ValueError):
    """A record is not what its section holds; the message says which fields and why."""


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of records of one source; `key_fields` tell one record from another."""

    source: SourceName
    name: str
    model: type[Remembered]
    record: type[Record]
    key_fields: tuple[str, ...]
    key_types: tuple[type, ...]
    derived: Callable[[Mapping[str, object]], Mapping[str, object]]
    prepared: Callable[[Mapping[str, object]], Mapping[str, object]]

    @property
    def fields(self) -> frozenset[str]:
        """The fields a record may have."""
        return frozenset(self.record.model_fields)

    def row(self, record: Mapping[str, object]) -> Remembered:
        """Return the row for the table; raises BadRecordError."""
        try:
            content = self.record.model_validate(self.prepared(record)).model_dump()
        except ValidationError as error:
            raise BadRecordError(_complaint(error)) from error
        return self.model(**content, **self.derived(content))

    def record_hash(self, record: Mapping[str, object]) -> str:
        """Return what stands for this record, as far as it is read, and for the way it is read now.

        A new version of the program reads everything anew: it may make something else of the same record.
        """
        # Not orjson: to it NaN, Infinity and null are one.
        said = json.dumps(
            [__version__, {name: record[name] for name in self.fields & record.keys()}],
            default=repr,
            sort_keys=True,
        )
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    def storable_key(self, record: Mapping[str, object]) -> tuple[object, ...] | None:
        """Return the key of a record if the database can be asked for it, whatever else the record holds."""
        key = self.key(record)
        if key is None or not all(map(_is_storable_key, key, self.key_types)):
            return None
        return key

    def key(self, record: Mapping[str, object]) -> tuple[object, ...] | None:
        """Return the key of a record that may be bad otherwise, so that it still counts as seen."""
        values = tuple(record.get(name) for name in self.key_fields)
        return values if all(isinstance(value, int | str) for value in values) else None


def moment(value: object) -> object:
    """Read a moment in ISO 8601 or RFC 1123 form; one without a zone is UTC, as PanDA and Rucio mean it."""
    if not isinstance(value, str):
        raise ValueError("a moment is a text such as 2025-04-17T10:00:00Z")  # noqa: TRY004 - pydantic's contract
    try:
        read = parsedate_to_datetime(value) if "," in value else dt.datetime.fromisoformat(value)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError("is not a moment such as 2025-04-17T10:00:00Z") from error
    # Outside these years the other end of a time zone does not exist, and no grid did.
    if not 1970 <= read.year < 2200:
        raise ValueError("lies outside the years 1970 to 2199")
    return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)


def _storable(text: str) -> str:
    if "\0" in text or not (text.isascii() or _SURROGATES.isdisjoint(text)):
        raise ValueError("holds characters that are no text")
    return text


def _part_of_key(text: str) -> str:
    if "|" in text:
        raise ValueError("holds the character |, which joins the parts of keys")
    return text


def _is_part_of_key(column: Column[object]) -> bool:
    """Whether this is one of several columns that are the key: joined, they must still be told apart."""
    return column.primary_key and len(column.table.primary_key.columns) > 1


def _is_storable_key(value: object, wanted: type) -> bool:
    if type(value) is not wanted:
        return False
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or _SURROGATES.isdisjoint(value))
    return isinstance(value, int) and abs(value) <= INT64_MAX


def _record_model(name: str, model: type[Remembered], derived: frozenset[str]) -> type[Record]:
    fields = {
        column.name: _field(column)
        for column in _table(model).columns
        if column.name not in Remembered.bookkeeping | derived
    }
    return cast("type[Record]", create_model(f"{name}_record", __base__=Record, **fields))  # type: ignore[call-overload]


def _field(column: Column[object]) -> tuple[object, object]:
    """The type and default of a column's field."""
    kind = _kind(column)
    if column.name in _DEFAULTS:
        return kind, _DEFAULTS[column.name]
    return (kind | None, None) if column.nullable else (kind, ...)  # type: ignore[operator]


def _kind(column: Column[object]) -> object:
    column_type: object = column.type
    match column_type:
        case UtcDateTime():
            return Annotated[dt.datetime, BeforeValidator(moment)]
        case Boolean():
            return bool
        case BigInteger():
            return Annotated[int, Field(ge=-INT64_MAX if column.name in _SIGNED else 0, le=_most(column))]
        case Float():
            return float
        case String(length=length):
            least = 1 if column.primary_key else 0
            bounds = Field(min_length=least, max_length=length or TEXT_LIMIT)
            checks = (
                AfterValidator(_storable),
                *([AfterValidator(_part_of_key)] if _is_part_of_key(column) else []),
            )
            return Annotated[(str, bounds, *checks)]
        case _:
            raise TypeError(f"no record field is defined for the column {column}")


def _most(column: Column[object]) -> int:
    """The most that is believed of a whole number: what is more is somebody's mistake, and is put aside."""
    if column.primary_key or column.name in _SIGNED | _NAMES:
        return INT64_MAX
    if column.name.endswith("_bytes"):
        return BYTES_MOST
    return FACTOR_MOST if column.name in _FACTORS else COUNT_MOST


def _task_columns(content: Mapping[str, object]) -> Mapping[str, object]:
    return _columns(attempt_of_task(str(content["name"])))


def _dataset_columns(content: Mapping[str, object]) -> Mapping[str, object]:
    did = str(content["did"])
    scope, colon, name = did.partition(":")
    if not colon or not 1 <= len(scope) <= 25 or not 1 <= len(name) <= 250:
        raise BadRecordError("did: is not scope:name with at most 25 and 250 characters")
    attempt, data_type = attempt_of_dataset(did)
    return {"scope": scope, "name": name, "data_type": data_type, **_columns(attempt)}


def _columns(attempt: NamedAttempt) -> dict[str, object]:
    return {name: getattr(attempt, name) for name in NamedAttempt.__slots__}


def _no_columns(_content: Mapping[str, object]) -> Mapping[str, object]:
    return {}


def _as_it_is(record: Mapping[str, object]) -> Mapping[str, object]:
    return record


def _quota(record: Mapping[str, object]) -> Mapping[str, object]:
    """Rucio says "no limit" as -1, as the number Infinity, or as the text of one of them."""
    if record.get("limit_bytes") in (-1, math.inf, "-1", "Infinity", "inf"):
        return {**record, "limit_bytes": None, "is_unlimited": True}
    return record


def _section(
    source: SourceName,
    name: str,
    model: type[Remembered],
    *,
    derived_columns: frozenset[str] = frozenset(),
    derived: Callable[[Mapping[str, object]], Mapping[str, object]] = _no_columns,
    prepared: Callable[[Mapping[str, object]], Mapping[str, object]] = _as_it_is,
) -> Section:
    record = _record_model(name, model, derived_columns)
    columns = _table(model).primary_key.columns
    key_fields = tuple(column.name for column in columns)
    key_types = tuple(column.type.python_type for column in columns)
    return Section(source, name, model, record, key_fields, key_types, derived, prepared)


def _complaint(error: ValidationError) -> str:
    """The fields that failed and why, without the values, which may be anything."""
    parts = [f"{'.'.join(str(place) for place in one['loc'])}: {one['msg']}" for one in error.errors()[:5]]
    return "; ".join(parts)


def _table(model: type[Remembered]) -> Table:
    return cast("Table", cast("type[Base]", model).__table__)


SECTIONS: Final[Mapping[SourceName, tuple[Section, ...]]] = {
    SourceName.PANDA: (
        _section(SourceName.PANDA, "tasks", Task, derived_columns=_FROM_TASK_NAME, derived=_task_columns),
        _section(SourceName.PANDA, "job_counts", TaskJobCount),
    ),
    SourceName.RUCIO: (
        _section(SourceName.RUCIO, "datasets", Dataset, derived_columns=_FROM_DID, derived=_dataset_columns),
        _section(SourceName.RUCIO, "rules", Rule),
        _section(SourceName.RUCIO, "replicas", Replica),
        _section(SourceName.RUCIO, "storages", Storage),
        _section(SourceName.RUCIO, "storage_usages", StorageUsage),
        _section(SourceName.RUCIO, "quotas", Quota, prepared=_quota),
    ),
    SourceName.CRIC: (
        _section(SourceName.CRIC, "sites", Site),
        _section(SourceName.CRIC, "queues", Queue),
        _section(SourceName.CRIC, "storage_endpoints", StorageEndpoint),
        _section(SourceName.CRIC, "services", Service),
        _section(SourceName.CRIC, "downtimes", Downtime),
    ),
    SourceName.IAM: (
        _section(SourceName.IAM, "people", Person),
        _section(SourceName.IAM, "groups", Group),
        _section(SourceName.IAM, "group_members", GroupMember),
    ),
}

"""One search box: a text or a task id, looked for in the names people know, best matches first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.errors import FilterError
from gateway.resolvers.entities import CAMPAIGN, DATASET, PERSON, QUEUE, REQUEST, SITE, STORAGE, TASK
from gateway.resolvers.entity import Entity
from gateway.resolvers.reading import Reading
from gateway.store.base import Base
from gateway.store.datasets import Dataset
from gateway.store.people import Person
from gateway.store.registries import Campaign
from gateway.store.requests import Request
from gateway.store.sites import Queue, Site
from gateway.store.storages import Storage
from gateway.store.tasks import Task
from gateway.store.values import INT64_MAX, storable_text

# Shorter texts match nearly everything.
MIN_TEXT_CHARS = 2
MAX_HITS = 100
# Words in one search; each must match.
MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Field:
    """A column that is searched, and what people call it."""

    name: str
    column: InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Searched:
    """A kind of thing that is searched: the first field is its name, which ranks the hits."""

    entity: Entity[Any]
    fields: tuple[Field, ...]


SEARCHED = (
    Searched(
        REQUEST,
        (
            Field("name", Request.name),
            Field("tag", Request.tag),
            Field("requested by", Request.requested_by),
            Field("description", Request.description),
        ),
    ),
    Searched(TASK, (Field("name", Task.name), Field("user", Task.user_name))),
    Searched(DATASET, (Field("DID", Dataset.did),)),
    Searched(PERSON, (Field("user name", Person.username), Field("name", Person.display_name))),
    Searched(SITE, (Field("name", Site.name),)),
    Searched(QUEUE, (Field("name", Queue.name),)),
    Searched(STORAGE, (Field("name", Storage.name),)),
    Searched(CAMPAIGN, (Field("name", Campaign.name),)),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found, and in which of its fields the first word stands."""

    row: Base
    matched: str


async def search(reading: Reading, text: str, kinds: frozenset[str] | None, first: int) -> Sequence[Hit]:
    """Return at most `first` hits per kind, exact names and ids before beginnings before the rest.

    Every word must stand somewhere in the fields of the row; upper and lower case are alike. A whole number
    is also looked for as a task id. One statement per kind.
    """
    words = storable_text(text).lower().split()
    if len(text.strip()) < MIN_TEXT_CHARS:
        raise FilterError(f"search for at least {MIN_TEXT_CHARS} characters")
    if len(words) > MAX_WORDS:
        raise FilterError(f"search for at most {MAX_WORDS} words")
    if not 1 <= first <= MAX_HITS:
        raise FilterError(f"`first` is {first}: a search gives 1 to {MAX_HITS} hits of each kind")
    hits: list[Hit] = []
    for searched in SEARCHED:
        if kinds is None or searched.entity.name in kinds:
            hits += await _hits(reading, searched, words, first)
    return hits


async def _hits(reading: Reading, searched: Searched, words: Sequence[str], first: int) -> list[Hit]:
    entity, name = searched.entity, searched.fields[0].column
    condition = [_stands_somewhere(searched, word) for word in words]
    rank = case(
        (or_(func.lower(name) == words[0], _has_id(searched, words[0])), 0),
        (func.lower(name).startswith(words[0], autoescape=True), 1),
        else_=2,
    )
    statement = select(entity.model).where(*condition).order_by(rank, name).limit(first)
    if (present := entity.present) is not None:
        statement = statement.where(present)
    return [
        Hit(row, _matched(searched, row, words[0]))
        for (row,) in await reading.rows(statement, sources=entity.sources)
    ]


def _stands_somewhere(searched: Searched, word: str) -> ColumnElement[bool]:
    alternatives: list[ColumnElement[bool]] = [
        func.lower(field.column).contains(word, autoescape=True) for field in searched.fields
    ]
    return or_(_has_id(searched, word), *alternatives)


def _has_id(searched: Searched, word: str) -> ColumnElement[bool]:
    is_id = searched.entity is TASK and word.isascii() and word.isdigit() and int(word) <= INT64_MAX
    return Task.jedi_task_id == int(word) if is_id else false()


def _matched(searched: Searched, row: Base, word: str) -> str:
    for field in searched.fields:
        if word in str(getattr(row, field.column.key) or "").lower():
            return field.name
    return "id"

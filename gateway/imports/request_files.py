"""Requests as YAML, out and in, so that productions can live in a repository beside what they are made from.

One document is one request: its name and version, and its definition. A document without a name is a new
request. What is applied goes the way of every other change: same checks, same history, same trail.
"""

import datetime as dt
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum, unique

import yaml

from gateway.auth.viewer import Viewer
from gateway.domain.definitions import Definition, FieldDifference, as_json, differences, of_json
from gateway.errors import ChangeRefusedError, ImportFileError, InputError, MissingError, SeedOverlapError
from gateway.resolvers.changes.change import Asked, make_change
from gateway.resolvers.changes.create_request import check_definition_storable, create_request
from gateway.resolvers.changes.definitions import read_requests
from gateway.resolvers.changes.update_request import Patch, check_editable, update_request, without_old_seeds
from gateway.store.database import Database
from gateway.store.rows import Rows, rows_of

# What the documents of a file say of each request beside its definition.
_NAME, _VERSION = "name", "version"


@unique
class Applied(StrEnum):
    """What became of a document."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: a request that is there, at the version it was written from, or a new one."""

    number: int
    name: str | None
    version: int | None
    definition: Definition


@dataclass(frozen=True, slots=True)
class Outcome:
    """What applying a document did, or would do; `message` is why it was refused."""

    document: Document
    name: str | None
    applied: Applied
    differences: tuple[FieldDifference, ...] = ()
    message: str | None = None


async def export_requests(database: Database, names: Sequence[str]) -> str:
    """Return the requests as YAML, in the order of their names; raises MissingError for one not there."""
    async with database.snapshot() as session:
        found = await read_requests(rows_of(session), names)
    missing = sorted(set(names) - found.keys())
    if missing:
        raise MissingError(f"There is no request {missing[0][:64]!r}.")
    return write_documents(
        [
            Document(number, each.name, each.version, each.definition)
            for number, each in enumerate(found.values(), start=1)
        ]
    )


def write_documents(documents: Sequence[Document]) -> str:
    """Return the documents as YAML; `read_documents` reads them back as they were."""
    text: str = yaml.safe_dump_all(
        [
            {
                key: value
                for key, value in {
                    _NAME: document.name,
                    _VERSION: document.version,
                    **as_json(document.definition),
                }.items()
                if value is not None and value != []
            }
            for document in documents
        ],
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return text


def read_documents(content: bytes, *, file_name: str) -> Sequence[Document]:
    """Return the documents of a file; raises ImportFileError saying which one cannot be read, and why."""
    try:
        loaded = [each for each in yaml.safe_load_all(content.decode()) if each is not None]
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{file_name} is no text in UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f" in line {mark.line + 1}"
        raise ImportFileError(f"{file_name} is no YAML{place}: {_problem(error)}") from error
    return [_document(number, each, file_name) for number, each in enumerate(loaded, start=1)]


async def apply_documents(
    database: Database,
    documents: Sequence[Document],
    *,
    content: bytes,
    viewer: Viewer,
    now: dt.datetime,
    dry_run: bool,
) -> Sequence[Outcome]:
    """Bring the requests to what the documents say, one by one, or only say what would change.

    A document that is refused is reported and changes nothing; the others are applied. A file that was
    applied before changes nothing: new requests are made once for each file and document.
    """
    digest = hashlib.sha256(content).hexdigest()
    return [
        await _apply(database, document, f"{digest} {document.number}", viewer, now, dry_run=dry_run)
        for document in documents
    ]


async def _apply(
    database: Database, document: Document, key: str, viewer: Viewer, now: dt.datetime, *, dry_run: bool
) -> Outcome:
    try:
        async with database.snapshot() as session:
            planned = await _planned(rows_of(session), document)
        if dry_run or planned.applied is Applied.UNCHANGED:
            return planned
        return await _written(database, document, planned, key, viewer, now)
    except (ChangeRefusedError, InputError, SeedOverlapError) as error:
        return Outcome(document, document.name, Applied.REFUSED, message=error.message)


async def _planned(rows: Rows, document: Document) -> Outcome:
    """What the document would do; seeds that are left out are given when it is applied."""
    if document.name is None:
        await check_definition_storable(rows, document.definition)
        return Outcome(document, None, Applied.CREATED, differences(None, document.definition))
    found = await read_requests(rows, [document.name])
    if document.name not in found:
        raise MissingError(
            f"There is no request {document.name[:64]!r}. Leave the name out to make a new one."
        )
    stored = found[document.name]
    after = _patch(document).applied_to(stored.definition)
    changed = differences(stored.definition, after)
    if not changed:
        return Outcome(document, document.name, Applied.UNCHANGED)
    if document.version is not None and document.version != stored.version:
        raise ChangeRefusedError(
            f"{document.name} is at version {stored.version}, the file was written from {document.version}. "
            "Export it again and edit that."
        )
    check_editable(stored, after, asks_for_seeds=False)
    await check_definition_storable(rows, without_old_seeds(stored.definition, after))
    return Outcome(document, document.name, Applied.CHANGED, changed)


async def _written(
    database: Database, document: Document, planned: Outcome, key: str, viewer: Viewer, now: dt.datetime
) -> Outcome:
    if document.name is None:
        asked = Asked(viewer, now, "applyRequest", key, {"definition": as_json(document.definition)})
        work = functools.partial(create_request, definition=document.definition)
        made = await make_change(database, asked, work)
        applied = Applied.UNCHANGED if made.is_repeated else Applied.CREATED
        return Outcome(document, made.text("request"), applied, planned.differences)
    async with database.snapshot() as session:
        stored = (await read_requests(rows_of(session), [document.name]))[document.name]
    version = stored.version if document.version is None else document.version
    edit = functools.partial(
        update_request, name=document.name, expected_version=version, patch=_patch(document)
    )
    # The version belongs to the key: the same file may be applied again after somebody went back.
    asked = Asked(viewer, now, "applyRequest", f"{key} {version}", {"name": document.name})
    await make_change(database, asked, edit)
    return planned


def _patch(document: Document) -> Patch:
    """Every field that the document states; seeds that it leaves out stay what they are."""
    values = {
        each.name: getattr(document.definition, each.name)
        for each in fields(Definition)
        if each.name != "seeds" or document.definition.seeds
    }
    return Patch(values)


def _document(number: int, loaded: object, file_name: str) -> Document:
    where = f"Document {number} of {file_name}"
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ImportFileError(f"{where} is no list of fields.")
    name, version = loaded.pop(_NAME, None), loaded.pop(_VERSION, None)
    if name is not None and not isinstance(name, str):
        raise ImportFileError(f"{where}: `name` is a text.")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise ImportFileError(f"{where}: `version` is a whole number.")
    try:
        return Document(number, name, version, of_json(loaded))
    except InputError as error:
        raise ImportFileError(f"{where}: {error.message}") from error


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be read")

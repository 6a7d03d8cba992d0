"""Importing the requests database, exported in the form of the CHEP 2025 talk, by the code that reads sheets.

Its records are laid out as rows of the two lists they came from; what they mean is `understand`'s to say.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.errors import ImportFileError
from gateway.imports.document import what_is_not_json
from gateway.imports.drafts import Reading
from gateway.imports.report import ImportReport
from gateway.imports.requests import import_readings
from gateway.imports.table import MAX_FILE_BYTES, MAX_ROWS, Table, TableRow
from gateway.imports.understand import understand_requests, understand_steps
from gateway.store.database import Database

_REQUEST_COLUMNS: Final[Mapping[str, str]] = {
    "name": "Production name/ID",
    "status": "Status",
    "stage": "Stage",
    "collision_type": "Collision type",
    "geometry": "Geometry type",
    "energy_gev": "Energy",
    "polarization": "Polarization",
    "tag": "Short description (for datasets naming)",
    "events": "Number of events",
    "events_per_file": "Events per file",
    "processing": "Processing type",
    "campaign": "Campaign",
    "description": "Description",
    "requested_by": "Requested by",
    "origin": "Origin",
    "legacy_id": "Legacy ID",
}
# Two keys of the record make one cell of the sheet.
_JOINED_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "Software type/version": ("software_project", "software_version"),
    "Initial seed": ("seed_first", "seed_last"),
}
_JOINED_KEYS: Final = frozenset(key for keys in _JOINED_COLUMNS.values() for key in keys)
_PROCESSING_COLUMNS: Final[Mapping[str, str]] = {
    "id": "Processing ID",
    "request": "Production name/ID",
    "type": "Processing type",
    "script": "Script",
    "dsn_pattern": "Dataset name pattern",
    "input_datasets": "Input datasets",
    "output_datasets": "Output datasets",
    "description": "Description",
}
_LIST_SEPARATORS: Final = {"geometry": ", "}


async def import_talk(
    database: Database,
    document: bytes,
    *,
    file_name: str,
    imported_by: str | None,
    at: dt.datetime,
    dry_run: bool = False,
) -> ImportReport:
    """Take in the `requests` and `processings` of the document; rows are numbered through both lists from 1.

    Raises ImportFileError when the document is not of that form; otherwise as `import_requests`.
    """
    return await import_readings(
        database,
        understand_talk(document, file_name=file_name),
        file_name=file_name,
        sha256=hashlib.sha256(document).hexdigest(),
        imported_by=imported_by,
        at=at,
        dry_run=dry_run,
    )


def understand_talk(document: bytes, *, file_name: str) -> tuple[Reading, ...]:
    """Read the document's requests, then its processings; raises ImportFileError as `import_talk` does."""
    content = _parsed(document, file_name)
    requests = [_request_cells(record) for record in _records(content, "requests", file_name)]
    processings = [
        _cells(record, _PROCESSING_COLUMNS) for record in _records(content, "processings", file_name)
    ]
    readings = understand_requests(
        _table(requests, [*_REQUEST_COLUMNS.values(), *_JOINED_COLUMNS], file_name)
    )
    steps = understand_steps(_table(processings, list(_PROCESSING_COLUMNS.values()), file_name))
    return readings + tuple(replace(step, number=step.number + len(readings)) for step in steps)


def _request_cells(record: Mapping[str, object]) -> dict[str, str]:
    """A request's record as a row of the sheet, which keeps software and seeds in one cell each."""
    cells = _cells({key: value for key, value in record.items() if key not in _JOINED_KEYS}, _REQUEST_COLUMNS)
    joined = {
        column: "-".join(text for key in keys if (text := _text(key, record.get(key))))
        for column, keys in _JOINED_COLUMNS.items()
    }
    return cells | joined


def _cells(record: Mapping[str, object], columns: Mapping[str, str]) -> dict[str, str]:
    return {columns.get(key, key): _text(key, value) for key, value in record.items()}


def _text(key: str, value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list():
            return _LIST_SEPARATORS.get(key, "\n").join(_text(key, item) for item in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _table(rows: Sequence[Mapping[str, str]], columns: Sequence[str], file_name: str) -> Table:
    extra = dict.fromkeys(column for row in rows for column in row if column not in columns)
    numbered = tuple(TableRow(number, cells) for number, cells in enumerate(rows, start=1))
    return Table(file_name, "", (*columns, *extra), numbered)


def _parsed(document: bytes, file_name: str) -> Mapping[str, object]:
    if len(document) > MAX_FILE_BYTES:
        raise ImportFileError(
            f"{file_name} has {len(document):,} bytes. At most {MAX_FILE_BYTES:,} are read."
        )
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(
            f"{file_name} is not JSON: {what_is_not_json(error)}. Export the requests again."
        ) from error
    if not isinstance(content, dict):
        raise ImportFileError(
            f"{file_name} is not an export of requests: it must be an object with `requests`."
        )
    return content


def _records(content: Mapping[str, object], key: str, file_name: str) -> Sequence[Mapping[str, object]]:
    records = content.get(key, [])
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ImportFileError(f"{file_name} is not an export of requests: `{key}` must be a list of objects.")
    if len(records) > MAX_ROWS:
        raise ImportFileError(f"{file_name} has {len(records):,} {key}. At most {MAX_ROWS:,} are read.")
    return records

"""From the texts of a row to a draft: tolerant of how people write, never guessing what they mean.

Nothing here looks at what is stored; a row that cannot be read says which cell and why.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from gateway.domain.names import SIM, RequestName, StepKind, Tag, step_kind
from gateway.domain.numbers import DASHES, parse_count, parse_energy, parse_seed_range
from gateway.domain.seeds import INT64_MAX, SeedRange
from gateway.domain.states import Intent, intent_of_word
from gateway.errors import ImportFileError, InputError
from gateway.imports.drafts import Echo, Problem, Reading, RequestDraft, StepDraft
from gateway.imports.table import Table, TableRow

T = TypeVar("T")

# How the columns of the 2025 lists are called (CHEP 2025 talk), ours first, then what people also write.
REQUEST_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("production name/id", "production name", "production", "request", "name"),
    "stage": ("stage",),
    "collision": ("collision type", "collision", "collisions"),
    "geometry": ("geometry type", "geometry"),
    "energy": ("energy", "beam energy", "energy gev", "beam energy gev"),
    "polarization": ("polarization", "polarisation"),
    "software": ("software type/version", "software version", "software"),
    "tag": ("short description for datasets naming", "short description", "tag"),
    "events": ("number of events", "events"),
    "events_per_file": ("events per file", "events/file"),
    "seeds": ("initial seed", "initial seeds", "seeds", "seed range"),
    "status": ("status",),
    "processing": ("processing type", "processing types", "processing", "steps"),
    "campaign": ("campaign",),
    "description": ("description", "comment", "comments", "remarks"),
    "priority": ("priority",),
    "requested_by": ("requested by", "requester", "author"),
    "origin": ("origin",),
    "legacy_id": ("legacy id",),
}
REQUEST_OPTIONAL: Final = frozenset(
    {"status", "processing", "campaign", "description", "priority", "requested_by", "origin", "legacy_id"}
)
STEP_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": REQUEST_COLUMNS["name"],
    "kind": ("processing type", "type", "step"),
    "script": ("script",),
    "pattern": ("dataset name pattern", "dsn pattern"),
    "inputs": ("input datasets",),
    "outputs": ("output datasets",),
    "description": REQUEST_COLUMNS["description"],
}
STEP_OPTIONAL: Final = frozenset({"script", "pattern", "inputs", "outputs", "description"})

_SOFTWARE = re.compile(r"(?P<project>[A-Za-z]+(?:-[A-Za-z]+)?)[\s-]+v?(?P<version>[0-9]+(?:\.[0-9]+)*)")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_STAGE = re.compile(r"[A-Z][A-Z0-9]{0,7}")
_COLLISION = re.compile(r"[a-z]{2}")
_POLARIZATION = re.compile(r"[ULT]{2}")
# A comma inside brackets belongs to the component: "ZDC (sketch, v2)".
_LIST_ITEM = re.compile(r"(?:[^,;\n(]|\([^)]*\)|\()+")
_EXTENDS = re.compile(r"\badditional to (PROD[0-9]{4}-[0-9]{3,9})\b", re.IGNORECASE)

# Bounds of the columns these texts are stored in.
_WORD_LIMIT: Final = 64
_PATH_LIMIT: Final = 500
_TAG_LIMIT: Final = 200
_DID_LIMIT: Final = 276
_VERSION_LIMIT: Final = 32
_KIND_LIMIT: Final = 16
_ORIGIN_LIMIT: Final = 16
# A list of components or steps is a line or two.
_LIST_LIMIT: Final = 2_000

_PLAIN_DASHES = str.maketrans(dict.fromkeys(DASHES, "-"))
_NO_TAG = Tag("none", "none", "none0")


def understand_requests(table: Table) -> tuple[Reading, ...]:
    """Read each row as a request; ImportFileError when the table lacks a column no request can do without."""
    columns = _place(table, REQUEST_COLUMNS, REQUEST_OPTIONAL)
    return tuple(_request(row, columns) for row in table.rows)


def understand_steps(table: Table) -> tuple[Reading, ...]:
    """Read each row as a processing step of a request; ImportFileError as for requests."""
    columns = _place(table, STEP_COLUMNS, STEP_OPTIONAL)
    return tuple(_step(row, columns) for row in table.rows)


def unplaced_columns(table: Table) -> tuple[str, ...]:
    """The columns of a request list that nobody explained to us; their cells are kept with the requests."""
    placed = set(_place(table, REQUEST_COLUMNS, REQUEST_OPTIONAL).values())
    return tuple(column for column in table.columns if column not in placed)


class _Row:
    """A row being read: what it says goes out, what went wrong and what was rewritten stays here."""

    def __init__(self, row: TableRow, columns: Mapping[str, str]) -> None:
        self.row = row
        self.columns = columns
        self.echoes: list[Echo] = []
        self.problems: list[Problem] = []

    def text(self, field: str) -> str:
        return self.row.cells.get(self.columns.get(field, ""), "")

    def read(self, field: str, parse: Callable[[str], T], stand_in: T, shown: Callable[[T], str] = str) -> T:
        """Read a cell that must say something; after a problem the stand-in lets reading go on."""
        if not self.text(field).strip():
            self.problems.append(Problem(self.columns[field], "is empty."))
        value = self.read_if(field, parse, shown)
        return stand_in if value is None else value

    def read_if(self, field: str, parse: Callable[[str], T], shown: Callable[[T], str] = str) -> T | None:
        """Read a cell that may be empty or have no column; None then, and after a problem."""
        text = self.text(field)
        if not text.strip():
            return None
        column = self.columns[field]
        try:
            value = parse(text)
        except InputError as error:
            self.problems.append(Problem(column, error.message))
            return None
        if shown(value) != text:
            self.echoes.append(Echo(column, text, shown(value)))
        return value

    def unplaced(self) -> dict[str, str]:
        placed = set(self.columns.values())
        return {name: cell for name, cell in self.row.cells.items() if name not in placed and cell.strip()}

    def reading(self, subject: str | None, draft: RequestDraft | StepDraft) -> Reading:
        return Reading(
            number=self.row.number,
            cells=self.row.cells,
            subject=subject,
            draft=None if self.problems else draft,
            echoes=tuple(self.echoes),
            problems=tuple(self.problems),
            columns=self.columns,
        )


def _request(row: TableRow, columns: Mapping[str, str]) -> Reading:
    cells = _Row(row, columns)
    name = cells.read("name", _request_name, "")
    project, version = cells.read("software", _software, ("", ""), lambda pair: f"{pair[0]} {pair[1]}")
    draft = RequestDraft(
        name=name,
        stage=cells.read("stage", _stage, ""),
        software_project=project,
        software_version=version,
        collision_type=cells.read("collision", _collision, ""),
        energy_gev=cells.read(
            "energy", lambda text: parse_energy(text).value, Decimal(1), lambda e: f"{e} GeV"
        ),
        polarization=cells.read("polarization", _polarization, ""),
        tag=str(cells.read("tag", _tag, _NO_TAG, _shown_tag)),
        events=cells.read("events", lambda text: parse_count(text).value, 1),
        events_per_file=cells.read("events_per_file", lambda text: parse_count(text).value, 1),
        seeds=cells.read("seeds", lambda text: parse_seed_range(text).value, SeedRange(1, 1)),
        geometry=cells.read("geometry", _geometry, (), ", ".join),
        intent=_intent(cells),
        steps=cells.read_if("processing", _kinds, ", ".join) or (),
        campaign=cells.read_if("campaign", _word),
        description=cells.read_if("description", str),
        priority=cells.read_if("priority", _priority),
        requested_by=cells.read_if("requested_by", _word),
        extends=_extended(cells.text("description")) - {name},
        origin=cells.read_if("origin", _origin) or "spreadsheet",
        legacy_id=cells.read_if("legacy_id", lambda text: parse_count(text).value),
        unplaced=cells.unplaced() or None,
    )
    return cells.reading(name or None, draft)


def _step(row: TableRow, columns: Mapping[str, str]) -> Reading:
    cells = _Row(row, columns)
    name = cells.read("name", _request_name, "")
    draft = StepDraft(
        request_name=name,
        kind=cells.read("kind", step_kind, SIM),
        script=cells.read_if("script", _path),
        dataset_pattern=cells.read_if("pattern", _path),
        description=cells.read_if("description", str),
        inputs=frozenset(cells.read_if("inputs", _dids, "\n".join) or ()),
        outputs=frozenset(cells.read_if("outputs", _dids, "\n".join) or ()),
        extends=_extended(cells.text("description")) - {name},
    )
    return cells.reading(name or None, draft)


def _place(table: Table, known: Mapping[str, tuple[str, ...]], optional: frozenset[str]) -> dict[str, str]:
    """Find for each field the column that holds it, whatever case, spacing and brackets its name has."""
    by_plain_name = {_plain_name(column): column for column in reversed(table.columns)}
    columns = {
        field: by_plain_name[alias]
        for field, aliases in known.items()
        for alias in reversed(aliases)
        if alias in by_plain_name
    }
    missing = [known[field][0] for field in known if field not in optional and field not in columns]
    if missing:
        found = ", ".join(repr(column) for column in table.columns[:30])
        raise ImportFileError(
            f"{table.file_name} lacks the columns {', '.join(missing)}. Found: {found}. "
            "Name the columns in the first row, and separate them by commas or semicolons."
        )
    return columns


def _plain_name(column: str) -> str:
    return " ".join(re.sub(r"[^\w/]+", " ", column.lower()).split())


def _tidy(text: str) -> str:
    """One blank between words, every dash a plain one: word processors replace both behind people's backs."""
    return " ".join(text.translate(_PLAIN_DASHES).split())


def _request_name(text: str) -> str:
    return str(RequestName.parse(_tidy(text).upper()))


def _software(text: str) -> tuple[str, str]:
    parts = _SOFTWARE.fullmatch(_tidy(text))
    if parts is None or len(parts["project"]) > _WORD_LIMIT or len(parts["version"]) > _VERSION_LIMIT:
        raise InputError(f"{text[:80]!r} is not a software version. Write it like spdroot-dev-4.1.7.2.")
    return parts["project"], parts["version"]


def _stage(text: str) -> str:
    return _matching(_STAGE, text.strip().upper(), "a stage", "S1")


def _collision(text: str) -> str:
    return _matching(_COLLISION, text.strip().lower(), "a collision type", "pp")


def _polarization(text: str) -> str:
    return _matching(_POLARIZATION, text.strip().upper(), "a polarization", "UU, two of U, L, T")


def _matching(pattern: re.Pattern[str], text: str, what: str, example: str) -> str:
    if pattern.fullmatch(text) is None:
        raise InputError(f"{text[:80]!r} is not {what}. Write it like {example}.")
    return text


def _tag(text: str) -> Tag:
    return Tag.parse(_short(_tidy(text), _TAG_LIMIT))


def _shown_tag(tag: Tag) -> str:
    return f"{tag.name} (set apart: {' '.join(tag.flags)})" if tag.flags else tag.name


def _geometry(text: str) -> tuple[str, ...]:
    names = [_tidy(item) for item in _LIST_ITEM.findall(_short(text, _LIST_LIMIT))]
    return tuple(dict.fromkeys(_short(name, _WORD_LIMIT) for name in names if name))


def _kinds(text: str) -> tuple[StepKind, ...]:
    words = re.split(r"[\s,;+/&]+", _short(text, _LIST_LIMIT).strip())
    return tuple(dict.fromkeys(step_kind(_short(word, _KIND_LIMIT)) for word in words if word))


def _intent(cells: _Row) -> Intent | None:
    """The status as it counts, None where the list has none; "obsolete" anywhere in the texts wins."""
    texts = f"{cells.text('description')} {cells.text('tag')}"
    read = cells.read_if("status", lambda word: intent_of_word(word, texts))
    if read is None and intent_of_word(Intent.DRAFT, texts) is Intent.OBSOLETE:
        return Intent.OBSOLETE
    return read


def _priority(text: str) -> int:
    """Any whole number: PanDA takes those below zero too."""
    plain = _tidy(text)
    if _WHOLE.fullmatch(plain) is None or abs(int(plain)) > INT64_MAX:
        raise InputError(f"{text[:40]!r} is no priority. Write a whole number, such as 5, 0 or -1.")
    return int(plain)


def _word(text: str) -> str:
    return _short(_tidy(text), _WORD_LIMIT)


def _origin(text: str) -> str:
    return _short(text.strip(), _ORIGIN_LIMIT)


def _path(text: str) -> str:
    return _short(text.strip(), _PATH_LIMIT)


def _dids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_short(did, _DID_LIMIT) for did in text.split()))


def _extended(text: str) -> frozenset[str]:
    return frozenset(name.upper() for name in _EXTENDS.findall(text))


def _short(text: str, limit: int) -> str:
    if len(text) > limit:
        raise InputError(f"{text[:40]!r}… has {len(text)} characters. At most {limit} are kept.")
    return text

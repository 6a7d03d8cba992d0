"""What can be listed and shown at the command line, and which thing somebody means by an id."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.errors import InputError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its list in the schema, what is shown of it, and by what it is looked up and found."""

    lists: str
    one: str
    key: str
    key_type: str
    type_name: str
    columns: tuple[str, ...]
    sort: str
    searched: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "requests": Kind(
            "requests",
            "request",
            "name",
            "String!",
            "Request",
            ("name", "stageName", "energyGev", "polarization", "events", "intent", "execution", "tag"),
            "NAME",
            "name",
        ),
        "tasks": Kind(
            "tasks",
            "task",
            "jediTaskId",
            "BigInt!",
            "Task",
            ("jediTaskId", "name", "status", "jobsFinished", "jobsExpected", "userName", "endedAt"),
            "JEDI_TASK_ID",
            "name",
        ),
        "datasets": Kind(
            "datasets",
            "dataset",
            "did",
            "String!",
            "Dataset",
            ("did", "fileCount", "sizeBytes", "eventCount", "isOpen", "expiresAt"),
            "DID",
            "did",
        ),
        "sites": Kind(
            "sites",
            "site",
            "name",
            "String!",
            "Site",
            ("name", "country", "state", "cores", "storageUsableBytes"),
            "NAME",
            "name",
        ),
        "findings": Kind(
            "findings",
            "finding",
            "id",
            "ID!",
            "Finding",
            ("severity", "invariant", "code", "subjectKey", "message", "suggestion"),
            "SEVERITY",
            "subjectKey",
        ),
    }
)

_REQUEST: Final = re.compile(r"PROD[0-9]{4}-[0-9]{3,9}", re.IGNORECASE)
_STEP: Final = re.compile(r"(?P<request>PROD[0-9]{4}-[0-9]{3,9})\.(?P<step>[A-Z][A-Z0-9]*)(?:\.[0-9]+)?")
_DID: Final = re.compile(r"[A-Za-z0-9._-]+:\S+")
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")

# What `show` asks for besides the columns.
DETAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "requests": """
          campaignName softwareProject softwareVersion collisionType eventsPerFile jobs seeds priority
          requestedBy isTest version
          completeness { fraction reason }
          steps {
            kind execution script
            completeness { expected { files } processed { files } registered { files } }
            attempts { number state task { jediTaskId status jobsFinished jobsExpected jobsFailed } }
          }
          datasets(first: 100) { nodes { did fileCount sizeBytes isOpen } }
          findings(first: 100) { nodes { severity code message } }
        """,
        "tasks": """
          jobsFailed createdAt startedAt errorDialog requestName stepKind attemptNumber outputBytes
          jobCounts { queueName jobState jobs }
          datasets { did fileCount sizeBytes isOpen }
          syncedAt isStale
        """,
        "datasets": """
          account createdAt closedAt requestName stepKind attemptNumber dataType
          rules { rseExpression state account expiresAt }
          replicas { rseName state availableFiles fileCount }
          syncedAt isStale
        """,
        "sites": "centreName queues { name status } storages { name } downtimes { startsAt endsAt severity }",
    }
)


def kind_of_id(text: str) -> tuple[str, object]:
    """Return what a text means: `PROD2025-016`, a task's number, a DID, or a site's name.

    A step or an attempt (`PROD2025-016.SIM.1`) means its request. Raises InputError for what is none of them.
    """
    word = text.strip()
    if _REQUEST.fullmatch(word):
        return "requests", word.upper()
    if step := _STEP.fullmatch(word):
        return "requests", step["request"]
    if word.isascii() and word.isdigit() and len(word) <= 18:
        return "tasks", int(word)
    if _DID.fullmatch(word):
        return "datasets", word
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{1,40}", word):
        return "sites", word
    raise InputError(
        f"{word[:60]!r} is no id: give a request (PROD2025-016), a task's number (365), "
        "a dataset (scope:name) or a site (JINR)"
    )


def selection_of(fields: tuple[str, ...]) -> str:
    """Return fields such as `name` and `request.intent` as GraphQL selects them; raises InputError."""
    tree: dict[str, dict[str, object]] = {}
    for field in fields:
        if not _FIELD.fullmatch(field):
            raise InputError(f"{field[:40]!r} is no field; write fields like name,status,request.intent")
        place: dict[str, object] = tree  # type: ignore[assignment]
        for part in field.split("."):
            place = place.setdefault(part, {})  # type: ignore[assignment]
    return _written(tree)


def _written(tree: Mapping[str, object]) -> str:
    parts = []
    for name, below in tree.items():
        inner = _written(below) if isinstance(below, dict) and below else ""
        parts.append(f"{name} {{ {inner} }}" if inner else name)
    return " ".join(parts)

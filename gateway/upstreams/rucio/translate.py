"""What Rucio's columns are called with us; what it does not say stays None, and nothing is judged."""

import datetime as dt
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from gateway.domain.seeds import INT64_MAX

Wire = Mapping[str, Any]
Record = dict[str, object]

_DATASET: Final = {
    "did_type": "did_type",
    "account": "account",
    "is_open": "is_open",
    "bytes": "size_bytes",
    "length": "file_count",
    "events": "event_count",
    "task_id": "jedi_task_id",
}
_DATASET_MOMENTS: Final = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "closed_at": "closed_at",
    "expired_at": "expires_at",
}
_RULE: Final = {
    "id": "rule_id",
    "account": "account",
    "rse_expression": "rse_expression",
    "copies": "copies",
    "state": "state",
    "locks_ok_cnt": "locks_ok",
    "locks_replicating_cnt": "locks_replicating",
    "locks_stuck_cnt": "locks_stuck",
    "activity": "activity",
    "error": "error",
}
_RULE_MOMENTS: Final = {"created_at": "created_at", "updated_at": "updated_at", "expires_at": "expires_at"}
_REPLICA: Final = {
    "rse": "rse_name",
    "state": "state",
    "bytes": "size_bytes",
    "length": "file_count",
    "available_bytes": "available_bytes",
    "available_length": "available_files",
}
_REPLICA_MOMENTS: Final = {"created_at": "created_at", "accessed_at": "accessed_at"}
_STORAGE: Final = {
    "rse": "name",
    "rse_type": "rse_type",
    "deterministic": "is_deterministic",
    "volatile": "is_volatile",
    "availability_read": "can_read",
    "availability_write": "can_write",
    "availability_delete": "can_delete",
}
# Of /requests/metrics, Rucio 41.5: what is queued now, and what came or failed in the last six hours.
_TRANSFERS: Final = {
    "queued_files": ("files", "queued-total"),
    "queued_bytes": ("bytes", "queued-total"),
    "done_files": ("files", "done-total-6h"),
    "failed_files": ("files", "failed-total-6h"),
}
TRANSFER_COUNTS: Final = tuple(f"{way}_{name}" for way in ("in", "out") for name in _TRANSFERS)
_USAGE: Final = {"source": "usage_kind", "used": "used_bytes", "free": "free_bytes", "files": "file_count"}
_QUOTA: Final = {
    "account": "account",
    "rse": "rse_name",
    "quota_bytes": "limit_bytes",
    "used_bytes": "used_bytes",
    "used_files": "used_files",
}


def dataset(wire: Wire) -> Record:
    """A dataset or container; sizes are None while it is open."""
    return {"did": did(wire), **_renamed(wire, _DATASET), **_moments(wire, _DATASET_MOMENTS)}


def rule(wire: Wire) -> Record:
    """A replication rule."""
    return {"did": did(wire), **_renamed(wire, _RULE), **_moments(wire, _RULE_MOMENTS)}


def replica(wire: Wire) -> Record:
    """What of a dataset is at a storage."""
    return {"did": did(wire), **_renamed(wire, _REPLICA), **_moments(wire, _REPLICA_MOMENTS)}


def storage(wire: Wire, transfers: Mapping[str, Mapping[str, int]] | None) -> Record:
    """A storage; versions before 33 may lack the separate availabilities, which are then not said.

    `transfers` is what is on its way by storage, None where nobody knows.
    """
    counts: Mapping[str, int | None] = dict.fromkeys(TRANSFER_COUNTS)
    if transfers is not None:
        counts = transfers.get(str(wire.get("rse")), dict.fromkeys(TRANSFER_COUNTS, 0))
    return {**_renamed(wire, _STORAGE), **counts}


def transfers(rows: Iterable[Wire]) -> Mapping[str, Mapping[str, int]] | None:
    """What is on its way to and from each storage, summed over the other ends; None if it makes no sense.

    Without a part Rucio means 0. A request counts as soon as Rucio has chosen where to take the file from.
    """
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        for way, rse in (("out", row.get("src_rse")), ("in", row.get("dst_rse"))):
            counts = found.setdefault(str(rse), dict.fromkeys(TRANSFER_COUNTS, 0))
            for name, (part, total) in _TRANSFERS.items():
                said = row.get(part, {})
                number = said.get(total, 0) if isinstance(said, dict) else None
                # Rucio adds up bytes as floating point on PostgreSQL.
                if not isinstance(number, int | float) or not 0 <= number < INT64_MAX:
                    return None
                counts[f"{way}_{name}"] += int(number)
    return found


def usage(wire: Wire, rse: str) -> Record:
    """The use of a storage as one accounting kind counts it.

    Rucio fills `total` with what is used where it does not know what is free; that is no total.
    """
    return {
        "rse_name": rse,
        **_renamed(wire, _USAGE),
        "total_bytes": None if wire.get("free") is None else wire.get("total"),
        **_moments(wire, {"updated_at": "updated_at"}),
    }


def quota(wire: Wire) -> Record | None:
    """What an account may keep and keeps at a storage; None where it may and keeps nothing.

    Rucio answers for every account, whether or not it has anything to do with the storage.
    """
    limit, used = wire.get("quota_bytes"), wire.get("used_bytes")
    if limit is None and not used and not wire.get("used_files"):
        return None
    record = _renamed(wire, _QUOTA)
    if limit == -1:
        record |= {"limit_bytes": None, "is_unlimited": True}
    return record


def did(wire: Wire) -> object:
    """The DID as one text, or what was sent where that is not two texts: the record is then set aside."""
    scope, name = wire.get("scope"), wire.get("name")
    return f"{scope}:{name}" if isinstance(scope, str) and isinstance(name, str) else None


def moment(value: object) -> object:
    """A moment as ISO 8601 in UTC, from either form that Rucio writes; anything else as it came."""
    if not isinstance(value, str):
        return value
    try:
        # "Sun, 22 Nov 2026 12:18:41 UTC" in most answers, "2026-11-22T12:18:41" without a zone in some.
        read = (
            parsedate_to_datetime(value.replace(" UTC", " GMT"))
            if "," in value
            else dt.datetime.fromisoformat(value)
        )
        utc = read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return value
    return utc.isoformat()


def _renamed(wire: Wire, names: Mapping[str, str]) -> Record:
    return {ours: wire.get(theirs) for theirs, ours in names.items()}


def _moments(wire: Wire, names: Mapping[str, str]) -> Record:
    return {ours: moment(wire.get(theirs)) for theirs, ours in names.items()}

"""CRIC's objects as our records; only the fields named here leave, so no contact or credential ever does.

Field names are CRIC's of 2022 to 2026, and those of AGIS before it where they differ. A value of another kind
than ours is passed on as it is: whoever takes the record in decides.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.errors import GarbledError
from gateway.upstreams.cric.client import SOURCE, Document, Entry
from gateway.upstreams.ports import Record

# `affected` is a text that we make; the column takes 500 characters.
MAX_AFFECTED: Final = 500
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+")

# What a centre says of its sites.
_OF_CENTRE: Final = frozenset({"country", "cores", "storage_usable_bytes", "latitude", "longitude"})


def entries_of(document: Document, what: str) -> Iterator[tuple[str, Entry]]:
    """Yield a listing's entries with their keys; raises GarbledError for anything but objects keyed by name.

    CRIC words its errors as an object of texts ({"error": "..."}), which is a listing of nothing.
    """
    if not isinstance(document.content, Mapping):
        raise GarbledError(SOURCE, f"cric's {what} list is not keyed by name")
    for name, entry in document.content.items():
        yield name, _entry(entry, what)


def site_of(name: str, site: Entry, centres: Mapping[str, Entry]) -> Record:
    """Return the record of `<plugin>/site`; cores and disk are the centre's, which CRIC counts there.

    Of a centre that CRIC names and does not list nothing is said, rather than that it has nothing.

    CRIC has no field for usual cores, raw disk and a remark on the storage: they are read from the site's
    free `params` (`cores_usual`, `storage_raw_bytes`, `storage_note`) where an operator wrote them.
    """
    centre_name = centre_of(site)
    inner = site.get("rcsite")
    centre = centres.get(centre_name or "") or (inner if isinstance(inner, Mapping) else {})
    params = site.get("params")
    said: Entry = params if isinstance(params, Mapping) else {}
    record: Record = {
        "name": name,
        "centre_name": centre_name,
        "country": _text(_first(site.get("country"), site.get("rc_country"), centre.get("country"))),
        "state": _text(site.get("state")),
        "tier_level": _whole(_first(site.get("tier_level"), site.get("rc_tier_level"))),
        "cores": _whole(centre.get("cores")),
        "cores_usual": _whole(said.get("cores_usual")),
        "storage_raw_bytes": _whole(said.get("storage_raw_bytes")),
        "storage_usable_bytes": _whole(centre.get("disk_capacity")),
        "storage_note": _remark(said.get("storage_note")),
        "latitude": _real(_first(site.get("latitude"), centre.get("latitude"))),
        "longitude": _real(_first(site.get("longitude"), centre.get("longitude"))),
    }
    if centre_name is not None and not centre:
        return {name: value for name, value in record.items() if name not in _OF_CENTRE or value is not None}
    return record


def centre_of(entry: Entry) -> str | None:
    """The physical centre of a site or service; instances without one write the text "NULL"."""
    inner = entry.get("rcsite")
    named = inner.get("name") if isinstance(inner, Mapping) else inner
    found = _text(_first(entry.get("rc_site"), named))
    return found if isinstance(found, str) and found != "NULL" else None


def queue_of(name: str, queue: Entry, plugin: str) -> Record:
    """Return the record of `<plugin>/pandaqueue`.

    The PanDA name is `panda_resource` (567 of 567 queues of AGIS 2019, where `name` is "default"). A limit
    of 0 is PanDA's way to say none.
    """
    site = _first(queue.get(f"{plugin}_site"), queue.get("atlas_site"), queue.get("site"))
    return {
        "name": _text(_first(queue.get("panda_resource"), name)),
        "site_name": _text(site),
        "status": _text(queue.get("status")),
        "state": _text(queue.get("state")),
        "comment": _remark(queue.get("comment")),
        "queue_type": _text(queue.get("type")),
        "resource_type": _text(queue.get("resource_type")),
        "core_count": _whole(queue.get("corecount")) or None,
        "max_rss_mb": _whole(queue.get("maxrss")) or None,
        "max_walltime_s": _whole(queue.get("maxtime")) or None,
    }


def storage_endpoint_of(name: str, endpoint: Entry) -> Record:
    """Return the record of `<plugin>/ddmendpoint`: its key is the Rucio name, which `name` may contradict."""
    return {
        "rse_name": name,
        "site_name": _text(endpoint.get("site")),
        "state": _text(endpoint.get("state")),
        "state_comment": _remark(endpoint.get("state_comment")),
        "is_tape": endpoint.get("is_tape"),
        "storage_type": _text(endpoint.get("type")),
    }


def service_of(name: str, service: Entry, site_by_centre: Mapping[str, str]) -> Record:
    """Return the record of `core/service`, at the site it names or at the only site of its centre."""
    return {
        "name": name,
        "site_name": _text(_first(service.get("site"), site_by_centre.get(centre_of(service) or ""))),
        "service_type": _text(service.get("type")),
        "flavour": _text(service.get("flavour")),
        "endpoint": _text(service.get("endpoint")),
        "state": _text(service.get("state")),
        "status": _text(service.get("status")),
    }


def downtimes_of(document: Document) -> Iterator[Record]:
    """Yield the records of `core/downtime` that are in force, in whichever shape this CRIC writes them.

    Met so far: lists by site, objects by id by site, and one list.
    """
    content = document.content
    by_site = content.items() if isinstance(content, Mapping) else [(None, content)]
    for site, group in by_site:
        if isinstance(group, Mapping):
            one_is_all = "start_time" in group
            pairs = [(None, group)] if one_is_all else list(group.items())
        elif isinstance(group, list | tuple):
            pairs = [(None, one) for one in group]
        else:
            raise GarbledError(SOURCE, "cric's downtime list has something that is no downtime")
        for key, one in pairs:
            entry = _entry(one, "downtime")
            if entry.get("state") != "DISABLED":
                yield _downtime(site, key, entry)


def _downtime(site: str | None, key: str | None, entry: Entry) -> Record:
    return {
        "downtime_id": _whole(_first(entry.get("id"), key)),
        "site_name": _text(_first(entry.get("site"), site, entry.get("rc_site"))),
        "severity": _text(entry.get("severity")),
        "classification": _text(entry.get("classification")),
        "starts_at": _moment(entry.get("start_time")),
        "ends_at": _moment(entry.get("end_time")),
        "affected": _affected(entry),
        "description": _remark(entry.get("description")),
    }


def _affected(entry: Entry) -> object:
    """The services by name where CRIC lists them, else its summary of their kinds ("CE")."""
    services = entry.get("services")
    listed = services if isinstance(services, list) else []
    names = [str(one["name"]) for one in listed if isinstance(one, Mapping) and one.get("name")]
    if not names:
        return _remark(entry.get("affected_services"))
    text = ", ".join(names)
    return text if len(text) <= MAX_AFFECTED else text[: MAX_AFFECTED - 1] + "…"


def _entry(value: object, what: str) -> Entry:
    if not isinstance(value, Mapping):
        raise GarbledError(SOURCE, f"cric's {what} list has an entry that is no object")
    return value


def _first(*values: object) -> object:
    """The first value that says something."""
    return next((value for value in values if value not in (None, "")), None)


def _text(value: object) -> object:
    return value if value != "" else None


def _remark(value: object) -> object:
    """A free text, in which people leave their addresses."""
    return _ADDRESS.sub("(address left out)", value) if isinstance(value, str) and value else _text(value)


def _whole(value: object) -> object:
    """A count; AGIS and CRIC write the same ones as 8, 8.0 and "8"."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return _text(value)


def _real(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _moment(value: object) -> object:
    """A moment in UTC, which is what CRIC means without saying so; "for ever" (2038) stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        read = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()

"""The practice world in CRIC's own words: the objects that a CRIC for SPD would list.

Shapes and field names follow public dumps of CRIC (2022 to 2026); objects, e-mail addresses included, are
made up. The addresses are there to be left out by whoever reads them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.practice import grid
from gateway.practice.talk import Record

PLUGIN: Final = "spd"
CONTACT: Final = "contact-marker@practice.example"

Objects = dict[str, Record]


@dataclass(slots=True)
class CricState:
    """What the practice CRIC knows, by object ("spd/site") and name; tests change it directly.

    `asks_for_identity` says whether downtimes need one, as at CERN's instances.
    """

    objects: dict[str, Objects] = field(default_factory=dict)
    downtimes: dict[str, list[Record]] = field(default_factory=dict)
    asks_for_identity: bool = False


def practice_cric(at: dt.datetime) -> CricState:
    """Return the practice world's CRIC at a moment; the same moment gives the same state."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    stamp = _naive(today.isoformat())
    return CricState(
        objects={
            f"{PLUGIN}/site": {str(one["name"]): _site(one, stamp) for one in grid.sites()},
            "core/rcsite": {str(one["name"]): _centre(one) for one in grid.sites()},
            f"{PLUGIN}/pandaqueue": {str(one["name"]): _queue(one, stamp) for one in grid.queues()},
            f"{PLUGIN}/ddmendpoint": {
                str(one["rse_name"]): _endpoint(one, stamp) for one in grid.storage_endpoints()
            },
            "core/service": {str(one["name"]): _service(one) for one in grid.services()},
        },
        downtimes=_by_site([_downtime(one) for one in grid.downtimes(today)]),
    )


def _site(site: Record, stamp: str) -> Record:
    said = {name: site[name] for name in ("cores_usual", "storage_raw_bytes", "storage_note")}
    return {
        "name": site["name"],
        "rc_site": site["name"],
        "country": site["country"],
        "state": site["state"],
        "vo_name": PLUGIN,
        "email": CONTACT,
        "emailContact": CONTACT,
        "params": {name: value for name, value in said.items() if value is not None},
        "last_modified": stamp,
    }


def _centre(site: Record) -> Record:
    return {
        "name": site["name"],
        "country": site["country"],
        "state": "ACTIVE",
        "cores": site["cores"],
        "disk_capacity": site["storage_usable_bytes"],
        "services": [],
        "sites": [{"name": site["name"], "vo_name": PLUGIN}],
    }


def _queue(queue: Record, stamp: str) -> Record:
    return {
        "name": queue["name"],
        "nickname": queue["name"],
        "panda_resource": queue["name"],
        "siteid": queue["name"],
        "site": queue["site_name"],
        "rc_site": queue["site_name"],
        "vo_name": PLUGIN,
        "status": queue["status"],
        "state": queue["state"],
        "comment": queue["comment"] or "",
        "email": CONTACT,
        "type": queue["queue_type"],
        "resource_type": queue["resource_type"],
        "corecount": queue["core_count"],
        "maxrss": queue["max_rss_mb"],
        "maxtime": queue["max_walltime_s"],
        "queues": [],
        "last_modified": stamp,
    }


def _endpoint(endpoint: Record, stamp: str) -> Record:
    return {
        "name": endpoint["rse_name"],
        "site": endpoint["site_name"],
        "rc_site": endpoint["site_name"],
        "rcsite": endpoint["site_name"],
        "state": endpoint["state"],
        "state_comment": "",
        "is_tape": endpoint["is_tape"],
        "type": endpoint["storage_type"],
        "aprotocols": {},
        "last_modified": stamp,
    }


def _service(service: Record) -> Record:
    return {"name": service["name"], "state": service["state"], "type": "", "endpoint": None}


def _downtime(downtime: Record) -> Record:
    names = str(downtime["affected"]).split(", ")
    return {
        "id": downtime["downtime_id"],
        "provider": "CRIC",
        "site": downtime["site_name"],
        "rc_site": downtime["site_name"],
        "severity": downtime["severity"],
        "classification": downtime["classification"],
        "start_time": _naive(downtime["starts_at"]),
        "end_time": _naive(downtime["ends_at"]),
        "affected_services": "CE, SE",
        "services": [{"name": name, "state": "ACTIVE"} for name in names],
        "description": downtime["description"],
        "state": "ACTIVE",
    }


def _by_site(downtimes: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for one in downtimes:
        found.setdefault(str(one["site"]), []).append(one)
    return found


def _naive(moment: object) -> str:
    """CRIC writes moments in UTC and does not say so."""
    return dt.datetime.fromisoformat(str(moment)).astimezone(dt.UTC).replace(tzinfo=None).isoformat()


def is_shown(entry: Mapping[str, object], query: Mapping[str, str]) -> bool:
    """Whether an object fits a query: only ACTIVE ones unless `state` says otherwise, then exact fields."""
    state = query.get("state", "ACTIVE")
    if state != "ANY" and entry.get("state") != state:
        return False
    plain = {name: value for name, value in query.items() if name not in _WORDS and not name.endswith("[]")}
    return all(str(entry.get(name)) == value for name, value in plain.items())


# Parameters that are no fields.
_WORDS: Final = frozenset({"json", "json_pretty", "preset", "state", "site_state", "rcsite_state"})

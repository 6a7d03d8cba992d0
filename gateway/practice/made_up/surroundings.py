"""What a made-up world needs once, whatever its size: people, sites, queues, storages and their numbers."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.practice.made_up.shape import QUEUES, SITES, STORAGES, Row
from gateway.practice.people import GROUPS, ROLE_ACCOUNTS
from gateway.store.base import Remembered
from gateway.store.people import Group, GroupMember, Person
from gateway.store.sites import Downtime, Queue, Service, Site
from gateway.store.sources import SourceName
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage

TB: Final = 10**12
_SERVICES: Final = ("PanDA", "Rucio", "IAM", "CRIC")
# Beyond the role accounts: two for each unit, up to the size of a large collaboration.
_PEOPLE_LIMIT: Final = 1000


def user_names(scale: int) -> tuple[str, ...]:
    """Everybody's user name, role accounts first; all of them fit Rucio's 25 characters."""
    return (
        *(account.username for account in ROLE_ACCOUNTS),
        *(f"user{number:04d}" for number in range(1, min(2 * scale, _PEOPLE_LIMIT) + 1)),
    )


def surroundings(
    users: Sequence[str], *, at: dt.datetime
) -> Mapping[type[Remembered], tuple[SourceName, Sequence[Row]]]:
    """The rows of all listings that do not grow with the number of productions, with their source."""
    return {
        Site: (SourceName.CRIC, [_site(index) for index in range(len(SITES))]),
        Queue: (SourceName.CRIC, [_queue(index) for index in range(len(QUEUES))]),
        StorageEndpoint: (SourceName.CRIC, [_endpoint(index) for index in range(len(STORAGES))]),
        Service: (
            SourceName.CRIC,
            [{"name": name, "state": "ACTIVE"} for name in ("PanDA", "Rucio", "IAM", "CRIC")],
        ),
        Downtime: (SourceName.CRIC, [_downtime(index, at) for index in range(len(SITES))]),
        Storage: (SourceName.RUCIO, [_storage(name) for name in STORAGES]),
        StorageUsage: (SourceName.RUCIO, list(_usages(at))),
        Quota: (SourceName.RUCIO, [_quota(user, rse) for user in users for rse in STORAGES[:2]]),
        Person: (SourceName.IAM, [_person(number, user) for number, user in enumerate(users, start=1)]),
        Group: (SourceName.IAM, [{"name": name, "description": text} for name, text in GROUPS.items()]),
        GroupMember: (SourceName.IAM, list(_members(users))),
    }


def subject(number: int) -> str:
    """The IAM subject of the n-th person; the role accounts have the ones they have everywhere."""
    return f"00000000-0000-4000-8000-{number:012d}"


def _site(index: int) -> Row:
    return {
        "name": SITES[index],
        "country": "RU",
        "state": "ACTIVE",
        "tier_level": min(index + 1, 2),
        "cores": 2200 // (index + 1),
        "cores_usual": 1500 // (index + 1),
        "storage_usable_bytes": 5_300 * TB // (index + 1),
    }


def _queue(index: int) -> Row:
    return {
        "name": QUEUES[index],
        "site_name": SITES[index],
        "status": "online",
        "state": "ACTIVE",
        "queue_type": "unified",
        "resource_type": "GRID",
        "core_count": 1,
        "max_rss_mb": 4000,
        "max_walltime_s": 172_800,
    }


def _endpoint(index: int) -> Row:
    return {"rse_name": STORAGES[index], "site_name": SITES[index], "state": "ACTIVE", "is_tape": False}


def _downtime(index: int, at: dt.datetime) -> Row:
    starts = at.replace(microsecond=0) + dt.timedelta(days=index - 2)
    return {
        "downtime_id": index + 1,
        "site_name": SITES[index],
        "severity": "WARNING" if index % 2 else "OUTAGE",
        "classification": "SCHEDULED",
        "starts_at": starts,
        "ends_at": starts + dt.timedelta(hours=12),
    }


def _storage(name: str) -> Row:
    flags = dict.fromkeys(("is_deterministic", "can_read", "can_write", "can_delete"), True)
    return {"name": name, "rse_type": "DISK", "is_volatile": False, **flags}


def _usages(at: dt.datetime) -> Iterator[Row]:
    for index, name in enumerate(STORAGES):
        total = 5_300 * TB // (index + 1)
        yield {
            "rse_name": name,
            "usage_kind": "storage",
            "used_bytes": total // 3,
            "free_bytes": total - total // 3,
            "total_bytes": total,
            "updated_at": at,
        }


def _quota(user: str, rse: str) -> Row:
    return {
        "account": user,
        "rse_name": rse,
        "limit_bytes": 50 * TB,
        "is_unlimited": False,
        "used_bytes": 3 * TB,
        "used_files": 1000,
    }


def _person(number: int, username: str) -> Row:
    roles = {account.username: account for account in ROLE_ACCOUNTS}
    role = roles.get(username)
    return {
        "subject": subject(number),
        "username": username,
        "display_name": role.display_name if role else f"User {username.removeprefix('user')}",
        "is_active": number % 50 != 0,
        "is_service": role is not None and role.is_service,
    }


def _members(users: Sequence[str]) -> Iterator[Row]:
    roles = {account.username: account.groups for account in ROLE_ACCOUNTS}
    for number, user in enumerate(users, start=1):
        for group in roles.get(user, ("spd", "spd/analysis")):
            yield {"subject": subject(number), "group_name": group}

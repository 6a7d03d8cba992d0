"""The practice world's sites, storages and queues: cores and capacities as in the talk, the rest invented."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from gateway.practice.productions import FILES_AT_PNPI, SKIM_BYTES, SKIM_FILES, bytes_at_pnpi, outputs
from gateway.practice.talk import Record, talk

TB: Final = 10**12
# SPbSU configures its storage (the talk): its queue is on trial, its storage closed to writing.
_QUEUE_SITES: Final = {"JINR_SPD": "JINR", "PNPI_SPD": "PNPI", "SSAU_SPD": "SSAU", "SPBSU_SPD": "SPbSU"}
_STORAGE_SITES: Final = {"JINR_EOS": "JINR", "PNPI_EOS": "PNPI", "SSAU_DISK": "SSAU", "SPBSU_DISK": "SPbSU"}
_ON_TRIAL: Final = "SPbSU"


def sites() -> Iterator[Record]:
    """The talk's sites."""
    for site in talk().sites:
        yield {
            "name": site.name,
            "country": site.country,
            "state": site.state.upper(),
            "cores": site.cores,
            "cores_usual": site.cores_usual,
            "storage_raw_bytes": _bytes_of_tb(site.storage_raw_tb),
            "storage_usable_bytes": _bytes_of_tb(site.storage_usable_tb),
            "storage_note": site.storage,
        }


def services() -> Iterator[Record]:
    """The talk's services, which belong to no site."""
    for name in talk().services:
        yield {"name": name, "state": "ACTIVE"}


def queues() -> Iterator[Record]:
    """One PanDA queue for each site that computes."""
    for name, site in _QUEUE_SITES.items():
        yield {
            "name": name,
            "site_name": site,
            "status": "test" if site == _ON_TRIAL else "online",
            "state": "ACTIVE",
            "comment": "storage is being configured" if site == _ON_TRIAL else None,
            "queue_type": "unified",
            "resource_type": "GRID",
            "core_count": 1,
            "max_rss_mb": 4000,
            "max_walltime_s": 172_800,
        }


def storages() -> Iterator[Record]:
    """Rucio's storages."""
    for name, site in _STORAGE_SITES.items():
        yield {
            "name": name,
            "rse_type": "DISK",
            "is_deterministic": True,
            "is_volatile": False,
            "can_read": True,
            "can_write": site != _ON_TRIAL,
            "can_delete": site != _ON_TRIAL,
        }


def storage_endpoints() -> Iterator[Record]:
    """CRIC's record of the same storages, which says where they are."""
    for name, site in _STORAGE_SITES.items():
        yield {
            "rse_name": name,
            "site_name": site,
            "state": "ACTIVE",
            "is_tape": False,
            "storage_type": "EOS" if name.endswith("EOS") else "DISK",
        }


def storage_usages(taken_at: dt.datetime) -> Iterator[Record]:
    """Rucio's own count is the sum of the replicas; the storage's count has what others keep there too."""
    home_bytes, home_files = _at_home()
    known = {
        "JINR_EOS": (home_bytes, home_files, 1_480 * TB, 5_300 * TB),
        "PNPI_EOS": (bytes_at_pnpi(), FILES_AT_PNPI, 31 * TB, 190 * TB),
        "SSAU_DISK": (SKIM_BYTES, SKIM_FILES, 2 * TB, 200 * TB),
    }
    for rse, (rucio_bytes, rucio_files, used, total) in known.items():
        shared: Record = {"rse_name": rse, "updated_at": taken_at.isoformat()}
        yield shared | {"usage_kind": "rucio", "used_bytes": rucio_bytes, "file_count": rucio_files}
        yield shared | {
            "usage_kind": "storage",
            "used_bytes": used,
            "free_bytes": total - used,
            "total_bytes": total,
        }


def quotas() -> Iterator[Record]:
    """What accounts may keep and keep; the VO administrator has no limit, which Rucio writes as -1."""
    home_bytes, home_files = _at_home()
    yield _quota("prodman", "JINR_EOS", 500 * TB, home_bytes, home_files)
    yield _quota("prodman", "PNPI_EOS", 60 * TB, bytes_at_pnpi(), FILES_AT_PNPI)
    yield _quota("voadmin", "JINR_EOS", -1, 0, 0)
    yield _quota("analyst", "SSAU_DISK", 10 * TB, SKIM_BYTES, SKIM_FILES)
    yield _quota("operator", "JINR_EOS", 5 * TB, 0, 0)
    yield _quota("sampo", "JINR_EOS", 20 * TB, 0, 0)


def downtimes(today: dt.datetime) -> Iterator[Record]:
    """A downtime the day after tomorrow."""
    starts = today + dt.timedelta(days=2, hours=6)
    yield {
        "downtime_id": 1,
        "site_name": "PNPI",
        "severity": "OUTAGE",
        "classification": "SCHEDULED",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + dt.timedelta(hours=8)).isoformat(),
        "affected": "PNPI_EOS, PNPI_SPD",
        "description": "Work on the cooling of the machine room",
    }


def _at_home() -> tuple[int, int]:
    """Bytes and files of the productions, all of which lie at JINR."""
    return sum(output.size_bytes for output in outputs()), sum(output.files for output in outputs())


def _quota(account: str, rse: str, limit: int, used: int, files: int) -> Record:
    return {
        "account": account,
        "rse_name": rse,
        "limit_bytes": limit,
        "used_bytes": used,
        "used_files": files,
    }


def _bytes_of_tb(size_tb: int | None) -> int | None:
    return None if size_tb is None else size_tb * TB

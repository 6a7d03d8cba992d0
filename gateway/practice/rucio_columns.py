"""The columns of a DID, a rule and an RSE in Rucio 41.5, with what they hold while nobody has set them."""

from collections.abc import Mapping
from typing import Final

DID_COLUMNS: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        (
            *("adler32", "run_number", "lumiblocknr", "access_cnt", "complete", "expired_at", "stream_name"),
            *("provenance", "phys_group", "deleted_at", "prod_step", "accessed_at", "events", "version"),
            *("closed_at", "bytes", "guid", "campaign", "eol_at", "length", "project", "task_id"),
            *("is_archive", "md5", "datatype", "panda_id", "constituent"),
        )
    ),
    "obsolete": False,
    "is_new": True,
    "purge_replicas": True,
    "transient": False,
    "availability": "AVAILABLE",
    "suppressed": False,
    "is_open": True,
    "monotonic": False,
    "hidden": False,
}
RULE_COLUMNS: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        (
            *("expires_at", "comments", "weight", "child_rule_id", "stuck_at", "eol_at", "meta", "error"),
            *("deleted_at", "subscription_id", "source_replica_expression"),
        )
    ),
    "copies": 1,
    "activity": "User Subscriptions",
    "grouping": "DATASET",
    "notification": "NO",
    "locked": False,
    "locks_ok_cnt": 0,
    "locks_replicating_cnt": 0,
    "locks_stuck_cnt": 0,
    "purge_replicas": False,
    "split_container": False,
    "state": "OK",
    "ignore_availability": False,
    "ignore_account_limit": False,
    "priority": 3,
}
RSE_COLUMNS: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        (
            *("ISP", "qos_class", "ASN", "longitude", "deleted_at", "city", "latitude", "region_code"),
            *("country_name", "continent", "time_zone"),
        )
    ),
    "deterministic": True,
    "volatile": False,
    "deleted": False,
    "staging_area": False,
    "vo": "def",
    "rse_type": "DISK",
    "availability_read": True,
    "availability_write": True,
    "availability_delete": True,
}

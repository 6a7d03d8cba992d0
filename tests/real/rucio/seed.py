"""The small part of the practice world that both the real server and the twin hold in the contract tests.

One production (PROD2025-013) and an analyst's selection, with three files for each dataset instead of 10,000.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Final

from gateway.practice import grid, productions
from gateway.practice.productions import HOME, SKIM_DID
from gateway.practice.talk import Record

FILES: Final = 3
EVENTS_PER_FILE: Final = 4000
FILE_BYTES: Final = 2_000_000_001
PRODUCTION: Final = "PROD2025-013"
# A dataset that is still being written, so that nobody knows its size.
OPEN_DID: Final = "MC2025_S1:PROD2025-013.still-open"
CONTAINER_DID: Final = "MC2025_S1:PROD2025-013.everything"
ACCOUNTS: Final = ("prodman", "voadmin", "analyst", "gateway")
SCOPES: Final = {"MC2025_S1": "prodman", "user.analyst": "analyst"}


@dataclass(frozen=True, slots=True)
class Seed:
    """What is in the catalogue, as records of ours and as a document for scripts."""

    storages: list[Record]
    totals: list[Record]
    quotas: list[Record]
    datasets: list[Record]
    rules: list[Record]

    def json(self) -> str:
        """All of it as a document."""
        return json.dumps(
            {
                "accounts": ACCOUNTS,
                "scopes": SCOPES,
                "storages": self.storages,
                "totals": self.totals,
                "quotas": self.quotas,
                "datasets": self.datasets,
                "rules": self.rules,
                "open": OPEN_DID,
                "container": CONTAINER_DID,
                "file_bytes": FILE_BYTES,
                "events_per_file": EVENTS_PER_FILE,
            }
        )


def seed() -> Seed:
    """Return the seed; the same each time."""
    today = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    datasets = [
        {
            "did": str(one["did"]),
            "account": one["account"],
            "files": FILES,
            "events": FILES * EVENTS_PER_FILE if one.get("event_count") else None,
            "task_id": one.get("jedi_task_id"),
            "home": HOME if str(one["did"]) != SKIM_DID else "SSAU_DISK",
        }
        for one in productions.datasets(today)
        if PRODUCTION in str(one["did"])
    ]
    known = {one["did"] for one in datasets}
    rules = [
        {name: one[name] for name in ("did", "account", "rse_expression", "activity")}
        for one in productions.rules(today)
        if one["did"] in known
    ]
    totals = [one for one in grid.storage_usages(today) if one["usage_kind"] == "storage"]
    quotas = [
        {name: one[name] for name in ("account", "rse_name", "limit_bytes")}
        for one in grid.quotas()
        if one["account"] in ACCOUNTS
    ]
    return Seed(list(grid.storages()), totals, quotas, datasets, rules)

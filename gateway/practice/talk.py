"""The SPD 2025 productions as the CHEP 2025 talk showed them: facts only, oddities and gaps included."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict

from gateway.store.base import JsonValue

Record = dict[str, JsonValue]

FILE_NAME: Final = "spd2025.json"


class TalkTask(BaseModel):
    """A row of the talk's task table or task monitor; what the slide does not show is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    jedi_task_id: int
    name: str
    status: str
    user: str | None = None
    start: str | None = None
    end: str | None = None
    walltime_as_shown: float | None = None
    total_events_as_shown: int | None = None
    events_per_job: int | None = None
    total_jobs: int | None = None
    out_ds_size_gb: float | None = None
    out_log_size_gb: float | None = None


class TalkSite(BaseModel):
    """A site as the talk's table of resources gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    state: str
    country: str | None = None
    cores: int | None = None
    cores_usual: int | None = None
    storage_raw_tb: int | None = None
    storage_usable_tb: int | None = None
    storage: str | None = None


class _Talk(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    tasks: tuple[TalkTask, ...]
    sites: tuple[TalkSite, ...]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """What the practice world takes from the talk beside its requests and processings."""

    tasks: Sequence[TalkTask]
    sites: Sequence[TalkSite]
    services: Sequence[str]


@cache
def talk_document() -> bytes:
    """The file itself, as `imports.talk` reads it."""
    return files("gateway.practice").joinpath("data", FILE_NAME).read_bytes()


@cache
def talk() -> Talk:
    """The talk's tasks, sites and services."""
    parsed = _Talk.model_validate_json(talk_document())
    return Talk(parsed.tasks, parsed.sites, parsed.services)


def bytes_of_gb(size_gb: float | None) -> int | None:
    """The talk's GB are 10^9 bytes."""
    return None if size_gb is None else round(size_gb * 10**9)

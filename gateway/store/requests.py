"""Production requests and what belongs to them: geometry, steps, relations, status history, comments."""

import datetime as dt
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Key, Long, RowId, UtcDateTime, Word


class Request(Base, kw_only=True):
    """A production that somebody asked for; its name is its key and is never given twice.

    The energy is kept in MeV, an exact integer on both databases; `intent` is what people decided
    (`domain.states.Intent`), never what the grid does.
    """

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint("events > 0", name="events_positive"),
        CheckConstraint("events_per_file > 0", name="events_per_file_positive"),
        CheckConstraint("beam_energy_mev > 0", name="energy_positive"),
        ForeignKeyConstraint(
            ["software_project", "software_version"],
            ["software_releases.project", "software_releases.version"],
            name="fk_requests_software",
        ),
        Index("ix_requests_software", "software_project", "software_version"),
    )

    name: Mapped[Word] = mapped_column(primary_key=True)
    campaign_name: Mapped[Word | None] = mapped_column(ForeignKey("campaigns.name"), index=True, default=None)
    stage_name: Mapped[str] = mapped_column(ForeignKey("stages.name"), index=True)
    software_project: Mapped[Word]
    software_version: Mapped[str] = mapped_column(String(32))
    collision_type: Mapped[str] = mapped_column(String(8))
    beam_energy_mev: Mapped[int] = mapped_column(BigInteger, index=True)
    polarization: Mapped[str] = mapped_column(String(2))
    tag: Mapped[str] = mapped_column(String(200))
    events: Mapped[int] = mapped_column(BigInteger)
    events_per_file: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[int | None] = mapped_column(BigInteger, default=None)
    description: Mapped[Long | None] = mapped_column(default=None)
    intent: Mapped[str] = mapped_column(String(16), index=True)
    intent_before_hold: Mapped[str | None] = mapped_column(String(16), default=None)
    is_test: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[Word | None] = mapped_column(index=True, default=None)
    accepted_by: Mapped[Word | None] = mapped_column(default=None)
    accepted_completeness: Mapped[float | None] = mapped_column(Float, default=None)
    origin: Mapped[str] = mapped_column(String(16))
    legacy_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    unplaced: Mapped[JsonValue] = mapped_column(Json, default=None)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(BigInteger, default=1)


class RequestGeometry(Base, kw_only=True):
    """One geometry component of a request, in the order the author listed them."""

    __tablename__ = "request_geometries"

    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), primary_key=True)
    geometry_name: Mapped[Word] = mapped_column(ForeignKey("geometries.name"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(BigInteger)


class Step(Base, kw_only=True):
    """One processing step of a request (SIM, RECO, ...); `key` is "<request>.<kind>"."""

    __tablename__ = "steps"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(BigInteger)
    parent_step_key: Mapped[str | None] = mapped_column(ForeignKey("steps.key"), index=True, default=None)
    script: Mapped[str | None] = mapped_column(String(500), default=None)
    script_version: Mapped[str | None] = mapped_column(String(16), default=None)
    script_variant: Mapped[str | None] = mapped_column(String(64), default=None)
    dataset_pattern: Mapped[str | None] = mapped_column(String(500), default=None)
    description: Mapped[Long | None] = mapped_column(default=None)


class StepDataset(Base, kw_only=True):
    """A dataset that a step's definition names as input or output, whether or not Rucio has it yet."""

    __tablename__ = "step_datasets"

    step_key: Mapped[str] = mapped_column(ForeignKey("steps.key"), primary_key=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)
    did: Mapped[Key] = mapped_column(primary_key=True, index=True)


# Relations that say: these seeds are meant to be used again.
REPEATING: Final = ("repeats", "supersedes")


class RequestRelation(Base, kw_only=True):
    """One request extends, repeats or supersedes another."""

    __tablename__ = "request_relations"

    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    other_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), primary_key=True, index=True)
    note: Mapped[Long | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[Word | None] = mapped_column(default=None)


class StatusChange(Base, kw_only=True):
    """One transition of a request's intent: who, when, why. Rows are only ever added (held by a trigger)."""

    __tablename__ = "status_changes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), index=True)
    from_intent: Mapped[str | None] = mapped_column(String(16), default=None)
    to_intent: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[Word | None] = mapped_column(default=None)
    reason: Mapped[Long | None] = mapped_column(default=None)


class Comment(Base, kw_only=True):
    """What somebody wrote about a request, Markdown."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), index=True)
    author: Mapped[Word]
    body: Mapped[Long]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

"""The registries a request chooses from: campaigns, stages, software releases and detector geometries."""

import datetime as dt

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, UtcDateTime, Word


class Campaign(Base, kw_only=True):
    """A named series of productions, for example "SPD MC 2025"."""

    __tablename__ = "campaigns"

    name: Mapped[Word] = mapped_column(primary_key=True)
    description: Mapped[Long | None] = mapped_column(default=None)


class Stage(Base, kw_only=True):
    """A stage of the experiment: it fixes the Rucio scope, the geometry and the energies that make sense."""

    __tablename__ = "stages"

    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    description: Mapped[Long | None] = mapped_column(default=None)
    energy_max_mev: Mapped[int | None] = mapped_column(BigInteger, default=None)
    required_geometry: Mapped[Word | None] = mapped_column(default=None)


class SoftwareRelease(Base, kw_only=True):
    """One version of a software project as it is installed on CVMFS."""

    __tablename__ = "software_releases"

    project: Mapped[Word] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)


class StepTemplateRow(Base, kw_only=True):
    """How a kind of step becomes a PanDA task in a software project; the newest version counts.

    `parameters` is a template of `domain.task_parameters`. Versions are never changed, so that it can be told
    later what a task was made from.
    """

    __tablename__ = "step_templates"

    software_project: Mapped[Word] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[Word]
    parameters: Mapped[JsonValue] = mapped_column(Json, nullable=False)
    registered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[Word]


class Geometry(Base, kw_only=True):
    """One detector component that a simulation can include, for example "Micromegas"."""

    __tablename__ = "geometries"

    name: Mapped[Word] = mapped_column(primary_key=True)

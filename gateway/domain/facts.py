"""What the checks look at: plain values, taken from wherever they are kept. None always means "not known"."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.names import RECO, SIM, StepKind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, missing_seeds
from gateway.domain.states import Execution, Intent, latest, request_execution


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFacts:
    """One submission of a step: its number, the PanDA task it became, and what became of that."""

    number: int
    jedi_task_id: int | None = None
    task_name: str | None = None
    is_live: bool = False
    execution: Execution = Execution.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step of a request as it was written down; inputs and outputs are DIDs.

    `reads_from` names the other request whose simulation is reconstructed; None is the request's own.
    `reads_kind` is the kind of the step that is read; None for a first step, or where nobody said.
    """

    kind: StepKind
    script: str | None = None
    pattern: str | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    reads_from: str | None = None
    reads_kind: StepKind | None = None
    attempts: tuple[AttemptFacts, ...] = ()

    @property
    def execution(self) -> Execution:
        """What the latest attempt is doing; NOT_SUBMITTED without one."""
        attempt = latest(self.attempts)
        return Execution.NOT_SUBMITTED if attempt is None else attempt.execution


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """One production request. The tag is the text people wrote, flags behind a blank included."""

    name: str
    stage: str
    software_project: str
    software_version: str
    tag: str
    collision_type: str
    energy_gev: Decimal
    polarization: str
    events: int
    events_per_file: int
    seeds: SeedRange
    geometry: frozenset[str]
    intent: Intent
    campaign: str | None = None
    is_test: bool = False
    intended_repeats: frozenset[str] = frozenset()
    requested_by: str | None = None
    accepted_completeness: float | None = None
    steps: tuple[StepFacts, ...] = ()

    def step(self, kind: StepKind) -> StepFacts | None:
        """The step of this kind, if the request has one."""
        return next((step for step in self.steps if step.kind == kind), None)

    @property
    def physics_key(self) -> PhysicsKey:
        """What decides whether two requests may share seeds; the simulation's script counts."""
        simulation = self.step(SIM) or self.step(RECO)
        return PhysicsKey.of(
            software_project=self.software_project,
            software_version=self.software_version,
            tag=self.tag,
            collision_type=self.collision_type,
            energy_gev=self.energy_gev,
            polarization=self.polarization,
            stage=self.stage,
            geometry=self.geometry,
            script=simulation.script if simulation else None,
        )

    @property
    def execution(self) -> Execution:
        """What the request as a whole is doing."""
        return request_execution(step.execution for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A PanDA task. Counts are jobs; `seeds` are its sequence numbers, `missing_seeds` those that failed.

    `jobs_expected` is the total PanDA shows, which it overwrites with the finished count at the end.
    `core_seconds` are summed over its jobs; `wall_seconds` lie between its start and its end.
    """

    jedi_task_id: int
    name: str
    status: str
    user_name: str | None = None
    request_name: str | None = None
    jobs_expected: int | None = None
    jobs_finished: int | None = None
    jobs_failed: int | None = None
    events_reported: int | None = None
    events_per_job: int | None = None
    output_bytes: int | None = None
    log_bytes: int | None = None
    core_seconds: float | None = None
    wall_seconds: float | None = None
    parent_task_id: int | None = None
    seeds: SeedRange | None = None
    missing_seeds: tuple[SeedRange, ...] | None = None

    @property
    def finished_seeds(self) -> tuple[SeedRange, ...] | None:
        """The seeds whose jobs finished; None unless both the seeds and the missing ones are known."""
        if self.seeds is None or self.missing_seeds is None:
            return None
        return missing_seeds(self.seeds, self.missing_seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """A Rucio dataset with the rules and replicas that keep it."""

    did: str
    size_bytes: int | None = None
    files: int | None = None
    is_open: bool | None = None
    rule_count: int | None = None
    replica_count: int | None = None
    expires_at: dt.datetime | None = None
    account: str | None = None
    request_name: str | None = None
    jedi_task_id: int | None = None

    @property
    def data_type(self) -> str:
        """The last field of the name: S, P, R, log."""
        return self.did.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """A person and the names they go by; None where the service does not know them.

    `may_be` are the IAM user names of those whom a name in PanDA may mean that stands for nobody.
    `namesakes` are pairs: a name in PanDA that stands for this person, and the IAM user name of somebody
    else who goes by it too.
    """

    user_name: str
    iam_subject: str | None = None
    panda_name: str | None = None
    rucio_account: str | None = None
    is_active: bool | None = None
    roles: frozenset[str] | None = None
    may_be: tuple[str, ...] = ()
    namesakes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """A storage (RSE) and its free space."""

    name: str
    site: str | None = None
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFacts:
    """How much an account may keep at a storage, and keeps."""

    account: str
    storage: str
    limit_bytes: int | None = None
    used_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DowntimeFacts:
    """An announced downtime of a site or of one of its services."""

    site: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    service: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule:
    """What a stage of the experiment fixes; from the registry of stages."""

    name: str
    scope: str
    energy_max_gev: Decimal | None = None
    required_geometry: frozenset[str] = frozenset()
    forbidden_geometry: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNumbers:
    """The numbers of a request as somebody typed them; None for a field that was not given."""

    events: str | None = None
    events_per_file: str | None = None
    seeds: str | None = None
    energy: str | None = None

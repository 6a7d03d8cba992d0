"""What the units of a made-up world have in common: their size, their physics and their kinds of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from gateway.domain.names import SIM, StepKind, energy_token, split_flags
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import jobs_for
from gateway.imports.drafts import RequestDraft
from gateway.practice.requests import practice_requests

Row = dict[str, object]

REQUESTS_PER_UNIT: Final = 13
TASKS_PER_UNIT: Final = 55
DATASETS_PER_UNIT: Final = 500
ATTEMPTS_PER_STEP: Final = 2
FIRST_TASK_ID: Final = 1000
# A new version of the scripts every so often keeps the seed spaces of a large world apart.
SCRIPT_VERSIONS: Final = 100

SITES: Final = ("JINR", "PNPI", "SSAU", "SPbSU", "MEPhI", "Site-6", "Site-7")
QUEUES: Final = ("JINR_SPD", "PNPI_SPD", "SSAU_SPD", "SPBSU_SPD", "MEPHI_SPD", "SITE6_SPD", "SITE7_SPD")
STORAGES: Final = ("JINR_EOS", "PNPI_EOS", "SSAU_DISK", "SPBSU_DISK", "MEPHI_DISK", "SITE6", "SITE7")


@dataclass(slots=True)
class UnitRows:
    """The rows of some units; owned rows are whole, remembered ones still lack when they were seen.

    `seeds` pairs each range with the physics key whose seed space it belongs to.
    """

    requests: list[Row] = field(default_factory=list)
    geometries: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    status_changes: list[Row] = field(default_factory=list)
    seeds: list[tuple[str, Row]] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)
    step_datasets: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    job_counts: list[Row] = field(default_factory=list)
    datasets: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    replicas: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Physics:
    """One of the talk's requests as a pattern for many.

    `tag` is without flags, `beam` is energy and polarization as dataset names carry them, `jobs` are those of
    each step.
    """

    draft: RequestDraft
    tag: str
    beam: str
    jobs: int

    @property
    def bytes_per_job(self) -> int:
        """The talk's 27 GeV jobs write 1.84 GB each, those of stage 1 about a ninth of that."""
        return 1_836_000_000 if self.draft.stage == "S2" else 207_000_000

    def scope(self, year: int) -> str:
        """Where the outputs of the year's productions lie."""
        return f"MC{year}_{self.draft.stage}"

    def script(self, kind: StepKind, version: str) -> str:
        """The path of the step's script."""
        energy = self.beam.partition("-")[0]
        word = "simu" if kind == SIM else kind.lower()
        return f"/cvmfs/spd.jinr.ru/production/MC/{self.tag}.{energy}.{version}/{word}.C"

    def key(self, version: str) -> str:
        """The physics key with this version of the scripts."""
        return str(
            PhysicsKey(
                software_project=self.draft.software_project,
                software_version=self.draft.software_version,
                tag=self.tag,
                collision_type=self.draft.collision_type,
                energy_gev=self.draft.energy_gev,
                polarization=self.draft.polarization,
                stage=self.draft.stage,
                geometry=frozenset(self.draft.geometry),
                script=version,
            )
        )


@cache
def patterns() -> Sequence[Physics]:
    """The talk's thirteen requests."""
    drafts = [one.draft for one in practice_requests() if isinstance(one.draft, RequestDraft)]
    return tuple(
        Physics(
            draft=draft,
            tag=split_flags(draft.tag)[0],
            beam=f"{energy_token(draft.energy_gev)}GeV-{draft.polarization}",
            jobs=jobs_for(draft.events, draft.events_per_file),
        )
        for draft in drafts
    )

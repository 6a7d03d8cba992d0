"""One sound example of each kind of fact; tests change the field they are about and nothing else."""

import datetime as dt
from decimal import Decimal

from gateway.domain.facts import (
    AttemptFacts,
    DatasetFacts,
    PersonFacts,
    RequestFacts,
    StageRule,
    StepFacts,
    TaskFacts,
)
from gateway.domain.forecast import Estimate, Forecast
from gateway.domain.names import RECO, SIM
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Execution, Intent

NOW = dt.datetime(2025, 5, 5, tzinfo=dt.UTC)
STEM = "MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016"
SCRIPTS = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"

SIMULATION = StepFacts(
    kind=SIM,
    script=f"{SCRIPTS}/simu.C",
    pattern=f"{STEM}.SIM*",
    inputs=(),
    outputs=(f"{STEM}.SIM.1.S", f"{STEM}.SIM.1.P", f"{STEM}.SIM.1.log"),
    attempts=(
        AttemptFacts(
            number=1, jedi_task_id=370, task_name="PROD2025-016.SIM.1", execution=Execution.COMPLETE
        ),
    ),
)
RECONSTRUCTION = StepFacts(
    kind=RECO,
    script=f"{SCRIPTS}/reco.C",
    pattern=f"{STEM}.RECO*",
    inputs=(f"{STEM}.SIM.1.S", f"{STEM}.SIM.1.P"),
    outputs=(f"{STEM}.RECO.1.R", f"{STEM}.RECO.1.log"),
    attempts=(
        AttemptFacts(
            number=1,
            jedi_task_id=371,
            task_name="PROD2025-016.RECO.1",
            is_live=True,
            execution=Execution.RUNNING,
        ),
    ),
)
REQUEST = RequestFacts(
    name="PROD2025-016",
    stage="S2",
    software_project="spdroot-dev",
    software_version="4.1.7.2",
    tag="minbias-P8-spdroot4172-dev",
    collision_type="pp",
    energy_gev=Decimal(27),
    polarization="UU",
    events=40_000_000,
    events_per_file=4000,
    seeds=SeedRange(40_001, 50_000),
    geometry=frozenset({"DSSD", "TOF"}),
    intent=Intent.SUBMITTED,
    requested_by="prodman",
    steps=(SIMULATION, RECONSTRUCTION),
)
STAGE_2 = StageRule(
    name="S2",
    scope="MC2025_S2",
    energy_max_gev=Decimal(27),
    required_geometry=frozenset({"DSSD"}),
    forbidden_geometry=frozenset({"Micromegas"}),
)
TASK = TaskFacts(
    jedi_task_id=370,
    name="PROD2025-016.SIM.1",
    status="done",
    user_name="prodman",
    request_name="PROD2025-016",
    jobs_expected=10_000,
    jobs_finished=10_000,
    jobs_failed=0,
    events_reported=40_000_000,
    events_per_job=4000,
    output_bytes=18_000,
    log_bytes=20,
    seeds=SeedRange(40_001, 50_000),
    missing_seeds=(),
)
DATASET = DatasetFacts(
    did=f"{STEM}.SIM.1.S",
    size_bytes=17_000,
    files=10_000,
    is_open=False,
    rule_count=1,
    replica_count=1,
    account="prodman",
    request_name="PROD2025-016",
    jedi_task_id=370,
)
PERSON = PersonFacts(
    user_name="prodman",
    iam_subject="sub-1",
    panda_name="prodman",
    rucio_account="prodman",
    is_active=True,
    roles=frozenset({"production"}),
)
NEED = Forecast(
    step=SIM,
    jobs=10_000,
    size_bytes=Estimate(18_359_411_200_000, 18_357_950_000_000, 18_364_400_000_000),
    core_hours=None,
    days=None,
    task_ids=(356, 358),
)

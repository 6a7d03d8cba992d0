"""Physics: fields that do not fit each other are found, and reconstruction reads the right attempt."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.checks.physics import (
    reconstruction_reads_latest_simulation,
    stage_fits,
    tag_fits_collision,
)
from gateway.domain.facts import AttemptFacts, RequestFacts
from gateway.domain.findings import Evidence, Severity, dataset_subject
from gateway.domain.states import Execution, Intent
from tests.domain.samples import RECONSTRUCTION, REQUEST, SIMULATION, STAGE_2, STEM


def test_the_sound_request_passes_every_check() -> None:
    assert stage_fits(REQUEST, STAGE_2) == ()
    assert tag_fits_collision(REQUEST) == ()
    assert reconstruction_reads_latest_simulation(REQUEST, {}) == ()


def test_geometry_a_stage_requires_may_not_lack() -> None:
    (found,) = stage_fits(replace(REQUEST, geometry=frozenset({"TOF"})), STAGE_2)

    assert (found.invariant, found.code, found.severity) == (8, "geometry-lacking", Severity.BLOCKER)
    assert found.message == "PROD2025-016 is for stage S2 but lacks DSSD."
    assert found.evidence == (Evidence("geometry", "TOF"),)


def test_geometry_of_another_stage_is_found() -> None:
    (found,) = stage_fits(replace(REQUEST, geometry=frozenset({"DSSD", "Micromegas"})), STAGE_2)

    assert found.message == "PROD2025-016 is for stage S2, which has no Micromegas."


def test_an_energy_above_the_stage_is_only_a_warning() -> None:
    (found,) = stage_fits(replace(REQUEST, energy_gev=Decimal("27.1")), STAGE_2)

    assert (found.code, found.severity) == ("energy-above-stage", Severity.WARNING)
    assert found.evidence == (Evidence("energy in GeV", "27.1"),)


def test_a_stage_nobody_registered_blocks() -> None:
    (found,) = stage_fits(REQUEST, None)

    assert (found.code, found.severity) == ("stage-unknown", Severity.BLOCKER)


@pytest.mark.parametrize(
    ("collision", "tag"),
    [("dd", "minbias-P8-spdroot4172-dev"), ("pp", "dd-minbias-P8-spdroot4172-dev")],
)
def test_a_tag_for_other_beams_is_found(collision: str, tag: str) -> None:
    (found,) = tag_fits_collision(replace(REQUEST, collision_type=collision, tag=tag))

    assert (found.invariant, found.code) == (8, "tag-of-other-collision")
    assert found.evidence == (Evidence("tag", tag),)


def test_a_prefixed_tag_fits_its_beams_and_an_unreadable_one_is_left_alone() -> None:
    assert (
        tag_fits_collision(replace(REQUEST, collision_type="dd", tag="dd-minbias-P8-spdroot4172-dev")) == ()
    )
    assert tag_fits_collision(replace(REQUEST, tag="what ever")) == ()


def simulated(*attempts: tuple[int, Execution], intent: Intent = Intent.SUBMITTED) -> RequestFacts:
    facts = tuple(AttemptFacts(number=number, execution=execution) for number, execution in attempts)
    return replace(REQUEST, intent=intent, steps=(replace(SIMULATION, attempts=facts), RECONSTRUCTION))


def test_an_older_attempt_is_not_read_once_a_newer_one_is_complete() -> None:
    request = simulated((1, Execution.COMPLETE), (2, Execution.COMPLETE))

    (found,) = reconstruction_reads_latest_simulation(request, {})

    assert (found.invariant, found.code, found.severity) == (9, "wrong-input", Severity.BLOCKER)
    assert found.message == "PROD2025-016 RECO must read exactly S and P of PROD2025-016 SIM attempt 2."
    assert found.evidence == tuple(
        Evidence("input", did, dataset_subject(did)) for did in (f"{STEM}.SIM.1.S", f"{STEM}.SIM.1.P")
    )


@pytest.mark.parametrize(
    "latest", [Execution.FAILED, Execution.ABORTED, Execution.RUNNING, Execution.PARTIAL]
)
def test_a_newer_attempt_that_is_not_usable_leaves_the_older_one_to_be_read(latest: Execution) -> None:
    assert reconstruction_reads_latest_simulation(simulated((1, Execution.COMPLETE), (2, latest)), {}) == ()


@pytest.mark.parametrize(
    "inputs",
    [(), (f"{STEM}.SIM.1.S",), (f"{STEM}.SIM.1.S", f"{STEM}.SIM.1.P", f"{STEM}.SIM.1.log"), ("a:b", "c:d")],
)
def test_reconstruction_needs_s_and_p_and_nothing_else(inputs: tuple[str, ...]) -> None:
    request = replace(REQUEST, steps=(SIMULATION, replace(RECONSTRUCTION, inputs=inputs)))

    (found,) = reconstruction_reads_latest_simulation(request, {})

    assert found.code == "wrong-input"


def test_a_partial_simulation_is_read_only_once_it_is_accepted() -> None:
    (found,) = reconstruction_reads_latest_simulation(simulated((1, Execution.PARTIAL)), {})
    accepted = simulated((1, Execution.PARTIAL), intent=Intent.ACCEPTED)

    assert (found.code, found.severity) == ("no-usable-simulation", Severity.BLOCKER)
    assert reconstruction_reads_latest_simulation(accepted, {}) == ()


def test_a_simulation_still_going_cannot_be_checked_yet() -> None:
    (found,) = reconstruction_reads_latest_simulation(simulated((1, Execution.RUNNING)), {})

    assert (found.code, found.severity) == ("simulation-not-finished", Severity.INFO)


def test_a_simulation_never_submitted_is_nothing_to_read() -> None:
    (found,) = reconstruction_reads_latest_simulation(simulated(), {})

    assert found.code == "no-usable-simulation"


def test_reconstruction_may_read_the_simulation_of_a_named_request() -> None:
    reader = replace(
        REQUEST, name="PROD2025-018", steps=(replace(RECONSTRUCTION, reads_from="PROD2025-016"),)
    )

    assert reconstruction_reads_latest_simulation(reader, {"PROD2025-016": REQUEST}) == ()
    (found,) = reconstruction_reads_latest_simulation(reader, {})
    assert (found.code, found.severity) == ("simulation-unknown", Severity.INFO)


def test_inputs_that_were_not_recorded_are_not_judged() -> None:
    request = replace(REQUEST, steps=(SIMULATION, replace(RECONSTRUCTION, inputs=None)))

    assert reconstruction_reads_latest_simulation(request, {}) == ()
    assert reconstruction_reads_latest_simulation(replace(REQUEST, steps=(SIMULATION,)), {}) == ()

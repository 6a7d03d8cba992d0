"""Names: the sound request passes every check, and each field out of line is found with its evidence."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.checks.names import (
    derived_outputs,
    names_can_be_derived,
    outputs_are_new,
    outputs_are_unique,
    outputs_fit_rucio,
    outputs_in_stage_scope,
    outputs_match_pattern,
    scripts_fit,
    tag_is_safe,
    version_agrees,
)
from gateway.domain.facts import RequestFacts, StepFacts
from gateway.domain.findings import Evidence, Finding, Severity, dataset_subject, request_subject
from gateway.domain.names import RECO, SIM, StepKind
from tests.domain.samples import RECONSTRUCTION, REQUEST, SCRIPTS, SIMULATION, STAGE_2, STEM


def with_steps(*steps: StepFacts) -> RequestFacts:
    return replace(REQUEST, steps=steps)


def test_the_sound_request_passes_every_check() -> None:
    assert version_agrees(REQUEST) == ()
    assert tag_is_safe(REQUEST) == ()
    assert names_can_be_derived(REQUEST, STAGE_2) == ()
    assert outputs_fit_rucio(REQUEST) == ()
    assert outputs_in_stage_scope(REQUEST, STAGE_2) == ()
    assert outputs_match_pattern(REQUEST) == ()
    assert outputs_are_unique([REQUEST]) == ()
    assert scripts_fit(REQUEST) == ()


def test_a_request_that_recorded_no_scripts_or_outputs_passes() -> None:
    bare = with_steps(StepFacts(kind=SIM), StepFacts(kind=RECO))

    assert version_agrees(bare) == ()
    assert outputs_fit_rucio(bare) == ()
    assert outputs_in_stage_scope(bare, STAGE_2) == ()
    assert outputs_match_pattern(bare) == ()
    assert scripts_fit(bare) == ()


def test_tag_and_scripts_of_another_version_are_named() -> None:
    (found,) = version_agrees(replace(REQUEST, software_version="4.1.7.3"))

    assert (found.invariant, found.code) == (3, "version-disagrees")
    assert found.evidence == (
        Evidence("expected token", "spdroot4173-dev"),
        Evidence("RECO script", "spdroot4172-dev"),
        Evidence("SIM script", "spdroot4172-dev"),
        Evidence("tag", "spdroot4172-dev"),
    )


def test_a_trailing_zero_of_the_version_is_not_in_the_tag() -> None:
    assert (
        version_agrees(replace(with_steps(), tag="minbias-P8-spdroot417-dev", software_version="4.1.7.0"))
        == ()
    )


def test_a_version_that_is_no_version_blocks() -> None:
    (found,) = version_agrees(replace(REQUEST, software_version="latest"))

    assert (found.code, found.severity) == ("version-unreadable", Severity.BLOCKER)


def test_a_tag_with_a_blank_says_which_flag_leaked() -> None:
    (found,) = tag_is_safe(replace(REQUEST, tag="minbias-P8-spdroot4172-dev test"))

    assert (found.invariant, found.code, found.severity) == (4, "tag-unsafe", Severity.BLOCKER)
    assert found.evidence == (
        Evidence("tag", "minbias-P8-spdroot4172-dev test"),
        Evidence("flag behind the tag", "test"),
    )
    assert found.suggestion == "Use 'minbias-P8-spdroot4172-dev' and mark a test as a test."


def test_a_safe_tag_outside_the_grammar_blocks_as_well() -> None:
    (found,) = tag_is_safe(replace(REQUEST, tag="minbias"))

    assert found.code == "tag-outside-grammar"


@pytest.mark.parametrize(
    ("broken", "part"),
    [
        (replace(REQUEST, polarization="XX"), "polarization"),
        (replace(REQUEST, name="P16"), "request name"),
        (replace(REQUEST, energy_gev=Decimal("0.0001")), "cannot be named"),
        (replace(REQUEST, tag="m" * 250 + "-P8-spdroot4172-dev"), "Rucio allows 250"),
    ],
)
def test_a_field_that_no_name_can_carry_blocks_each_step(broken: RequestFacts, part: str) -> None:
    found = names_can_be_derived(broken, STAGE_2)

    assert [one.evidence for one in found] == [(Evidence("step", "SIM"),), (Evidence("step", "RECO"),)]
    assert all(part in one.message for one in found)


def test_a_scope_beyond_rucios_limit_blocks() -> None:
    found = names_can_be_derived(REQUEST, replace(STAGE_2, scope="S" * 26))

    assert [one.code for one in found] == ["name-not-derivable", "name-not-derivable"]


def test_a_step_kind_without_agreed_outputs_blocks() -> None:
    (found,) = names_can_be_derived(with_steps(StepFacts(kind=StepKind("DIGI"))), STAGE_2)

    assert found.message == "No outputs are agreed for the step kind 'DIGI'. Known are SIM, RECO."


def test_outputs_with_names_rucio_refuses_are_listed() -> None:
    bad = "MC2025_S2:MC2025_S2.minbias-P8 test.S"

    (found,) = outputs_fit_rucio(with_steps(replace(SIMULATION, outputs=(bad, f"{STEM}.SIM.1.S"))))

    assert (found.code, found.evidence) == ("output-refused-by-rucio", (Evidence("output", bad),))


@pytest.mark.parametrize("did", ["no-scope", f"{'S' * 26}:name", "S:" + "n" * 251, ":name", "scope:"])
def test_every_limit_of_rucio_is_checked(did: str) -> None:
    assert len(outputs_fit_rucio(with_steps(replace(SIMULATION, outputs=(did,))))) == 1


def test_outputs_at_rucios_limits_pass() -> None:
    assert outputs_fit_rucio(with_steps(replace(SIMULATION, outputs=(f"{'S' * 25}:{'n' * 250}",)))) == ()


@pytest.mark.parametrize(
    "did", ["MC2025_S1:MC2025_S1.x.S", "MC2025_S2:MC2025_S1.x.S", "MC2025_S1:MC2025_S2.x.S"]
)
def test_an_output_outside_the_scope_of_the_stage_is_found(did: str) -> None:
    (found,) = outputs_in_stage_scope(with_steps(replace(SIMULATION, outputs=(did,))), STAGE_2)

    assert (found.invariant, found.code) == (5, "output-in-other-scope")
    assert found.message == "1 of 1 outputs of PROD2025-016 are not in MC2025_S2, the scope of stage S2."
    assert found.evidence == (Evidence("output", did, dataset_subject(did)),)


def test_outputs_their_pattern_misses_are_listed_per_step() -> None:
    pattern = "MC2025_S2:minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.RECO*"

    (found,) = outputs_match_pattern(with_steps(SIMULATION, replace(RECONSTRUCTION, pattern=pattern)))

    assert found.message == "The pattern of PROD2025-016 RECO misses 2 of its 2 outputs."
    assert found.evidence == (
        Evidence("step", "RECO"),
        Evidence("pattern", pattern),
        Evidence("output", f"{STEM}.RECO.1.R", dataset_subject(f"{STEM}.RECO.1.R")),
        Evidence("output", f"{STEM}.RECO.1.log", dataset_subject(f"{STEM}.RECO.1.log")),
    )


def test_an_output_that_rucio_had_before_is_found() -> None:
    outputs = derived_outputs(REQUEST, STAGE_2, SIM, 1)

    (found,) = outputs_are_new(REQUEST, outputs, {f"{STEM}.SIM.1.P"})

    assert found.message == f"{STEM}.SIM.1.P is in Rucio already."
    assert outputs_are_new(REQUEST, derived_outputs(REQUEST, STAGE_2, SIM, 2), {f"{STEM}.SIM.1.P"}) == ()


def test_a_dataset_two_requests_write_is_found_on_the_later_one() -> None:
    other = replace(
        REQUEST, name="PROD2025-017", steps=(replace(RECONSTRUCTION, outputs=(f"{STEM}.RECO.1.R",)),)
    )

    (found,) = outputs_are_unique([other, REQUEST])

    did = f"{STEM}.RECO.1.R"
    assert (found.invariant, found.subject) == (6, request_subject("PROD2025-017"))
    assert found.evidence == (
        Evidence("output", did, dataset_subject(did)),
        Evidence("also written by", "PROD2025-016", request_subject("PROD2025-016")),
    )


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [found.code for found in findings]


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (f"{SCRIPTS}/reco.C", "step"),
        (f"{SCRIPTS.replace('27GeV', '10GeV')}/simu.C", "energy"),
        (f"{SCRIPTS.replace('minbias', 'charm')}/simu.C", "tag"),
    ],
)
def test_a_script_for_something_else_is_found(script: str, what: str) -> None:
    (found,) = scripts_fit(with_steps(replace(SIMULATION, script=script)))

    assert (found.invariant, found.code) == (7, "script-does-not-fit")
    assert found.message == f"The SIM script of PROD2025-016 is for another {what}."
    assert found.evidence == (Evidence("step", "SIM"), Evidence("script", script))


def test_a_script_fits_a_tag_whatever_flag_leaked_into_it() -> None:
    assert scripts_fit(replace(REQUEST, tag=f"{REQUEST.tag} test")) == ()


def test_a_script_outside_the_grammar_is_found() -> None:
    assert codes(scripts_fit(with_steps(replace(SIMULATION, script="/eos/mine.C")))) == [
        "script-outside-grammar"
    ]


def test_scripts_of_two_version_directories_are_found() -> None:
    other = replace(RECONSTRUCTION, script=f"{SCRIPTS}_D0sig/reco.C")

    (found,) = scripts_fit(with_steps(SIMULATION, other))

    assert found.code == "script-directories-differ"
    assert found.evidence == (
        Evidence("SIM directory", SCRIPTS),
        Evidence("RECO directory", f"{SCRIPTS}_D0sig"),
    )

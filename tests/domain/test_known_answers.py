"""The checks run over the talk's own data find what is wrong with them, exactly that, and nothing else."""

import datetime as dt

import pytest

from gateway.domain.audit import World, audit, task_uses
from gateway.domain.checks.seeds import seed_overlaps
from gateway.domain.facts import RequestFacts, TaskFacts
from gateway.domain.findings import Evidence, Finding, Severity, request_subject
from gateway.domain.forecast import Forecast, forecast
from gateway.domain.names import RECO, SIM
from tests.domain import talk

NOW = dt.datetime(2025, 5, 5, tzinfo=dt.UTC)
MINBIAS_27 = (
    "spdroot-dev|4.1.7.2|minbias-P8-spdroot4172-dev|pp|27|UU|S2|BBC,DSSD,ECal,FARICH,RS,TOF,TS,ZDC (sketch)|"
)
MINBIAS_10 = (
    "spdroot-dev|4.1.7.0|minbias-P8-spdroot417-dev|pp|10|UU|S1|BBC,ECal,Micromegas,RS,TS,ZDC (sketch)|"
)


@pytest.fixture(scope="module")
def requests() -> tuple[RequestFacts, ...]:
    return talk.requests(talk.load())


@pytest.fixture(scope="module")
def tasks() -> tuple[TaskFacts, ...]:
    return talk.tasks(talk.load())


@pytest.fixture(scope="module")
def findings(requests: tuple[RequestFacts, ...], tasks: tuple[TaskFacts, ...]) -> tuple[Finding, ...]:
    return audit(World(requests=requests, tasks=tasks, now=NOW, stage_rules=talk.STAGE_RULES))


def overlaps(findings: tuple[Finding, ...]) -> list[tuple[str, str, str, str, Severity]]:
    """Later request, earlier request, shared seeds, duplicate events, severity."""
    return [
        (
            found.subject.key[-3:],
            value(found, "overlaps with")[-3:],
            value(found, "shared seeds"),
            value(found, "duplicate events"),
            found.severity,
        )
        for found in findings
        if found.code == "seed-overlap"
    ]


def value(found: Finding, label: str) -> str:
    (item,) = [item for item in found.evidence if item.label == label]
    return item.value


def test_the_talk_holds_thirteen_requests_and_seventeen_tasks(
    requests: tuple[RequestFacts, ...], tasks: tuple[TaskFacts, ...]
) -> None:
    assert (len(requests), len(tasks)) == (13, 17)


def test_three_pairs_of_requests_share_seeds(findings: tuple[Finding, ...]) -> None:
    assert overlaps(findings) == [
        ("004", "002", "1-5000", "20000000", Severity.BLOCKER),
        ("004", "003", "5001-10000", "20000000", Severity.BLOCKER),
        ("012", "011", "1-1250", "5000000", Severity.BLOCKER),
    ]


def test_the_evidence_of_an_overlap_names_the_other_request_and_the_physics_key(
    findings: tuple[Finding, ...],
) -> None:
    assert next(found.evidence for found in findings if found.subject == request_subject("PROD2025-012")) == (
        Evidence("overlaps with", "PROD2025-011", request_subject("PROD2025-011")),
        Evidence("shared seeds", "1-1250"),
        Evidence("duplicate events", "5000000"),
        Evidence("physics key", MINBIAS_27),
    )


def test_with_exempt_requests_the_obsolete_one_shares_seeds_as_well(
    requests: tuple[RequestFacts, ...],
) -> None:
    assert sorted(overlaps(seed_overlaps(requests, include_exempt=True))) == [
        ("002", "001", "1-1250", "5000000", Severity.INFO),
        ("004", "001", "1-1250", "5000000", Severity.INFO),
        ("004", "002", "1-5000", "20000000", Severity.BLOCKER),
        ("004", "003", "5001-10000", "20000000", Severity.BLOCKER),
        ("012", "011", "1-1250", "5000000", Severity.BLOCKER),
    ]


def test_the_talk_has_these_physics_keys(requests: tuple[RequestFacts, ...]) -> None:
    keys = {request.name[-3:]: str(request.physics_key) for request in requests}

    assert {keys[number] for number in ("001", "002", "003", "004")} == {MINBIAS_10}
    assert {keys[number] for number in ("011", "012", "013", "014", "015")} == {MINBIAS_27}
    assert keys["016"] == f"{MINBIAS_27}V02"
    assert len(set(keys.values())) == 6


def test_seven_of_thirteen_tags_hold_a_blank(findings: tuple[Finding, ...]) -> None:
    unsafe = [found for found in findings if found.code == "tag-unsafe"]

    assert [found.subject.key[-3:] for found in unsafe] == ["001", "011", "012", "013", "014", "015", "016"]
    assert {value(found, "flag behind the tag") for found in unsafe} == {"test"}


def test_three_tasks_show_a_tenth_of_their_events(findings: tuple[Finding, ...]) -> None:
    wrong = [found for found in findings if found.code == "events-do-not-match-jobs"]

    assert [(found.subject.key, value(found, "factor")) for found in wrong] == [
        ("358", "10"),
        ("362", "10"),
        ("364", "10"),
    ]


def test_all_five_outputs_of_016_miss_their_pattern(findings: tuple[Finding, ...]) -> None:
    missed = {
        value(found, "step"): [item.value for item in found.evidence if item.label == "output"]
        for found in findings
        if found.code == "pattern-misses-outputs"
    }

    stem = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016"
    assert missed == {
        SIM: [f"{stem}.SIM.1.S", f"{stem}.SIM.1.P", f"{stem}.SIM.1.log"],
        RECO: [f"{stem}.RECO.1.log", f"{stem}.RECO.1.R"],
    }


def test_three_reconstructions_lost_jobs_and_one_is_complete(findings: tuple[Finding, ...]) -> None:
    losses = [
        (found.request_name, found.subject.key, value(found, "processed jobs"), value(found, "expected jobs"))
        for found in findings
        if found.code == "jobs-lost"
    ]

    assert losses == [
        ("PROD2025-010", "355", "1244", "1250"),
        ("PROD2025-012", "359", "9993", "10000"),
        ("PROD2025-013", "363", "9992", "10000"),
    ]


def test_nothing_is_found_beyond_the_known_answers_and_what_follows_from_them(
    findings: tuple[Finding, ...],
) -> None:
    found = [(found.invariant, found.code, found.subject.key) for found in findings]

    known = [
        *[(1, "seed-overlap", f"PROD2025-{number}") for number in ("004", "004", "012")],
        *[
            (4, "tag-unsafe", f"PROD2025-{number}")
            for number in ("001", "011", "012", "013", "014", "015", "016")
        ],
        # 016 is of stage 2 but writes to the scope of stage 1, which is also why its patterns miss.
        (5, "output-in-other-scope", "PROD2025-016"),
        (5, "pattern-misses-outputs", "PROD2025-016"),
        (5, "pattern-misses-outputs", "PROD2025-016"),
        *[(12, "events-do-not-match-jobs", task) for task in ("358", "362", "364")],
        *[(13, "jobs-lost", task) for task in ("355", "359", "363")],
        # The three with losses are "Done" in the sheet, which has no place for the completeness accepted.
        *[(16, "accepted-without-completeness", f"PROD2025-{number}") for number in ("010", "012", "013")],
        # PROD2025-009 has tasks in the talk, but no row.
        (17, "orphan-task", "346"),
        (17, "orphan-task", "347"),
    ]
    assert found == known


def test_ten_thousand_more_jobs_need_what_the_talk_says(
    requests: tuple[RequestFacts, ...], tasks: tuple[TaskFacts, ...]
) -> None:
    history = task_uses(requests, {task.jedi_task_id: task for task in tasks})
    key = next(request for request in requests if request.name == "PROD2025-015").physics_key

    sim, reco = (forecast(kind, 10_000, history[key, kind]) for kind in (SIM, RECO))

    assert isinstance(sim, Forecast)
    assert isinstance(reco, Forecast)
    assert sim.task_ids == (356, 358, 362, 364)
    assert reco.task_ids == (357, 359, 363)
    assert f"{sim.size_bytes.expected / 1e12:.2f} TB" == "18.36 TB"
    assert f"{(sim.size_bytes + reco.size_bytes).expected / 1e12:.1f} TB" == "36.9 TB"

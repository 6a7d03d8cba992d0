"""A finding keeps its key as long as it is about the same things."""

from dataclasses import replace

from gateway.domain.findings import Evidence, Severity, about_request, details, request_subject, task_subject

FOUND = about_request(
    "PROD2025-012",
    1,
    "seed-overlap",
    Severity.BLOCKER,
    "They overlap.",
    Evidence("overlaps with", "PROD2025-011", request_subject("PROD2025-011")),
    Evidence("shared seeds", "1-1250"),
)


def test_a_key_is_fixed_because_databases_hold_it() -> None:
    assert FOUND.key == "4897d45a15f8924155e0149296f28203"


def test_other_values_words_and_severity_are_the_same_finding() -> None:
    grown = replace(
        FOUND,
        severity=Severity.INFO,
        message="Still.",
        evidence=(FOUND.evidence[0], Evidence("shared seeds", "1-1300")),
    )

    assert grown.key == FOUND.key


def test_another_subject_code_or_counterpart_is_another_finding() -> None:
    other = Evidence("overlaps with", "PROD2025-013", request_subject("PROD2025-013"))
    others = [
        replace(FOUND, subject=request_subject("PROD2025-014")),
        replace(FOUND, code="seed-count"),
        replace(FOUND, evidence=(other,)),
        replace(FOUND, evidence=()),
    ]

    assert len({FOUND.key, *(found.key for found in others)}) == 5


def test_details_come_and_go_without_making_it_another_finding() -> None:
    detail = details("compared with", [("362", task_subject(362))])

    with_detail = replace(FOUND, evidence=(*FOUND.evidence, *detail))

    assert with_detail.key == FOUND.key


def test_long_lists_of_details_are_counted_from_the_eleventh_on() -> None:
    things = [(str(number), task_subject(number)) for number in range(13)]

    listed = details("live task", things)

    assert [item.value for item in listed] == [*map(str, range(10)), "and 3 more"]
    assert listed[-1].subject is None
    assert len(details("live task", things[:10])) == 10


def test_the_same_breach_of_another_step_is_another_finding() -> None:
    of_sim = replace(FOUND, evidence=(*FOUND.evidence, Evidence("step", "SIM")))
    of_reco = replace(FOUND, evidence=(*FOUND.evidence, Evidence("step", "RECO")))

    assert len({FOUND.key, of_sim.key, of_reco.key}) == 3

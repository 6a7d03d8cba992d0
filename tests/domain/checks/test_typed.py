"""Typed numbers: echoed when we write them otherwise, refused when they are unclear."""

from gateway.domain.checks.typed import numbers_are_understood
from gateway.domain.facts import RawNumbers
from gateway.domain.findings import Evidence, Severity


def test_numbers_are_said_back_as_they_were_understood() -> None:
    raw = RawNumbers(events="40 000 000", events_per_file="4000", seeds="40001–50000", energy="27 GeV")

    found = numbers_are_understood("PROD2025-016", raw)

    assert {(one.invariant, one.code, one.severity) for one in found} == {
        (19, "number-understood", Severity.INFO)
    }
    assert [one.evidence for one in found] == [
        (Evidence("events", "40 000 000"), Evidence("events understood", "40000000")),
        (Evidence("seeds", "40001–50000"), Evidence("seeds understood", "40001-50000")),
        (Evidence("energy", "27 GeV"), Evidence("energy understood", "27")),
    ]
    assert found[0].message == "The events of PROD2025-016: '40 000 000' was read as 40000000."


def test_an_unclear_number_blocks_and_names_its_field() -> None:
    (found,) = numbers_are_understood("PROD2025-016", RawNumbers(events="40.000.000"))

    assert (found.code, found.severity) == ("number-unclear", Severity.BLOCKER)
    assert found.evidence == (Evidence("events", "40.000.000"),)


def test_numbers_written_our_way_or_not_given_are_no_finding() -> None:
    assert (
        numbers_are_understood("PROD2025-016", RawNumbers(events="40000000", seeds="1-5", energy="27")) == ()
    )
    assert numbers_are_understood("PROD2025-016", RawNumbers()) == ()

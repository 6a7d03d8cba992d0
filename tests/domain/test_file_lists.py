"""Which file is of which seed, and which files belong together."""

import pytest

from gateway.domain.file_lists import (
    Copy,
    Numbering,
    StoredFile,
    key_of,
    listed,
    missing_from,
    nearest,
    number_in,
    seed_of,
)
from gateway.domain.seeds import SeedRange

SAMPLE = "MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013"
SEEDS = (SeedRange(10_001, 10_004),)
FIRST = Numbering(1, 1)


def file(output: str, number: str, *, ending: str = ".root") -> StoredFile:
    name = f"{SAMPLE}.{output}.{number}{ending}"
    return StoredFile(name, 1, None, (Copy("JINR_EOS", f"root://here//{name}"),))


def files(output: str, *numbers: int) -> list[StoredFile]:
    return [file(output, f"{number:06}") for number in numbers]


@pytest.mark.parametrize(
    ("ending", "number"),
    [
        (".010001.root", 10_001),
        (".010001.log.tgz", 10_001),
        (".010001", 10_001),
        (".010001.000007.root", 10_001),
        (".root", None),
        (".1.root", None),
        (".010001.root.1", None),
        (".0100\u0661\u0661.root", None),
    ],
)
def test_the_number_in_a_name_is_that_of_the_file_it_was_made_from(ending: str, number: int | None) -> None:
    assert number_in(f"{SAMPLE}.RECO.1.R{ending}") == number


def test_files_come_in_the_order_of_their_seeds() -> None:
    entries, nameless = listed({"SIM.S": [(FIRST, files("SIM.1.S", 10_003, 10_001))]}, "SIM.S", SEEDS)

    assert [entry.seed for entry in entries] == [10_001, 10_003]
    assert missing_from(entries, SEEDS) == (SeedRange(10_002, 10_002), SeedRange(10_004, 10_004))
    assert nameless == 0


def test_lists_that_are_matched_with_each_other_have_the_same_seeds_line_by_line() -> None:
    outputs = {
        "SIM.S": [(FIRST, files("SIM.1.S", 10_001, 10_002, 10_003))],
        "SIM.P": [(FIRST, files("SIM.1.P", 10_001, 10_003, 10_004))],
        "RECO.R": [(FIRST, files("RECO.1.R", 10_003, 10_001, 10_002))],
    }

    of_each = {wanted: listed(outputs, wanted, SEEDS)[0] for wanted in outputs}

    assert [[entry.seed for entry in found] for found in of_each.values()] == [[10_001, 10_003]] * 3
    assert {output: one.name for output, one in of_each["SIM.S"][1].matched.items()} == {
        "SIM.P": f"{SAMPLE}.SIM.1.P.010003.root",
        "RECO.R": f"{SAMPLE}.RECO.1.R.010003.root",
    }


def test_of_several_attempts_at_a_seed_the_latest_counts() -> None:
    attempts = [
        (Numbering(2, 2), files("SIM.2.S", 10_002)),
        (Numbering(1, 1), files("SIM.1.S", 10_001, 10_002)),
    ]

    entries, _ = listed({"SIM.S": attempts}, "SIM.S", SEEDS)

    assert [(entry.seed, entry.attempt) for entry in entries] == [(10_001, 1), (10_002, 2)]


def test_numbers_of_a_task_with_single_seeds_are_places_in_its_list() -> None:
    recovery = Numbering(2, 2, [10_002, 10_004])

    entries, _ = listed({"SIM.S": [(recovery, files("SIM.2.S", 1, 2))]}, "SIM.S", SEEDS)

    assert [entry.seed for entry in entries] == [10_002, 10_004]


def test_a_job_that_ran_again_keeps_its_file_without_a_seed_and_matches_all_the_same() -> None:
    outputs = {
        "SIM.S": [(FIRST, files("SIM.1.S", 10_001, 10_005))],
        "RECO.R": [(FIRST, [file("RECO.1.R", "010005.000002"), file("RECO.1.R", "010001.000001")])],
    }

    entries, _ = listed(outputs, "RECO.R", SEEDS)

    assert [(entry.seed, entry.file.name[-18:]) for entry in entries] == [
        (10_001, "010001.000001.root"),
        (None, "010005.000002.root"),
    ]


def test_new_numbers_of_different_simulations_are_not_taken_for_the_same_job() -> None:
    [again] = files("SIM.1.S", 10_005)

    keys = [key_of(again, Numbering(attempt, attempt), SEEDS) for attempt in (1, 2)]

    assert keys == [(1, 10_005), (2, 10_005)]
    assert [seed_of(key) for key in keys if key is not None] == [None, None]


def test_files_without_a_number_are_counted_and_left_out() -> None:
    entries, nameless = listed(
        {"SIM.S": [(FIRST, [*files("SIM.1.S", 10_001), file("SIM.1.S", "summary")])]}, "SIM.S", SEEDS
    )

    assert ([entry.seed for entry in entries], nameless) == ([10_001], 1)


def test_the_nearest_copy_comes_first() -> None:
    copies = [Copy("SSAU_DISK", "c"), Copy("PNPI_EOS", "b"), Copy("JINR_EOS", "a")]

    assert [copy.rse_name for copy in nearest(copies, {"PNPI_EOS"})] == ["PNPI_EOS", "JINR_EOS", "SSAU_DISK"]
    assert [copy.rse_name for copy in nearest(copies, ())] == ["JINR_EOS", "PNPI_EOS", "SSAU_DISK"]

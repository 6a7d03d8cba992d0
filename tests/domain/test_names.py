"""Names build and parse to the same value, and a refusal says where."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.names import (
    RECO,
    SIM,
    DatasetName,
    RequestName,
    ScriptPath,
    StepKind,
    Tag,
    TaskName,
    TestTaskName,
    energy_token,
    outputs_of,
    parse_energy_token,
    parse_task_name,
    scope_of,
    software_token,
    split_flags,
    step_kind,
    task_name,
)
from gateway.errors import NamingError

P8 = Tag("minbias", "P8", "spdroot4172-dev")
R016 = RequestName(2025, 16)

requests = st.builds(RequestName, st.integers(0, 9999), st.integers(1, 999_999_999))
steps = st.from_regex(r"[A-Z][A-Z0-9]{0,9}", fullmatch=True).filter(lambda word: word != "SIMU").map(StepKind)
counters = st.integers(1, 999_999_999)
attempts = st.none() | counters
words = st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True)
tags = st.builds(
    Tag,
    words.filter(lambda word: word != "pp"),
    words,
    st.from_regex(r"[a-z]{1,8}[0-9]{1,5}(-[a-z]{1,5})?", fullmatch=True),
    st.from_regex(r"[a-z]{2}", fullmatch=True),
)
energies = st.decimals("0.001", "999999", places=3)
datasets = st.builds(
    DatasetName,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,24}", fullmatch=True),
    tags,
    energies,
    st.text("ULT", min_size=2, max_size=2),
    requests,
    steps,
    counters,
    st.sampled_from(["S", "P", "R", "log"]),
)
scripts = st.builds(ScriptPath, tags, energies, st.integers(0, 9999), st.none() | words, steps)


@given(requests)
def test_a_request_name_reads_back_as_itself(name: RequestName) -> None:
    assert RequestName.parse(str(name)) == name


@given(st.builds(TaskName, requests, steps, attempts))
def test_a_task_name_reads_back_as_itself(name: TaskName) -> None:
    assert parse_task_name(str(name)) == name


@given(st.builds(TestTaskName, st.integers(0, 9999), st.integers(0, 9), st.integers(1, 999), steps, attempts))
def test_a_test_task_name_reads_back_as_itself(name: TestTaskName) -> None:
    assert parse_task_name(str(name)) == name


@given(tags, st.lists(words, max_size=2))
def test_a_tag_with_flags_reads_back_as_itself(tag: Tag, flags: list[str]) -> None:
    flagged = Tag(tag.process, tag.generator, tag.software, tag.collision, tuple(flags))

    assert Tag.parse(str(flagged)) == flagged


@given(datasets)
def test_a_dataset_name_reads_back_as_itself(name: DatasetName) -> None:
    assert DatasetName.parse(str(name)) == name


@given(scripts)
def test_a_script_path_reads_back_as_itself(path: ScriptPath) -> None:
    assert ScriptPath.parse(str(path)) == path


@given(energies)
def test_an_energy_reads_back_from_its_token(energy: Decimal) -> None:
    assert parse_energy_token(energy_token(energy)) == energy


@given(st.text(alphabet="PRODMCSIE0123459-._ \n\x00", max_size=30))
def test_a_task_name_is_read_exactly_or_refused(text: str) -> None:
    try:
        name = parse_task_name(text)
    except NamingError:
        return

    assert str(name) == text


@given(st.text(max_size=60))
def test_any_text_is_a_tag_or_a_naming_error(text: str) -> None:
    try:
        tag = Tag.parse(text)
    except NamingError:
        return

    assert str(tag).split() == text.split()


@pytest.mark.parametrize(
    "text",
    [
        "PROD2025-009.SIM.1",
        "PROD2025-009.RECO.1",
        "MC2025_S1-003-SIM.1",
        "MC2025_S1-003-SIM.4",
        "PROD2025-010.SIM",
        "PROD2025-013.SIM.2",
        "PROD2025-1000.DIGI.12",
    ],
)
def test_task_names_people_used_print_back_unchanged(text: str) -> None:
    assert str(parse_task_name(text)) == text


def test_an_unwritten_attempt_is_the_first() -> None:
    name = parse_task_name("PROD2025-010.SIM")

    assert name == TaskName(RequestName(2025, 10), SIM, None)
    assert name.attempt_number == 1


def test_a_new_task_name_always_writes_its_attempt() -> None:
    assert str(task_name(R016, RECO, 1)) == "PROD2025-016.RECO.1"


def test_a_test_task_says_its_stage() -> None:
    name = parse_task_name("MC2025_S2-003-SIM")

    assert isinstance(name, TestTaskName)
    assert (name.stage, name.attempt_number) == ("S2", 1)


def test_requests_sort_by_number_and_not_by_text() -> None:
    names = [RequestName.parse(text) for text in ("PROD2025-1000", "PROD2025-016", "PROD2024-999")]

    assert [str(name) for name in sorted(names)] == ["PROD2024-999", "PROD2025-016", "PROD2025-1000"]


@pytest.mark.parametrize(
    "text", ["PROD2025-16", "PROD2025-0016", "PROD2025-000", "PROD2025-016\n", "prod2025-016"]
)
def test_a_request_name_that_would_print_differently_is_refused(text: str) -> None:
    with pytest.raises(NamingError):
        RequestName.parse(text)


def test_a_refusal_says_what_where_and_what_to_write() -> None:
    with pytest.raises(NamingError) as refusal:
        parse_task_name("PROD2025-013.SIM.0")

    assert refusal.value.message == (
        "'PROD2025-013.SIM.0' is not a task name: at character 18 the number of the attempt, from 1 "
        "is expected, found '0'. Write it like PROD2025-013.SIM.2."
    )


def test_a_refusal_does_not_repeat_a_long_text() -> None:
    with pytest.raises(NamingError) as refusal:
        RequestName.parse("x" * 10_000)

    assert len(refusal.value.message) < 400


def test_a_flag_behind_a_blank_is_not_part_of_the_tag() -> None:
    tag = Tag.parse("minbias-P8-spdroot4172-dev test")

    assert tag == Tag("minbias", "P8", "spdroot4172-dev", "pp", ("test",))
    assert tag.name == "minbias-P8-spdroot4172-dev"
    assert str(tag) == "minbias-P8-spdroot4172-dev test"


def test_a_prefix_says_which_beams_other_than_pp() -> None:
    assert Tag.parse("dd-minbias-FTF-spdroot4171-dev") == Tag("minbias", "FTF", "spdroot4171-dev", "dd")


def test_a_process_of_two_letters_is_not_taken_for_beams() -> None:
    assert Tag.parse("dy-P8-spdroot4172-dev") == Tag("dy", "P8", "spdroot4172-dev")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "minbias",
        "pp-minbias-P8-spdroot4172-dev",
        "min.bias-P8-spdroot417-dev",
        "minbias-P8-4172",
        "a-b-c-d1-dev",
    ],
)
def test_a_tag_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(NamingError):
        Tag.parse(text)


def test_flags_are_split_off_any_text() -> None:
    assert split_flags("  what ever\u00a0test ") == ("what", ("ever", "test"))
    assert split_flags(" ") == ("", ())


@pytest.mark.parametrize(
    ("version", "token"),
    [
        ("4.1.7.0", "spdroot417-dev"),
        ("4.1.7.2", "spdroot4172-dev"),
        ("4.1.7", "spdroot417-dev"),
        ("4", "spdroot4-dev"),
    ],
)
def test_a_version_becomes_a_token_without_dots_and_without_a_trailing_zero(version: str, token: str) -> None:
    assert software_token(version) == token


def test_another_project_lends_its_own_name_to_the_token() -> None:
    assert software_token("1.2", "sampo") == "sampo12"


@pytest.mark.parametrize("version", ["", "4.1.", "dev", "4,1", "4.1.7.2 "])
def test_a_version_that_is_not_numbers_is_refused(version: str) -> None:
    with pytest.raises(NamingError):
        software_token(version)


def test_a_stage_of_a_year_has_its_scope() -> None:
    assert scope_of(2025, "S2") == "MC2025_S2"


def test_a_scope_beyond_25_characters_is_refused() -> None:
    assert len(scope_of(2025, "S" * 18)) == 25
    with pytest.raises(NamingError):
        scope_of(2025, "S" * 19)


@pytest.mark.parametrize(
    ("word", "kind"), [("simu", "SIM"), ("Reco", "RECO"), (" gen ", "GEN"), ("SIM", "SIM")]
)
def test_old_words_for_steps_are_understood(word: str, kind: str) -> None:
    assert step_kind(word) == kind


@pytest.mark.parametrize("word", ["", "sim reco", "реко", "1"])
def test_a_step_that_is_not_one_word_is_refused(word: str) -> None:
    with pytest.raises(NamingError):
        step_kind(word)


@pytest.mark.parametrize(
    ("energy", "token"), [("27", "27"), ("13.50", "13p5"), ("1E+1", "10"), ("0.5", "0p5")]
)
def test_an_energy_is_named_without_a_dot(energy: str, token: str) -> None:
    assert energy_token(Decimal(energy)) == token


@pytest.mark.parametrize(
    "energy", ["0", "-1", "NaN", "Infinity", "1000000", "0.0001", "13.50000000000000000000000000000001"]
)
def test_an_energy_that_no_name_can_carry_is_refused(energy: str) -> None:
    with pytest.raises(NamingError):
        energy_token(Decimal(energy))


@pytest.mark.parametrize("token", ["", "0", "027", "27p0", "27p50", "27.5", "p5", "27p"])
def test_an_energy_token_we_would_not_print_is_refused(token: str) -> None:
    with pytest.raises(NamingError):
        parse_energy_token(token)


def test_simulation_writes_three_datasets_and_reconstruction_two() -> None:
    written = {
        step: [
            name.did
            for name in outputs_of(
                scope="MC2025_S2",
                tag=Tag.parse("minbias-P8-spdroot4172-dev test"),
                energy_gev=Decimal(27),
                polarization="UU",
                request=R016,
                step=step,
                attempt=1,
            )
        ]
        for step in (SIM, RECO)
    }

    stem = "MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016"
    assert written == {
        SIM: [f"{stem}.SIM.1.S", f"{stem}.SIM.1.P", f"{stem}.SIM.1.log"],
        RECO: [f"{stem}.RECO.1.R", f"{stem}.RECO.1.log"],
    }


def test_outputs_of_a_step_kind_nobody_agreed_on_are_refused() -> None:
    with pytest.raises(NamingError, match="Known are SIM, RECO"):
        outputs_of(
            scope="MC2025_S2",
            tag=P8,
            energy_gev=Decimal(27),
            polarization="UU",
            request=R016,
            step=StepKind("DIGI"),
            attempt=1,
        )


def test_a_dataset_whose_first_field_is_not_its_scope_is_refused() -> None:
    with pytest.raises(NamingError, match="at character 11"):
        DatasetName.parse("MC2025_S1:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.SIM.1.S")


def test_a_dataset_name_never_carries_a_flag() -> None:
    flagged = Tag("minbias", "P8", "spdroot4172-dev", flags=("test",))

    with pytest.raises(NamingError, match="behind the blank"):
        DatasetName("MC2025_S2", flagged, Decimal(27), "UU", R016, SIM, 1, "S")


def test_a_dataset_name_ends_at_250_characters() -> None:
    longest = Tag("m" * 191, "P8", "spdroot4172-dev")

    assert len(DatasetName("MC2025_S2", longest, Decimal(27), "UU", R016, SIM, 1, "S").name) == 250
    with pytest.raises(NamingError, match="251 characters"):
        DatasetName(
            "MC2025_S2", Tag("m" * 192, "P8", "spdroot4172-dev"), Decimal(27), "UU", R016, SIM, 1, "S"
        )


def test_a_task_name_ends_at_256_characters() -> None:
    assert len(str(TaskName(R016, StepKind("A" * 243)))) == 256
    with pytest.raises(NamingError, match="257 characters"):
        TaskName(R016, StepKind("A" * 244))


def test_a_script_says_its_version_variant_and_directory() -> None:
    path = ScriptPath.parse(
        "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02_D0sig/reco.C"
    )

    assert path == ScriptPath(P8, Decimal(27), 2, "D0sig", RECO)
    assert path.label == "V02_D0sig"
    assert path.directory == "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02_D0sig"


@pytest.mark.parametrize(
    "end", ["27GeV.V2/simu.C", "27GeV.V02/sim.C", "27GeV.V02_/simu.C", "27GeV.V02/simu.cpp", "27.V02/simu.C"]
)
def test_a_script_outside_the_grammar_is_refused(end: str) -> None:
    with pytest.raises(NamingError):
        ScriptPath.parse(f"/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.{end}")

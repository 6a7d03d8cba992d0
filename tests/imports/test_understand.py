from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.seeds import SeedRange
from gateway.domain.states import Intent
from gateway.errors import ImportFileError
from gateway.imports.drafts import Echo, Problem, RequestDraft
from gateway.imports.understand import understand_requests, understand_steps, unplaced_columns
from tests.imports.factories import NAME, ROW, TAG, row, sheet, table


def only(rows):
    (reading,) = understand_requests(rows)
    return reading


def test_the_first_row_of_2025_is_understood_whole():
    reading = understand_requests(sheet())[0]

    assert reading.draft == RequestDraft(
        name="PROD2025-010",
        stage="S1",
        software_project="spdroot-dev",
        software_version="4.1.7.1",
        collision_type="dd",
        energy_gev=Decimal(4),
        polarization="UU",
        tag="dd-minbias-FTF-spdroot4171-dev",
        events=5_000_000,
        events_per_file=4000,
        seeds=SeedRange(1, 1250),
        geometry=("Micromegas", "TS", "ECal", "RS", "BBC", "ZDC (sketch)"),
        intent=Intent.ACCEPTED,
        steps=("RECO",),
    )


def test_every_rewritten_cell_of_2025_is_said_back():
    echoes = understand_requests(sheet())[4].echoes

    assert set(echoes) == {
        Echo("Status", "Runnig", "SUBMITTED"),
        Echo("Software type/version", "spdroot-dev-4.1.7.2", "spdroot-dev 4.1.7.2"),
        Echo(TAG, "minbias-P8-spdroot4172-dev test", "minbias-P8-spdroot4172-dev (set apart: test)"),
        Echo("Number of events", "40 000 000", "40000000"),
        Echo("Processing type", "simu\nreco", "SIM, RECO"),
    }


def test_the_tag_keeps_its_flag():
    assert (
        only(table(row(short="minbias-P8-spdroot4172-dev test"))).draft.tag
        == "minbias-P8-spdroot4172-dev test"
    )


@pytest.mark.parametrize(
    ("status", "changes", "intent"),
    [
        ("Ready", {}, Intent.READY),
        ("Runnig", {}, Intent.SUBMITTED),
        ("DONE", {}, Intent.ACCEPTED),
        ("DONE", {"Description": "PRE-PRODUCTION obsolete"}, Intent.OBSOLETE),
        ("Done", {"short": "minbias-P8-spdroot4172-dev obsolete"}, Intent.OBSOLETE),
        ("", {}, None),
        ("", {"Description": "Obsolete"}, Intent.OBSOLETE),
    ],
)
def test_status_words_become_intents(status, changes, intent):
    assert only(table(row(status=status, **changes))).draft.intent is intent


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("initial", "10001–20000", "seeds", SeedRange(10001, 20000)),
        ("number", "40 000 000", "events", 40_000_000),
        ("energy", "13.5 ГэВ", "energy_gev", Decimal("13.5")),
        ("stage", " s2 ", "stage", "S2"),
        ("collision", "PP", "collision_type", "pp"),
        ("polarization", "ul", "polarization", "UL"),
        ("software", "spdroot-dev 4.1.7.2", "software_version", "4.1.7.2"),
        ("production", "PROD2026–001 ", "name", "PROD2026-001"),
        ("processing", "reco, SIM", "steps", ("RECO", "SIM")),
        ("geometry", "DSSD;TS\nZDC (sketch, v2), TS", "geometry", ("DSSD", "TS", "ZDC (sketch, v2)")),
    ],
)
def test_people_write_in_many_ways(column, text, field, value):
    assert getattr(only(table(row(**{column: text}))).draft, field) == value


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        (
            "Number of events",
            "forty",
            "'forty' is not a whole number above 0. Write it like 40000000 or 40 000 000.",
        ),
        ("Number of events", "", "is empty."),
        ("Initial seed", "20000-1", "'20000-1' runs backwards. Write the smaller seed first."),
        ("Energy", "27 TeV", "'27 TeV' has the unit 'TeV'. Give the energy in GeV."),
        (
            "Software type/version",
            "root",
            "'root' is not a software version. Write it like spdroot-dev-4.1.7.2.",
        ),
        ("Polarization", "XY", "'XY' is not a polarization. Write it like UU, two of U, L, T."),
    ],
)
def test_a_bad_cell_is_named_with_its_reason(column, text, reason):
    reading = only(table(ROW | {column: text}))

    assert reading.draft is None
    assert reading.problems == (Problem(column, reason),)


def test_all_bad_cells_of_a_row_are_named_at_once():
    reading = only(table(row(number="0", events="x", production="batch 7")))

    assert [problem.column for problem in reading.problems] == [NAME, "Number of events", "Events per file"]
    assert reading.subject is None


def test_columns_nobody_explained_are_kept_with_the_row():
    rows = table(ROW | {"Shift": "night", "": "x"} | {"Empty": ""})

    assert only(rows).draft.unplaced == {"Shift": "night", "column 15": "x"}
    assert unplaced_columns(rows) == ("Shift", "column 15", "Empty")


def test_headings_may_be_written_in_other_words_and_any_case():
    renamed = {"Request": "PROD2026-001", "beam energy (GeV)": "27", "TAG": ROW[TAG], "seeds": "1-10"}
    old = {NAME, "Energy", TAG, "Initial seed"}

    draft = only(table(renamed | {name: cell for name, cell in ROW.items() if name not in old})).draft

    assert (draft.name, draft.energy_gev, draft.seeds) == ("PROD2026-001", Decimal(27), SeedRange(1, 10))


def test_missing_columns_are_listed_beside_those_found():
    with pytest.raises(ImportFileError) as refusal:
        understand_requests(table({"Status": "Ready", "Stage": "S1"}))

    assert refusal.value.message == (
        "list.csv lacks the columns production name/id, collision type, geometry type, energy, polarization, "
        "software type/version, short description for datasets naming, number of events, events per file, "
        "initial seed. Found: 'Status', 'Stage'. "
        "Name the columns in the first row, and separate them by commas or semicolons."
    )


def test_a_file_of_one_column_is_told_what_it_lacks():
    with pytest.raises(ImportFileError, match=r"Found: 'name\|stage'"):
        understand_requests(table({"name|stage": "PROD2026-001|S1"}))


def test_a_step_row_names_its_relation():
    cells = {NAME: "PROD2026-002", "Type": "simu", "Description": "additional to PROD2026-001", "Script": ""}

    (reading,) = understand_steps(table(cells))

    assert (reading.draft.kind, reading.draft.extends, reading.draft.script) == (
        "SIM",
        {"PROD2026-001"},
        None,
    )


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60)


@given(st.fixed_dictionaries(dict.fromkeys(ROW, texts)))
def test_any_texts_are_a_draft_or_reasons_against_it(cells):
    for reading in understand_requests(table(ROW, cells)):
        assert (reading.draft is None) == bool(reading.problems)


@given(st.sampled_from(list(ROW)), texts)
def test_one_strange_cell_spoils_no_other(column, text):
    reading = only(table(ROW | {column: text}))

    assert {problem.column for problem in reading.problems} <= {column}


def test_a_long_list_of_open_brackets_is_refused_quickly():
    reading = only(table(row(geometry="(" * 100_000)))

    assert [problem.column for problem in reading.problems] == ["Geometry type"]


@pytest.mark.parametrize(("text", "priority"), [("5", 5), ("0", 0), ("-3", -3), (" \N{MINUS SIGN}3 ", -3)])
def test_a_priority_is_any_whole_number(text, priority):
    assert only(table(row() | {"Priority": text})).draft.priority == priority


@pytest.mark.parametrize("text", ["high", "1.5", "9" * 19, "--1"])
def test_what_is_no_priority_is_refused(text):
    (problem,) = only(table(row() | {"Priority": text})).problems

    assert problem.column == "Priority"
    assert problem.reason.endswith("is no priority. Write a whole number, such as 5, 0 or -1.")

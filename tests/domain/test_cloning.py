"""What a clone keeps, gets anew and never inherits: the table has every field, and is kept to."""

import dataclasses
from decimal import Decimal

import pytest

from gateway.domain.cloning import FIELDS, ROW_FIELDS, STEP_FIELDS, Inherited, clone_of
from gateway.domain.definitions import Definition, StepDefinition
from gateway.store.requests import Request, Step


def test_every_field_says_what_becomes_of_it() -> None:
    columns = {column.name for column in Request.__table__.columns}
    step_columns = {column.name for column in Step.__table__.columns}

    assert set(FIELDS) == {each.name for each in dataclasses.fields(Definition)}
    assert set(STEP_FIELDS) == {each.name for each in dataclasses.fields(StepDefinition)}
    # Columns that are definition fields under another name, or follow from them.
    named = {"stage_name", "campaign_name", "beam_energy_mev"} | {
        "key",
        "request_name",
        "kind",
        "position",
        "parent_step_key",
        "script",
        "script_version",
        "script_variant",
        "description",
    }
    assert (columns | step_columns) - named - set(FIELDS) == set(ROW_FIELDS)


SOURCE = Definition(
    stage="S2",
    software_project="spdroot-dev",
    software_version="4.1.7.2",
    collision_type="pp",
    energy_gev=Decimal(27),
    polarization="UU",
    tag="minbias-P8-spdroot4172-dev test",
    events=8_000,
    events_per_file=4_000,
    campaign="SPD MC 2025",
    geometry=("DSSD",),
    priority=5,
    description="/eos/somewhere/PROD2025-012_recofiles.txt",
    is_test=True,
    seeds=(),
    steps=(StepDefinition(kind="SIM", script="a.C", description="old"),),  # type: ignore[arg-type]
)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_clone_is_what_the_table_says(field: str) -> None:
    made = clone_of(SOURCE)
    old, new = getattr(SOURCE, field), getattr(made, field)

    match FIELDS[field]:
        case Inherited.NEVER:
            assert not new
        case Inherited.KEPT if field == "steps":
            assert [(step.kind, step.script, step.reads, step.description) for step in new] == [
                ("SIM", "a.C", None, None)
            ]
        case Inherited.KEPT:
            assert new == old
        case Inherited.ANEW:
            assert new == {"tag": "minbias-P8-spdroot4172-dev", "seeds": ()}[field]


def test_a_clone_of_a_clone_is_that_clone() -> None:
    assert clone_of(clone_of(SOURCE)) == clone_of(SOURCE)

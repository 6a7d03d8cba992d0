import math

import pytest

from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS, BadRecordError

QUOTAS = next(section for section in SECTIONS[SourceName.RUCIO] if section.name == "quotas")
QUOTA = {"account": "prodman", "rse_name": "JINR_EOS", "limit_bytes": 5}


def test_a_record_is_the_same_in_any_order_and_whatever_is_not_read_of_it():
    again = {**dict(reversed(QUOTA.items())), "colour": "blue"}

    assert QUOTAS.record_hash(again) == QUOTAS.record_hash(QUOTA)


def test_every_value_that_is_read_tells_one_record_from_another():
    limits = (5, 5.0, "5", None, math.inf, -1, True)

    hashes = {QUOTAS.record_hash({**QUOTA, "limit_bytes": limit}) for limit in limits}

    without = {name: value for name, value in QUOTA.items() if name != "limit_bytes"}
    assert len(hashes | {QUOTAS.record_hash(without)}) == len(limits) + 1


def test_names_that_would_make_one_key_of_two_things_are_put_aside():
    counts = next(section for section in SECTIONS[SourceName.PANDA] if section.name == "job_counts")

    with pytest.raises(BadRecordError, match=r"queue_name: .* holds the character \|"):
        counts.row({"jedi_task_id": 1, "queue_name": "A|B", "job_state": "C", "jobs": 1})


def test_a_name_that_is_a_key_by_itself_may_hold_any_character():
    sites = next(section for section in SECTIONS[SourceName.CRIC] if section.name == "sites")

    assert sites.row({"name": "S|1"}).name == "S|1"


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("output_bytes", 2**60),
        ("jobs_finished", 10**9),
        ("events_per_job", 10**9),
        ("events_reported", 10**15),
        ("parent_task_id", 2**63 - 1),
    ],
)
def test_a_number_beyond_belief_is_put_aside_with_its_field(field, most):
    tasks = next(section for section in SECTIONS[SourceName.PANDA] if section.name == "tasks")
    record = {"jedi_task_id": 2**63 - 1, "name": "PROD2025-013.SIM", "status": "done"}

    believed = tasks.row({**record, field: most})

    assert getattr(believed, field) == most
    with pytest.raises(BadRecordError, match=f"{field}: Input should be less than or equal to {most}"):
        tasks.row({**record, field: most + 1})

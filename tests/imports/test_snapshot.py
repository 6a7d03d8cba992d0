import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from gateway.errors import ImportFileError
from gateway.imports.snapshot import import_snapshot
from gateway.imports.snapshot_report import render_snapshot
from gateway.store.datasets import Dataset
from gateway.store.history import PastVersion
from gateway.store.people import Person
from gateway.store.sites import Downtime, Site
from gateway.store.sources import QuarantinedRecord, Source, SourceName, SyncRun
from gateway.store.storages import Quota
from gateway.store.tasks import Task
from gateway.sync.records import SECTIONS
from tests.imports.snapshots import AT, LATER, document, fetch, person, take_in, task

DOCS = Path(__file__).parents[2] / "docs" / "snapshot.md"


async def test_a_record_becomes_a_row_with_what_its_name_says(database):
    await take_in(
        database, panda_tasks=[task(user_name="prodman", jobs_finished=10000, started_at="2025-04-30")]
    )

    assert await fetch(
        database,
        select(
            Task.name,
            Task.user_name,
            Task.jobs_finished,
            Task.jobs_failed,
            Task.started_at,
            Task.request_name,
            Task.step_kind,
            Task.attempt_number,
            Task.attempt_key,
            Task.source,
            Task.last_seen_at,
        ),
    ) == [
        (
            "PROD2025-013.SIM.2",
            "prodman",
            10000,
            None,
            dt.datetime(2025, 4, 30, tzinfo=dt.UTC),
            "PROD2025-013",
            "SIM",
            2,
            "PROD2025-013.SIM.2",
            "panda",
            AT,
        )
    ]


async def test_a_dataset_is_split_into_scope_name_and_what_it_holds(database):
    did = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"
    await take_in(database, rucio_datasets=[{"did": did}, {"did": "user.analyst:skim"}])

    columns = (Dataset.scope, Dataset.name, Dataset.request_name, Dataset.attempt_key, Dataset.data_type)
    assert await fetch(database, select(*columns).order_by(Dataset.did)) == [
        ("MC2025_S1", did.partition(":")[2], "PROD2025-013", "PROD2025-013.RECO.1", "R"),
        ("user.analyst", "skim", None, None, None),
    ]


async def test_the_same_snapshot_again_changes_nothing(database):
    first = await take_in(database, panda_tasks=[task()], iam_people=[person()])

    again = await take_in(database, at=LATER, panda_tasks=[task()], iam_people=[person()])

    assert [section.outcome.changed for section in first.sections] == [1, 1]
    assert [section.outcome.changed for section in again.sections] == [0, 0]
    assert await fetch(database, select(func.count()).select_from(PastVersion)) == [(0,)]


async def test_a_changed_record_leaves_its_past(database):
    await take_in(database, panda_tasks=[task(status="running")])

    await take_in(database, LATER, panda_tasks=[task(status="done")])

    past = await fetch(database, select(PastVersion.row_key, PastVersion.valid_to, PastVersion.content))
    assert [(key, until, content["status"]) for key, until, content in past] == [("362", LATER, "running")]


async def test_only_a_complete_listing_marks_what_it_lacks(database):
    await take_in(database, panda_tasks=[task(1), task(2)])

    partly = await take_in(database, LATER, complete=False, panda_tasks=[task(1)])
    wholly = await take_in(database, LATER, panda_tasks=[task(1)])

    assert [report.sections[0].outcome.gone for report in (partly, wholly)] == [0, 1]
    assert await fetch(database, select(Task.jedi_task_id, Task.gone_at).order_by(Task.jedi_task_id)) == [
        (1, None),
        (2, LATER),
    ]


async def test_an_empty_complete_list_is_held(database):
    await take_in(database, panda_tasks=[task(1), task(2)], panda_job_counts=[])

    report = await take_in(database, LATER, panda_tasks=[], panda_job_counts=[])

    reason = "tasks: the list is empty while 2 rows are known; nothing was marked as gone"
    assert report.sections[0].hold_reason == reason
    assert await fetch(database, select(func.count()).select_from(Task).where(Task.gone_at.is_(None))) == [
        (2,)
    ]
    assert await fetch(database, select(Source.last_ok_at, Source.last_full_ok_at, Source.hold_reason)) == [
        (LATER, AT, reason)
    ]
    runs = await fetch(database, select(SyncRun.verdict, SyncRun.rows_gone).order_by(SyncRun.id))
    assert runs == [("OK", 0), ("HELD", 0)]


async def test_a_hold_ends_with_the_next_trusted_listing(database):
    await take_in(database, panda_tasks=[task()])
    await take_in(database, LATER, panda_tasks=[])

    await take_in(database, LATER, panda_tasks=[task()])

    assert await fetch(database, select(Source.hold_reason)) == [(None,)]


@pytest.mark.parametrize(
    ("known", "missing", "gone"),
    [(60, 12, 12), (60, 13, 0), (20, 10, 10), (20, 11, 0)],
)
async def test_a_sudden_loss_of_a_fifth_and_ten_rows_is_held(database, known, missing, gone):
    everything = [task(number) for number in range(known)]
    await take_in(database, panda_tasks=everything)

    report = await take_in(database, LATER, panda_tasks=everything[missing:])

    assert report.sections[0].outcome.gone == gone
    assert (report.sections[0].hold_reason is None) == (gone > 0)


async def test_no_downtime_is_an_ordinary_day(database):
    downtime = {"downtime_id": 1, "site_name": "PNPI", "starts_at": "2026-01-01", "ends_at": "2026-01-02"}
    await take_in(database, cric_downtimes=[downtime])

    report = await take_in(database, LATER, cric_downtimes=[])

    assert report.sections[0].hold_reason is None
    assert await fetch(database, select(Downtime.gone_at)) == [(LATER,)]


BAD_TASKS = {
    "no object": 7,
    "wrong type": task(1, jobs_finished="many"),
    "text for a number": task(1, jobs_finished="10"),
    "missing name": {"jedi_task_id": 1, "status": "done"},
    "negative": task(1, jobs_finished=-1),
    "beyond 64 bits": task(1, output_bytes=2**63),
    "too long": task(1, status="x" * 65),
    "nul": task(1, user_name="a\0b"),
    "half a character": task(1, user_name="\ud800"),
    "not a moment": task(1, started_at="yesterday"),
    "moment of another age": task(1, started_at="0001-01-01T00:00:00+14:00"),
    "number for a moment": task(1, started_at=1_700_000_000),
}


@pytest.mark.parametrize("kind", BAD_TASKS)
async def test_a_bad_record_is_set_aside_while_the_rest_goes_in(database, kind):
    report = await take_in(database, panda_tasks=[BAD_TASKS[kind], task(2)])

    assert report.quarantined == 1
    assert await fetch(database, select(Task.jedi_task_id)) == [(2,)]
    kept = await fetch(
        database, select(QuarantinedRecord.source, QuarantinedRecord.kind, QuarantinedRecord.content)
    )
    assert kept == [("panda", "tasks", json.dumps(BAD_TASKS[kind]))]


@pytest.mark.parametrize(
    "text",
    [
        '{"jedi_task_id": 1, "name": "A", "status": "done", "walltime_reported": NaN}',
        '{"jedi_task_id": 1, "name": "A", "status": "done", "walltime_reported": Infinity}',
        '{"jedi_task_id": 1, "name": "A", "status": "done", "status": "failed"}',
        '{"jedi_task_id": 1, "name": "A", "status": "done", "output_bytes": ' + "9" * 5000 + "}",
    ],
    ids=["nan", "infinity", "doubled key", "5000 digits"],
)
async def test_what_json_should_not_hold_is_set_aside(database, text):
    whole = document(panda_tasks=[task(2)]).replace(b'"records": [', b'"records": [' + text.encode() + b", ")

    report = await import_snapshot(database, whole, at=AT)

    assert report.quarantined == 1
    assert await fetch(database, select(Task.jedi_task_id)) == [(2,)]


async def test_a_bad_record_still_counts_as_seen_and_is_counted_again(database):
    await take_in(database, panda_tasks=[task(1), task(2)])

    for _ in range(2):
        await take_in(database, LATER, panda_tasks=[task(1, status=7), task(2)])

    assert await fetch(database, select(Task.jedi_task_id, Task.gone_at).order_by(Task.jedi_task_id)) == [
        (1, None),
        (2, None),
    ]
    assert await fetch(database, select(QuarantinedRecord.times_seen, QuarantinedRecord.error)) == [
        (2, "status: Input should be a valid string")
    ]


async def test_nothing_is_marked_as_gone_while_a_key_cannot_be_read(database):
    await take_in(database, panda_tasks=[task(1), task(2)])

    report = await take_in(database, LATER, panda_tasks=[task(1), {"name": "?"}])

    assert report.sections[0].hold_reason == (
        "tasks: 1 records cannot be told apart while 1 known rows are missing; nothing was marked as gone"
    )


async def test_a_long_bad_record_is_kept_cut(database):
    await take_in(database, panda_tasks=[task(1, status="x" * 10_000)])

    ((content,),) = await fetch(database, select(QuarantinedRecord.content))
    assert len(content) == 4096


async def test_unknown_fields_and_listings_are_counted_and_left_out(database):
    report = await take_in(
        database, panda_tasks=[task(1, colour="red"), task(2, colour="blue")], panda_moods=[], harvester_x=[]
    )

    assert report.sections[0].unknown_fields == {"colour": 2}
    assert report.unknown_sections == ("panda.moods", "harvester")


@pytest.mark.parametrize("limit", ["-1", "Infinity", '"Infinity"', '"-1"'])
async def test_a_quota_without_limit_is_unlimited(database, limit):
    text = f'{{"account": "prodman", "rse_name": "JINR_EOS", "limit_bytes": {limit}}}'
    whole = document(rucio_quotas=[]).replace(b"[]", f"[{text}]".encode())

    await import_snapshot(database, whole, at=AT)

    assert await fetch(database, select(Quota.limit_bytes, Quota.is_unlimited)) == [(None, True)]


async def test_a_quota_with_a_limit_or_without_word_is_not_unlimited(database):
    quota = {"account": "prodman", "rse_name": "JINR_EOS"}

    await take_in(database, rucio_quotas=[quota | {"limit_bytes": 5}, quota | {"rse_name": "PNPI_EOS"}])

    assert await fetch(database, select(Quota.limit_bytes, Quota.is_unlimited).order_by(Quota.rse_name)) == [
        (5, False),
        (None, False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2025-04-30T10:00:00",
        "2025-04-30 12:00:00+02:00",
        "Wed, 30 Apr 2025 10:00:00 UTC",
        "2025-04-30T10:00:00Z",
    ],
)
async def test_moments_are_read_in_both_forms_and_without_a_zone_as_utc(database, text):
    await take_in(database, panda_tasks=[task(started_at=text)])

    assert await fetch(database, select(Task.started_at)) == [(dt.datetime(2025, 4, 30, 10, tzinfo=dt.UTC),)]


async def test_a_user_name_of_two_people_goes_to_the_first(database):
    report = await take_in(database, iam_people=[person("prodman", 1), person("prodman", 2)])

    assert report.quarantined == 1
    assert await fetch(database, select(Person.subject)) == [("subject-1",)]


async def test_each_source_says_how_fresh_it_is(database):
    await take_in(database, iam_people=[person()], cric_sites=[{"name": "JINR"}])

    assert await fetch(
        database,
        select(Source.name, Source.stale_after_s, Source.last_ok_at, Source.last_full_ok_at).order_by(
            Source.name
        ),
    ) == [("cric", 7200, AT, None), ("iam", 3600, AT, None)]
    runs = await fetch(database, select(SyncRun.source, SyncRun.job, SyncRun.is_full, SyncRun.rows_seen))
    assert sorted(runs) == [("cric", "snapshot", False, 1), ("iam", "snapshot", False, 1)]


async def test_an_older_snapshot_is_refused_and_changes_nothing(database):
    await take_in(database, LATER, panda_tasks=[task(status="done")])

    with pytest.raises(ImportFileError, match=r"but panda\.tasks is known as of 2026-01-15T10:30:00"):
        await take_in(
            database, AT, at=LATER, panda_tasks=[task(status="running")], cric_sites=[{"name": "JINR"}]
        )

    assert await fetch(database, select(Task.status)) == [("done",)]
    assert await fetch(database, select(Site.name)) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "world.json is not JSON"),
        (b"\xff\xfe", "world.json is not JSON"),
        (b"[" * 100_000, "world.json is not JSON"),
        (b"[]", "world.json is not a JSON object"),
        (b"{}", "world.json does not say when it was taken"),
        (b'{"taken_at": "soon"}', "world.json does not say when it was taken"),
        (b'{"taken_at": "2027-01-15T09:30:00Z"}', "world.json was taken at 2027-01-15"),
        (b'{"taken_at": "2026-01-15", "taken_at": "2026-01-14"}', "world.json has a key that stands twice"),
        (document(panda_tasks={"records": []}), "world.json: `panda.tasks` must hold `complete`"),
        (
            document(panda_tasks={"complete": 1, "records": []}),
            "world.json: `panda.tasks` must hold `complete`",
        ),
        (
            document(panda_tasks={"complete": True, "records": {}}),
            "world.json: `panda.tasks` must hold `complete`",
        ),
        (b'{"taken_at": "2026-01-15", "panda": []}', "world.json: `panda` must be an object"),
        (b" " * (64 * 1024 * 1024 + 1), "world.json has 67,108,865 bytes"),
    ],
    ids=range(13),
)
async def test_what_is_no_snapshot_is_refused(database, content, complaint):
    with pytest.raises(ImportFileError) as refusal:
        await import_snapshot(database, content, at=AT, name="world.json")

    assert refusal.value.message.startswith(complaint)
    assert await fetch(database, select(Source.name)) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
sections = [section for group in SECTIONS.values() for section in group]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(sections), st.data())
def test_any_record_is_a_row_or_is_set_aside(section, data):
    record = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(section.fields), json_values)))

    try:
        row = section.row(record)
    except ValueError:
        return
    assert all(getattr(row, name) is not None for name in section.key_fields)


def test_every_field_of_every_listing_is_documented():
    rows = {
        cells[1].strip().strip("`"): cells[2]
        for line in DOCS.read_text().splitlines()
        if len(cells := line.split("|")) == 4 and cells[1].strip().startswith("`")
    }

    documented = {place: {name.strip(" *\\") for name in fields.split(",")} for place, fields in rows.items()}
    assert documented == {f"{section.source}.{section.name}": set(section.fields) for section in sections}


def test_every_source_has_listings():
    assert set(SECTIONS) == set(SourceName)


async def test_the_report_can_be_read_on_a_terminal(database):
    report = await take_in(database, panda_tasks=[task(1, colour="red"), 7], panda_moods=[])

    assert render_snapshot(report).splitlines() == [
        "snapshot taken at 2026-01-15 09:30:00 UTC",
        "  panda.tasks: 1 seen, 1 changed, 0 gone, 1 not understood",
        "      left out: colour (1 times)",
        "  left out: panda.moods",
        "attempts adopted: 0, links of people: 0",
    ]


async def source_dates(database):
    return await fetch(database, select(Source.last_ok_at, Source.last_full_ok_at, Source.first_full_ok_at))


async def test_a_source_is_as_fresh_as_the_worst_of_its_kinds(database):
    await take_in(database, panda_tasks=[task()], panda_job_counts=[])

    await take_in(database, LATER, panda_job_counts={"complete": False, "records": []})
    nothing_said = await source_dates(database)
    await take_in(database, LATER, panda_job_counts=[])
    other_kind = await source_dates(database)
    await take_in(database, LATER, panda_tasks=[task()])

    assert nothing_said == other_kind == [(AT, AT, AT)]
    assert await source_dates(database) == [(LATER, AT, AT)]


async def test_an_empty_part_of_a_source_never_read_says_nothing_of_it(database):
    await take_in(database, panda_job_counts={"complete": False, "records": []})

    assert await source_dates(database) == [(None, None, None)]


async def test_the_first_complete_listing_is_remembered(database):
    both = {"panda_tasks": [task()], "panda_job_counts": []}
    await take_in(database, **both)

    await take_in(database, LATER, **both)

    assert await source_dates(database) == [(LATER, LATER, AT)]


async def test_a_kind_that_is_known_better_than_its_source_does_not_go_back(database):
    await take_in(database, panda_tasks=[task()], panda_job_counts=[{"jedi_task_id": 362, **COUNT}])
    await take_in(database, LATER, panda_tasks=[task(status="done")])

    with pytest.raises(ImportFileError, match=r"but panda\.tasks is known as of 2026-01-15T10:30:00"):
        await take_in(database, AT + (LATER - AT) / 2, at=LATER, panda_tasks=[task(status="running")])


COUNT = {"queue_name": "JINR", "job_state": "finished", "jobs": 3}

"""Sums that agree with the talk's numbers, null where nothing is known, and the talk's own table."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.store.database import Database
from gateway.store.remembered import mark_gone, remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

TALK: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "spd2025.json").read_text())
GB = 10**9

# The analyst's own selection, which belongs to no request.
SKIM = 1200 * GB

SUMS = "tasks requests jobsFinished { value known } events { value known } outputBytes { value known }"


async def production(ask: Asker, arguments: str = "", fields: str = SUMS) -> list[dict[str, Any]]:
    data = await ask(f"{{ statistics {{ production{arguments} {{ keys {{ value }} {fields} }} }} }}")
    groups: list[dict[str, Any]] = data["statistics"]["production"]
    return groups


async def by(ask: Asker, dimensions: str, field: str, key: str = "value") -> dict[object, object]:
    """Return one number of each group by the group's values."""
    inner = f"{field} {{ {key} }}" if field not in {"tasks", "requests"} else field
    groups = await production(ask, f"(groupBy: [{dimensions}])", inner)
    return {
        values[0] if len(values) == 1 else values: group[field][key] if inner != field else group[field]
        for group in groups
        for values in [tuple(part["value"] for part in group["keys"])]
    }


def produced() -> list[dict[str, Any]]:
    """The talk's tasks that produced something, newest first."""
    tasks = [task for task in TALK["tasks"] if task.get("total_jobs")]
    return sorted(tasks, key=lambda task: -int(task["jedi_task_id"]))


def bytes_of(size_gb: float) -> int:
    return round(size_gb * GB)


async def test_without_groups_everything_is_one_sum(ask: Asker) -> None:
    [everything] = await production(ask)

    assert everything == {
        "keys": [],
        "tasks": 17,
        "requests": 5,
        "jobsFinished": {"value": sum(task["total_jobs"] for task in produced()), "known": 10},
        "events": {"value": 130_001_000, "known": 6},
        "outputBytes": {"value": sum(bytes_of(task["out_ds_size_gb"]) for task in produced()), "known": 10},
    }


async def test_events_of_simulations_are_those_that_were_asked_for(ask: Asker) -> None:
    asked_for = {task["name"]: task["events"] for task in TALK["requests"]}

    events = await by(ask, "REQUEST", "events")

    assert {name: value for name, value in events.items() if name is not None and value is not None} == {
        name: asked_for[name] for name in (f"PROD2025-{number:03}" for number in range(10, 15))
    }


async def test_core_hours_that_nobody_said_are_null_and_not_zero(ask: Asker, own_world: Database) -> None:
    [unsaid] = await production(ask, fields="coreHours coreHoursKnown")
    said = Asker(own_world, LOADED_AT)
    async with own_world.transaction() as session:
        new = Task(jedi_task_id=900, name="T", status="done", core_seconds=7200)
        await remember(session, [new], source=SourceName.PANDA, at=LOADED_AT)

    assert unsaid == {"keys": [], "coreHours": None, "coreHoursKnown": 0}
    assert await production(said, fields="coreHours coreHoursKnown") == [
        {"keys": [], "coreHours": 2.0, "coreHoursKnown": 1}
    ]


@pytest.mark.parametrize(
    ("dimension", "tasks"),
    [
        ("STATUS", {"aborted": 4, "done": 8, "failed": 1, "finished": 4}),
        ("STEP", {"RECO": 5, "SIM": 6, None: 6}),
        ("STAGE", {"S1": 2, "S2": 7, None: 8}),
        ("CAMPAIGN", {None: 17}),
        ("USER", {"prodman": 6, "voadmin": 6, None: 5}),
        ("MONTH", {"2025-04": 8, "2025-05": 2, None: 7}),
        ("SITE", {"JINR": 10, "PNPI": 10, "SPbSU": 10, "SSAU": 10}),
        (
            "REQUEST",
            {
                "PROD2025-009": 2,
                "PROD2025-010": 2,
                "PROD2025-011": 2,
                "PROD2025-012": 2,
                "PROD2025-013": 2,
                "PROD2025-014": 1,
                None: 6,
            },
        ),
    ],
)
async def test_tasks_are_counted_by_every_dimension(
    ask: Asker, dimension: str, tasks: dict[object, object]
) -> None:
    counted = await by(ask, dimension, "tasks")

    assert counted == tasks
    # In the order of the values, rows without one last.
    assert list(counted) == sorted(tasks, key=lambda value: (value is None, str(value)))


async def test_sums_by_status_keep_nothing_and_unknown_apart(ask: Asker) -> None:
    assert await by(ask, "STATUS", "jobsFinished") == {
        "aborted": None,
        "done": 10 + 3 * 1_250 + 3 * 10_000,
        "failed": None,
        "finished": 1_244 + 9_993 + 9_992,
    }
    assert await by(ask, "STATUS", "jobsFinished", "known") == {
        "aborted": 0,
        "done": 7,
        "failed": 0,
        "finished": 3,
    }


async def test_jobs_and_events_by_site_add_up_to_everything(ask: Asker) -> None:
    jobs = await by(ask, "SITE", "jobsFinished")
    events = await by(ask, "SITE", "events")
    unknown = await by(ask, "SITE", "outputBytes")

    assert jobs == {"JINR": 34_097, "PNPI": 8_796, "SPbSU": 5_498, "SSAU": 6_598}
    assert sum(jobs.values()) == 54_989  # type: ignore[arg-type]
    assert sum(events.values()) == 130_001_000  # type: ignore[arg-type]
    assert set(unknown.values()) == {None}


async def test_a_site_knows_the_jobs_of_as_many_tasks_as_it_ran(ask: Asker) -> None:
    assert await by(ask, "SITE", "jobsFinished", "known") == {"JINR": 10, "PNPI": 10, "SPbSU": 10, "SSAU": 10}
    assert await by(ask, "SITE", "events", "known") == {"JINR": 6, "PNPI": 6, "SPbSU": 6, "SSAU": 6}


async def test_several_dimensions_group_together(ask: Asker) -> None:
    assert await by(ask, "MONTH, USER", "jobsFinished") == {
        ("2025-04", "prodman"): 1_250 + 1_244 + 10_000,
        ("2025-04", "voadmin"): 10,
        ("2025-04", None): 1_250 + 1_250 + 10_000 + 9_993,
        ("2025-05", "prodman"): 9_992,
        ("2025-05", None): 10_000,
        (None, "prodman"): None,
        (None, "voadmin"): None,
    }


async def test_only_tasks_that_meet_the_filter_are_summed(ask: Asker) -> None:
    [found] = await production(
        ask, '(filter: { stepKind: { eq: "SIM" }, request: { energyGev: { eq: 27 } } })'
    )
    [nothing] = await production(ask, '(filter: { name: { eq: "x" } })')

    assert (found["tasks"], found["jobsFinished"]["value"], found["events"]["value"]) == (
        4,
        31_250,
        125_000_000,
    )
    assert nothing == {
        "keys": [],
        "tasks": 0,
        "requests": 0,
        "jobsFinished": {"value": None, "known": 0},
        "events": {"value": None, "known": 0},
        "outputBytes": {"value": None, "known": 0},
    }


async def test_tasks_that_are_gone_are_not_summed(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await mark_gone(session, Task, [(362,)], at=LOADED_AT)

    [everything] = await production(Asker(own_world, LOADED_AT))

    assert (everything["tasks"], everything["events"]["value"]) == (16, 90_001_000)


async def test_a_month_is_a_month_in_utc_wherever_the_database_lives(own_world: Database) -> None:
    if not own_world.is_sqlite:
        async with own_world.transaction() as session:
            await session.execute(
                text(f"ALTER DATABASE \"{own_world.url.database}\" SET timezone TO 'America/New_York'")
            )
        await own_world.close()

    # 362 started at midnight between the 29th and the 30th of April, 353 and 354 in the middle of the month.
    by_month = await by(Asker(own_world, LOADED_AT), "MONTH", "tasks")
    async with own_world.transaction() as session:
        new = Task(jedi_task_id=900, name="T", status="done", started_at=LOADED_AT.replace(hour=0))
        await remember(session, [new], source=SourceName.PANDA, at=LOADED_AT)

    assert by_month == {"2025-04": 8, "2025-05": 2, None: 7}
    assert (await by(Asker(own_world, LOADED_AT), "MONTH", "tasks"))["2026-03"] == 1


@pytest.mark.parametrize(
    ("dimension", "replicas"),
    [
        (
            "SITE",
            {"JINR": (23, 97_340_210_000_000), "PNPI": (1, 18_536_200_000_000), "SSAU": (1, SKIM)},
        ),
        (
            "STORAGE",
            {
                "JINR_EOS": (23, 97_340_210_000_000),
                "PNPI_EOS": (1, 18_536_200_000_000),
                "SSAU_DISK": (1, SKIM),
            },
        ),
        (
            "DATA_TYPE",
            {
                "P": (5, 288_162_750_000),
                "R": (5, 58_226_450_000_000),
                "S": (5, 57_344_387_250_000),
                "log": (9, 17_410_000_000),
                None: (1, SKIM),
            },
        ),
        ("ACCOUNT", {"analyst": (1, SKIM), "prodman": (24, 115_876_410_000_000)}),
        ("SCOPE", {"MC2025_S1": (24, 115_876_410_000_000), "user.analyst": (1, SKIM)}),
    ],
)
async def test_replicas_are_summed_by_where_and_what_they_are(
    ask: Asker, dimension: str, replicas: dict[object, tuple[int, int]]
) -> None:
    data = await ask(
        f"{{ statistics {{ storage(groupBy: [{dimension}]) {{ keys {{ dimension value }} replicas "
        "sizeBytes { value known } } } }"
    )

    assert [group["keys"][0]["dimension"] for group in data["statistics"]["storage"]] == (
        [dimension] * len(replicas)
    )
    assert {
        group["keys"][0]["value"]: (group["replicas"], group["sizeBytes"]["value"])
        for group in data["statistics"]["storage"]
    } == replicas


@pytest.mark.parametrize("dimension", ["CAMPAIGN", "STAGE", "REQUEST", "STEP"])
async def test_replicas_are_summed_by_what_their_dataset_was_made_for(ask: Asker, dimension: str) -> None:
    data = await ask(
        f"{{ statistics {{ storage(groupBy: [{dimension}]) "
        "{ datasets replicas fileCount { value } } } }"
    )

    groups = data["statistics"]["storage"]
    assert sum(group["replicas"] for group in groups) == 25
    assert sum(group["datasets"] for group in groups) == 24
    assert sum(group["fileCount"]["value"] for group in groups) == 142_458 + 9_992 + 640


async def test_a_dimension_named_twice_is_refused(ask: Asker) -> None:
    for field, rest in (("production", "tasks"), ("storage", "replicas")):
        answer = await ask.answer(f"{{ statistics {{ {field}(groupBy: [SITE, SITE]) {{ {rest} }} }} }}")

        assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
        assert answer["errors"][0]["message"] == "`groupBy` names a dimension twice: name each once"


async def test_the_talks_table_comes_out_row_by_row(ask: Asker) -> None:
    data = await ask(
        """
        {
          statistics {
            centralProductions {
              rows {
                jediTaskId name status startedAt endedAt walltimeReported eventsReported events
                eventsPerJob jobs outputBytes logBytes
              }
              total { tasks jobsFinished { value } outputBytes { value } }
            }
          }
        }
        """
    )
    table = data["statistics"]["centralProductions"]

    assert table["rows"] == [
        {
            "jediTaskId": task["jedi_task_id"],
            "name": task["name"],
            "status": task["status"],
            "startedAt": f"{task['start']}T00:00:00+00:00",
            "endedAt": f"{task['end']}T00:00:00+00:00",
            "walltimeReported": float(task["walltime_as_shown"]),
            "eventsReported": task["total_events_as_shown"],
            "events": task["total_jobs"] * task["events_per_job"] if task["events_per_job"] else None,
            "eventsPerJob": task["events_per_job"],
            "jobs": task["total_jobs"],
            "outputBytes": bytes_of(task["out_ds_size_gb"]),
            "logBytes": bytes_of(task["out_log_size_gb"]),
        }
        for task in produced()
    ]
    assert table["total"] == {
        "tasks": 10,
        "jobsFinished": {"value": 54_989},
        "outputBytes": {"value": 97_323_010_000_000},
    }


async def test_forty_million_events_stand_beside_the_four_million_that_were_shown(ask: Asker) -> None:
    data = await ask(
        """
        {
          statistics {
            centralProductions(filter: { stepKind: { eq: "SIM" }, jobsFinished: { gte: 10000 } }) {
              rows { jediTaskId eventsReported events }
            }
          }
        }
        """
    )

    assert data["statistics"]["centralProductions"]["rows"] == [
        {"jediTaskId": number, "eventsReported": 4_000_000, "events": 40_000_000}
        for number in (364, 362, 358)
    ]


async def test_totals_are_over_the_whole_table_not_over_the_rows_shown(ask: Asker) -> None:
    data = await ask(
        "{ statistics { centralProductions(first: 2) { rows { jediTaskId } total { tasks } } } }"
    )

    assert data["statistics"]["centralProductions"] == {
        "rows": [{"jediTaskId": 364}, {"jediTaskId": 363}],
        "total": {"tasks": 10},
    }


@pytest.mark.parametrize(("rows", "code"), [(-1, "BAD_FILTER"), (1001, "LIMIT_PAGE_SIZE")])
async def test_a_table_of_a_length_that_cannot_be_is_refused(ask: Asker, rows: int, code: str) -> None:
    answer = await ask.answer(
        f"{{ statistics {{ centralProductions(first: {rows}) {{ rows {{ name }} }} }} }}"
    )

    assert answer["errors"][0]["extensions"]["code"] == code


async def test_numbers_beyond_belief_break_no_sum(own_world: Database) -> None:
    async with own_world.transaction() as session:
        absurd = [
            Task(
                jedi_task_id=number,
                name="absurd",
                status="absurd",
                jobs_finished=2**40,
                events_per_job=2**40,
                output_bytes=2**62 + 1,
                core_seconds=2**52 + 1,
            )
            for number in (900, 901)
        ]
        await remember(session, absurd, source=SourceName.PANDA, at=LOADED_AT)

    groups = await production(
        Asker(own_world, LOADED_AT),
        '(filter: {status: {eq: "absurd"}})',
        "events { value } outputBytes { value } coreHours",
    )

    most = str(2**63 - 1)
    assert groups[0]["events"] == {"value": most}
    assert groups[0]["outputBytes"] == {"value": most}
    assert groups[0]["coreHours"] == pytest.approx((2**53 + 2) / 3600)


async def test_large_sums_are_exact(own_world: Database) -> None:
    async with own_world.transaction() as session:
        large = [
            Task(jedi_task_id=number, name="large", status="large", output_bytes=2**61 - number)
            for number in (900, 901, 902)
        ]
        await remember(session, large, source=SourceName.PANDA, at=LOADED_AT)

    groups = await production(
        Asker(own_world, LOADED_AT), '(filter: {status: {eq: "large"}})', "outputBytes { value }"
    )

    assert groups[0]["outputBytes"] == {"value": str(3 * 2**61 - 2703)}

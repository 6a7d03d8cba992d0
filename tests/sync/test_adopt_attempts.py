from sqlalchemy import select

from gateway.imports.requests import import_requests
from gateway.store.attempts import Attempt
from gateway.sync.adopt_attempts import Adoption, adopt_attempts
from tests.imports.factories import row, table
from tests.imports.snapshots import AT, LATER, fetch, take_in, task
from tests.support.databases import counted_statements

NAME = "PROD2026-001"
COLUMNS = (Attempt.key, Attempt.jedi_task_id, Attempt.is_live)


async def with_request(database, *names):
    rows = (row(production=name, initial=f"{n}1-{n}9") for n, name in enumerate(names or [NAME], start=1))
    await import_requests(database, table(*rows), imported_by="prodman", at=AT)


async def attempts(database):
    return await fetch(database, select(*COLUMNS).order_by(Attempt.key))


async def test_a_task_that_names_a_step_becomes_its_attempt(database):
    await with_request(database)

    report = await take_in(
        database,
        panda_tasks=[task(7, f"{NAME}.SIM.2", user_name="prodman", created_at="2026-01-10T00:00:00Z")],
    )

    assert report.adoption == Adoption(1, ())
    columns = (
        Attempt.step_key,
        Attempt.number,
        Attempt.task_name,
        Attempt.state,
        Attempt.origin,
        Attempt.submitted_by,
    )
    assert await fetch(database, select(*columns)) == [
        (f"{NAME}.SIM", 2, f"{NAME}.SIM.2", "SUBMITTED", "adopted", "prodman")
    ]


async def test_an_unwritten_attempt_is_the_first(database):
    await with_request(database)

    await take_in(database, panda_tasks=[task(7, f"{NAME}.SIM")])

    assert await attempts(database) == [(f"{NAME}.SIM.1", 7, False)]


async def test_tasks_of_no_known_step_are_left_alone(database):
    await with_request(database)

    report = await take_in(
        database,
        panda_tasks=[
            task(1, "PROD2026-099.SIM.1"),
            task(2, f"{NAME}.ANAL.1"),
            task(3, "MC2025_S1-003-SIM.1"),
        ],
    )

    assert report.adoption == Adoption(0, ())
    assert await attempts(database) == []


async def test_adopting_again_adds_nothing(database):
    await with_request(database)
    await take_in(database, panda_tasks=[task(7, f"{NAME}.SIM.1")])

    report = await take_in(database, LATER, panda_tasks=[task(7, f"{NAME}.SIM.1")])

    assert report.adoption == Adoption(0, ())


async def test_the_newest_of_several_tasks_with_one_name_is_adopted(database):
    await with_request(database)

    report = await take_in(database, panda_tasks=[task(number, f"{NAME}.SIM.1") for number in (9, 7, 8)])

    assert report.adoption == Adoption(1, (7, 8))
    assert await attempts(database) == [(f"{NAME}.SIM.1", 9, False)]


async def test_a_number_that_is_taken_is_not_given_again(database):
    await with_request(database)
    async with database.transaction() as session:
        session.add(
            Attempt(
                key=f"{NAME}.SIM.1",
                step_key=f"{NAME}.SIM",
                number=1,
                task_name=f"{NAME}.SIM.1",
                state="AMBIGUOUS",
                is_live=True,
                origin="submitted",
                created_at=AT,
            )
        )

    report = await take_in(
        database, panda_tasks=[task(7, f"{NAME}.SIM.1"), task(8, f"{NAME}.SIM.2", status="running")]
    )

    assert report.adoption == Adoption(1, (7,))
    assert await attempts(database) == [(f"{NAME}.SIM.1", None, True), (f"{NAME}.SIM.2", 8, False)]


async def test_only_the_newest_unfinished_task_of_a_step_is_live(database):
    await with_request(database)

    await take_in(
        database,
        panda_tasks=[
            task(1, f"{NAME}.SIM.1", status="running"),
            task(2, f"{NAME}.SIM.2", status="running"),
            task(3, f"{NAME}.SIM.3", status="failed"),
            task(4, f"{NAME}.RECO.1", status="pending"),
        ],
    )

    assert [key for key, _, is_live in await attempts(database) if is_live] == [
        f"{NAME}.RECO.1",
        f"{NAME}.SIM.2",
    ]


async def test_an_adopted_attempt_stops_being_live_when_its_task_ends(database):
    await with_request(database)
    await take_in(database, panda_tasks=[task(1, f"{NAME}.SIM.1", status="running")])

    await take_in(
        database,
        LATER,
        panda_tasks=[task(1, f"{NAME}.SIM.1", status="aborted"), task(2, f"{NAME}.SIM.2", status="running")],
    )

    assert await attempts(database) == [(f"{NAME}.SIM.1", 1, False), (f"{NAME}.SIM.2", 2, True)]


async def test_an_adopted_attempt_stops_being_live_when_its_task_disappears(database):
    await with_request(database)
    await take_in(database, panda_tasks=[task(1, f"{NAME}.SIM.1", status="running"), task(2, "other")])

    await take_in(database, LATER, panda_tasks=[task(2, "other")])

    assert await attempts(database) == [(f"{NAME}.SIM.1", 1, False)]


async def test_three_statements_adopt_any_number_of_tasks(database):
    names = [f"PROD2026-{number:03d}" for number in range(1, 9)]
    await with_request(database, *names)
    await take_in(database, panda_tasks=[task(n, f"{name}.SIM.1") for n, name in enumerate(names)])
    async with database.transaction() as session:
        await session.execute(Attempt.__table__.delete())

    with counted_statements(database) as statements:
        async with database.transaction() as session:
            adoption = await adopt_attempts(session, at=LATER)

    assert adoption.adopted == 8
    # What changed is told to subscribers at the end of the transaction, in a fixed number of statements.
    adopting = [statement for statement in statements if "events" not in statement and "pg_" not in statement]
    # Beside the one that says that tables were written.
    assert len([one for one in adopting if "data_versions" not in one]) == 3

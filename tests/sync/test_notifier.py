"""Notices: written with the change, told to whoever wants them, once by their id whatever dies meanwhile."""

import asyncio
import contextlib
import datetime as dt
import sys

import pytest
from sqlalchemy import func, select, update

from gateway.auth.viewer import Viewer
from gateway.domain.notices import MOST_TRIES, Notice, NoticeKind, pause_after
from gateway.domain.submission import AttemptState
from gateway.domain.webhook_targets import networks_of
from gateway.resolvers.notifications import (
    Notifying,
    confirm_address,
    create_webhook,
    purpose_of_webhook,
    set_notifications,
    update_webhook,
)
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.notices import Delivery, NoticeRow, Webhook, announce
from gateway.store.outbox import Held, move
from gateway.store.people import Person
from gateway.store.remembered import remember
from gateway.store.requests import Request
from gateway.store.sources import Source, SourceName
from gateway.store.sync_jobs import SyncJob
from gateway.sync.notifier import KEPT_FOR, MOST_IN_A_MAIL, Notifier, forget_notices
from gateway.sync.watch_services import NoticesCheck
from gateway.sync.watch_sources import watch_sources
from gateway.upstreams.webhooks import WebhookDoor
from tests.store.factories import AT, add_request, attempt, task
from tests.support.receivers import SEALER, KeptMail, KeptPosts, Moving, receiving

EVERYTHING = [kind for kind in NoticeKind if kind is not NoticeKind.TRIAL]
ADMIN = Viewer("voadmin", subject="sub-voadmin", username="voadmin")
PRODMAN = Viewer("prodman", subject="sub-prodman", username="prodman")
NOTIFYING = Notifying(SEALER, has_mail=True)
KILLS = 2
EVENTS = 24
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Moving:
    return Moving(AT)


@pytest.fixture
def posts() -> KeptPosts:
    return KeptPosts()


@pytest.fixture
def mail() -> KeptMail:
    return KeptMail()


@pytest.fixture
def notifier(database: Database, posts: KeptPosts, mail: KeptMail, clock: Moving) -> Notifier:
    return notifier_of(database, posts, mail, clock)


def notifier_of(database: Database, posts: KeptPosts, mail: KeptMail | None, clock: Moving) -> Notifier:
    return Notifier(database, posts, mail, SEALER, clock=clock, public_url="https://gw.example/")


async def add_webhook(database: Database, url: str = "https://hooks.example/", *kinds: NoticeKind) -> int:
    made = await create_webhook(
        database, ADMIN, NOTIFYING, url=url, name="a", kinds=kinds or EVERYTHING, now=AT
    )
    return made.row.id


async def add_reader(
    database: Database, notifier: Notifier, mail: KeptMail, *, only_own: bool = False
) -> None:
    async with database.transaction() as session:
        person = Person(subject="sub-prodman", username="prodman", is_active=True)
        await remember(session, [person], source=SourceName.IAM, at=AT)
    await set_notifications(
        database,
        PRODMAN,
        NOTIFYING,
        kinds=EVERYTHING,
        only_own=only_own,
        address="prodman@spd.example",
        now=AT,
    )
    await notifier.work()
    code = mail.sent[0][2].split("code\n\n")[1].split()[0]
    await confirm_address(database, PRODMAN, NOTIFYING, code, now=AT)
    mail.sent.clear()


def notice(
    identity: str = "one",
    kind: NoticeKind = NoticeKind.TASK_FINISHED,
    *,
    at: dt.datetime = AT,
    **changes: str,
) -> Notice:
    return Notice(
        kind=kind,
        subject_kind="TASK",
        subject_key="361",
        message=f"Task {identity} is done",
        at=at,
        identity=identity,
        request_name=changes.get("request_name"),
        actor=changes.get("actor"),
    )


async def tell(database: Database, *notices: Notice) -> None:
    async with database.transaction() as session:
        await announce(session, notices)


async def kinds_told(database: Database) -> list[tuple[str, str]]:
    async with database.snapshot() as session:
        rows = await session.execute(
            select(NoticeRow.kind, NoticeRow.subject_key).order_by(NoticeRow.at, NoticeRow.kind)
        )
        return [(row.kind, row.subject_key) for row in rows]


async def deliveries(database: Database) -> list[tuple[str, int]]:
    async with database.snapshot() as session:
        rows = await session.execute(select(Delivery.state, Delivery.tries).order_by(Delivery.id))
        return [(row.state, row.tries) for row in rows]


async def test_each_webhook_gets_what_it_chose_once(
    database: Database, notifier: Notifier, posts: KeptPosts
) -> None:
    await add_webhook(database)
    await add_webhook(database, "https://other.example/", NoticeKind.TASK_BROKEN)
    await tell(database, notice("one"), notice("one"), notice("two"))

    await notifier.work()
    await notifier.work()

    assert sorted(posts.event_ids) == sorted([notice("one").id, notice("two").id])
    assert await deliveries(database) == [("delivered", 1), ("delivered", 1)]


async def test_what_was_rolled_back_is_told_to_nobody(
    database: Database, notifier: Notifier, posts: KeptPosts
) -> None:
    await add_webhook(database)
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as session:
            await announce(session, [notice()])
            raise RuntimeError

    await notifier.work()

    assert posts.event_ids == []


async def test_a_receiver_that_fails_is_tried_again_later_and_later(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    await add_webhook(database)
    await tell(database, notice())
    posts.failures = 2

    await notifier.work()
    await notifier.work()
    tries_at_once = posts.tries
    clock.on(seconds=10)
    await notifier.work()
    clock.on(seconds=10)
    await notifier.work()
    tries_too_early = posts.tries
    clock.on(seconds=10)
    await notifier.work()

    assert (tries_at_once, tries_too_early, posts.tries) == (1, 2, 3)
    assert posts.event_ids == [notice().id]
    assert await deliveries(database) == [("delivered", 3)]


async def test_a_receiver_that_never_answers_is_given_up_in_words(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    await add_webhook(database)
    await tell(database, notice())
    posts.failures = 1000

    said = [await NoticesCheck(database, clock).look()]
    for _try in range(MOST_TRIES):
        await notifier.work()
        clock.on(hours=6)
    said.append(await NoticesCheck(database, clock).look())
    await notifier.work()

    async with database.snapshot() as session:
        error = await session.scalar(select(Delivery.error))
    assert await deliveries(database) == [("dead", MOST_TRIES)]
    assert said[0].is_ok
    assert (said[1].message, said[1].value) == ("given up within a day: 1 to a", 1.0)
    assert error == "given up after 16 tries: hooks.example failed (HTTP 500)"


async def test_a_delivery_that_breaks_is_tried_again_and_stops_no_other(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    await add_webhook(database)
    await add_webhook(database, "https://other.example/")
    await tell(database, notice())
    posts.failures, posts.failure = 1, RuntimeError("never thought of")

    await notifier.work()
    at_once = list(posts.event_ids)
    async with database.snapshot() as session:
        [error] = (await session.scalars(select(Delivery.error).where(Delivery.error.is_not(None)))).all()
    clock.on(seconds=10)
    await notifier.work()

    assert (at_once, posts.event_ids) == ([notice().id], [notice().id] * 2)
    assert error == "telling failed on our side (RuntimeError); the log has more"
    assert sorted(await deliveries(database)) == [("delivered", 1), ("delivered", 2)]


def test_the_pauses_grow_to_a_day_and_a_half() -> None:
    pauses = [pause for tries in range(1, MOST_TRIES) if (pause := pause_after(tries)) is not None]

    assert pauses[:3] == [dt.timedelta(seconds=seconds) for seconds in (10, 20, 40)]
    assert dt.timedelta(hours=28) < sum(pauses, dt.timedelta()) < dt.timedelta(hours=40)
    assert pause_after(MOST_TRIES) is None


async def test_what_waits_for_a_receiver_that_fails_does_not_ask_it_once_each(
    database: Database, notifier: Notifier, posts: KeptPosts
) -> None:
    await add_webhook(database)
    await tell(database, *(notice(str(number)) for number in range(30)))
    posts.failures = 1000

    await notifier.work()

    assert posts.tries == 4


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
async def test_killed_after_the_receiver_took_it_the_same_id_comes_again(
    database: Database, clock: Moving
) -> None:
    await add_webhook(database)
    async with receiving() as receiver:
        async with database.transaction() as session:
            await session.execute(
                update(Webhook).values(
                    url=receiver.url, sealed_secret=SEALER.seal("key", purpose_of_webhook(receiver.url))
                )
            )
        await tell(database, *(notice(str(number)) for number in range(EVENTS)))

        for kill in range(KILLS):
            wanted = (kill + 1) * EVENTS // (KILLS + 1)
            telling = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.sync.telling", database.url.render_as_string(hide_password=False)
            )
            while len(receiver.posted) < wanted:
                assert telling.returncode is None
                await asyncio.sleep(0.005)
            telling.kill()
            await telling.wait()
        # The processes went by the real clock: what they had in hand is free again by now.
        clock.now = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        for _round in range(2):
            await Notifier(
                database,
                WebhookDoor(networks_of("127.0.0.0/8")),
                None,
                SEALER,
                clock=clock,
                public_url="https://gw.example",
            ).work()
            clock.on(hours=1)

    ids = [posted.headers["x-spd-event-id"] for posted in receiver.posted]
    bodies = {posted.headers["x-spd-event-id"]: posted.body for posted in receiver.posted}
    assert set(ids) == {notice(str(number)).id for number in range(EVENTS)}
    assert {state for state, _tries in await deliveries(database)} == {"delivered"}
    assert all(posted.body == bodies[posted.headers["x-spd-event-id"]] for posted in receiver.posted)


async def test_two_processes_do_not_post_the_same(database: Database, clock: Moving, mail: KeptMail) -> None:
    await add_webhook(database)
    await tell(database, *(notice(str(number)) for number in range(40)))
    first, second = KeptPosts(), KeptPosts()
    one = notifier_of(database, first, mail, clock)
    two = notifier_of(database, second, mail, clock)

    for _round in range(12):
        await one.work()
        await two.work()

    assert len(first.event_ids + second.event_ids) == 40
    assert len({*first.event_ids, *second.event_ids}) == 40


async def test_nobody_is_told_of_what_was_before_they_asked(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    await tell(database, notice())
    clock.on(hours=1)
    await create_webhook(
        database,
        ADMIN,
        NOTIFYING,
        url="https://hooks.example/",
        name="late",
        kinds=EVERYTHING,
        now=clock.now,
    )

    await notifier.work()

    assert posts.event_ids == []


async def test_a_webhook_that_is_switched_off_is_not_posted_to(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    hook = await add_webhook(database)
    await tell(database, notice())
    posts.failures = 1
    await notifier.work()
    await update_webhook(database, ADMIN, hook, kinds=None, name=None, is_active=False, now=AT)
    clock.on(hours=1)

    await notifier.work()

    assert posts.event_ids == []
    assert await deliveries(database) == [("dropped", 2)]
    # Nobody gave up on anything.
    assert (await NoticesCheck(database, clock).look()).is_ok


async def test_when_a_receiver_is_back_what_waits_for_it_comes_at_once(
    database: Database, notifier: Notifier, posts: KeptPosts, clock: Moving
) -> None:
    await add_webhook(database)
    await tell(database, *(notice(str(number)) for number in range(30)))
    posts.failures = 4 * 10
    for _round in range(10):
        await notifier.work()
        clock.on(hours=1)
    tries_while_away = posts.tries
    # The 30 wait for hours yet; what happens now is tried now.
    await tell(database, notice("new", at=clock.now))

    await notifier.work()

    assert tries_while_away == 40
    assert len(posts.event_ids) == 31


async def test_what_alone_is_not_taken_keeps_its_pauses_and_holds_up_nothing(
    database: Database, clock: Moving, mail: KeptMail
) -> None:
    posts = KeptPosts(refused=frozenset({notice("poison").id}))
    notifier = notifier_of(database, posts, mail, clock)
    await add_webhook(database)
    await tell(database, notice("poison"))
    await notifier.work()
    for minute in range(1, 60):
        clock.on(minutes=1)
        await tell(database, notice(str(minute), at=clock.now))
        await notifier.work()

    # 0 s, then after 10, 20, ... 1280 s, or as soon as something else was taken for the first time.
    [(state, tries)] = [row for row in await deliveries(database) if row[0] == "waiting"]
    assert (state, tries) == ("waiting", 9)
    assert posts.event_ids == [notice(str(minute)).id for minute in range(1, 60)]


async def test_what_happens_at_once_comes_in_one_mail(
    database: Database, notifier: Notifier, mail: KeptMail, clock: Moving
) -> None:
    await add_reader(database, notifier, mail)
    await tell(database, notice("one"), notice("two"))

    await notifier.work()
    sent_at_once = len(mail.sent)
    clock.on(seconds=31)
    await notifier.work()
    clock.on(hours=1)
    await notifier.work()

    [(address, subject, text, _message_id)] = mail.sent
    assert sent_at_once == 0
    assert (address, subject) == ("prodman@spd.example", "[SPD gateway] 2 things happened")
    assert "Task one is done\nhttps://gw.example/tasks/361" in text
    assert "Task two is done\nhttps://gw.example/tasks/361" in text
    assert "https://gw.example/settings" in text


async def test_a_burst_comes_in_one_mail_however_many_people_wait(
    database: Database, notifier: Notifier, mail: KeptMail, clock: Moving
) -> None:
    await add_reader(database, notifier, mail)
    await tell(database, *(notice(str(number)) for number in range(MOST_IN_A_MAIL + 5)))

    await notifier.work()
    clock.on(seconds=31)
    await notifier.work()

    assert [subject for _address, subject, *_rest in mail.sent] == [
        f"[SPD gateway] {MOST_IN_A_MAIL} things happened",
        "[SPD gateway] 5 things happened",
    ]


async def test_people_hear_of_their_own_requests_and_not_of_what_they_did(
    database: Database, notifier: Notifier, mail: KeptMail, clock: Moving
) -> None:
    async with database.transaction() as session:
        await add_request(session, "PROD2025-013")
        await add_request(session, "PROD2025-014")
        await add_request(session, "PROD2025-015")
        await session.execute(
            update(Request).where(Request.name == "PROD2025-013").values(requested_by="prodman")
        )
        session.add(
            attempt(
                key="PROD2025-014.SIM.1",
                step_key="PROD2025-014.SIM",
                task_name="PROD2025-014.SIM",
                submitted_by="prodman",
            )
        )
    await add_reader(database, notifier, mail, only_own=True)
    await tell(
        database,
        notice("asked for", request_name="PROD2025-013"),
        notice("submitted", request_name="PROD2025-014"),
        notice("another's", request_name="PROD2025-015"),
        notice("nobody's"),
        notice("own doing", request_name="PROD2025-013", actor="prodman"),
        notice("a source", NoticeKind.SOURCE_SILENT),
    )

    clock.on(minutes=1)
    await notifier.work()
    clock.on(minutes=1)
    await notifier.work()

    [(_address, subject, text, _message_id)] = mail.sent
    assert subject == "[SPD gateway] 3 things happened"
    assert all(word in text for word in ("Task asked for", "Task submitted", "Task a source"))


async def test_nothing_is_sent_to_an_address_that_was_not_confirmed_or_whose_owner_left(
    database: Database, notifier: Notifier, mail: KeptMail, clock: Moving
) -> None:
    await add_reader(database, notifier, mail)
    async with database.transaction() as session:
        left = Person(subject="sub-prodman", username="prodman", is_active=False)
        await remember(session, [left], source=SourceName.IAM, at=AT)
    await set_notifications(
        database,
        Viewer("analyst", subject="sub-analyst", username="analyst"),
        NOTIFYING,
        kinds=EVERYTHING,
        only_own=False,
        address="analyst@spd.example",
        now=AT,
    )
    await tell(database, notice())

    clock.on(minutes=1)
    await notifier.work()
    clock.on(minutes=1)
    await notifier.work()

    assert [(address, subject) for address, subject, *_rest in mail.sent] == [
        ("analyst@spd.example", "[SPD gateway] Confirm this address")
    ]


async def test_without_a_mail_server_webhooks_are_told_and_mails_wait(
    database: Database, posts: KeptPosts, mail: KeptMail, notifier: Notifier, clock: Moving
) -> None:
    await add_reader(database, notifier, mail)
    await add_webhook(database)
    await tell(database, notice())
    clock.on(minutes=1)

    await notifier_of(database, posts, None, clock).work()
    clock.on(minutes=1)
    await notifier_of(database, posts, None, clock).work()

    assert posts.event_ids == [notice().id]
    assert mail.sent == []


async def test_old_notices_are_forgotten_with_their_deliveries(
    database: Database, notifier: Notifier
) -> None:
    await add_webhook(database)
    await tell(database, notice())
    await notifier.work()

    await forget_notices(database, at=AT + KEPT_FOR)
    kept = await deliveries(database)
    await forget_notices(database, at=AT + KEPT_FOR + MINUTE)

    async with database.snapshot() as session:
        left = await session.scalar(select(func.count()).select_from(NoticeRow))
    assert (kept, await deliveries(database), left) == ([("delivered", 1)], [], 0)


async def test_a_submission_is_told_of_as_it_is_settled(database: Database) -> None:
    async with database.transaction() as session:
        await add_request(session)
        session.add(attempt(state="PLANNED", submitted_by="prodman"))
        session.add(attempt(2, state="PLANNED", is_live=False))

    for key, end in (
        ("PROD2025-013.SIM.1", AttemptState.SUBMITTED),
        ("PROD2025-013.SIM.2", AttemptState.REJECTED),
    ):
        async with database.transaction() as session:
            await move(session, Held(key, AttemptState.PLANNED, 0), AttemptState.SENDING, at=AT, by="w")
            await move(session, Held(key, AttemptState.SENDING, 1), end, at=AT, by="w", reason="for a reason")

    assert await kinds_told(database) == [
        ("SUBMISSION_REFUSED", "PROD2025-013.SIM.2"),
        ("SUBMISSION_SETTLED", "PROD2025-013.SIM.1"),
    ]
    async with database.snapshot() as session:
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 2


async def test_a_task_is_told_of_when_it_comes_to_an_end(database: Database) -> None:
    told: list[list[tuple[str, str]]] = []
    for number, status in enumerate(("done", "running", "finished", "finished", "done", "failed", "broken")):
        async with database.transaction() as session:
            row = task(361, status=status, error_dialog="no input" if status == "broken" else None)
            await remember(session, [row], source=SourceName.PANDA, at=AT + number * MINUTE)
        told.append(await kinds_told(database))

    assert told[0] == told[1] == []
    assert told[-1] == [
        ("TASK_FINISHED", "361"),
        ("TASK_FINISHED", "361"),
        ("TASK_FAILED", "361"),
        ("TASK_BROKEN", "361"),
    ]
    async with database.snapshot() as session:
        said = await session.scalars(select(NoticeRow.message).order_by(NoticeRow.at))
        assert said.all() == [
            "Task PROD2025-013.SIM.361 is finished, but not all of it",
            "Task PROD2025-013.SIM.361 is done",
            "Task PROD2025-013.SIM.361 has failed",
            "Task PROD2025-013.SIM.361 is broken: no input",
        ]


async def test_a_task_of_ours_that_broke_before_it_was_seen_is_told_of(database: Database) -> None:
    async with database.transaction() as session:
        ours = task(1, status="broken", submission_key="k1", created_at=AT - MINUTE)
        old = task(2, status="broken", submission_key="k2", created_at=AT - dt.timedelta(days=2))
        foreign = task(3, status="broken", created_at=AT - MINUTE)
        await remember(session, [ours, old, foreign], source=SourceName.PANDA, at=AT)

    assert await kinds_told(database) == [("TASK_BROKEN", "1")]


async def test_a_source_that_falls_silent_and_comes_back_is_told_of_once_each(database: Database) -> None:
    async with database.transaction() as session:
        session.add(SyncJob(name="panda.tasks", source="panda", stale_after_s=120))
        session.add(
            Source(name="panda", stale_after_s=120, last_ok_at=AT, last_attempt_at=AT, last_full_ok_at=AT)
        )
        session.add(Source(name="rucio", stale_after_s=600, last_ok_at=AT - 100 * MINUTE, last_attempt_at=AT))

    async def seen(minute: int, *, tried: int, ok: int) -> None:
        async with database.transaction() as session:
            values = {"last_attempt_at": AT + tried * MINUTE, "last_ok_at": AT + ok * MINUTE}
            await session.execute(update(Source).where(Source.name == "panda").values(**values))
        await watch_sources(database, at=AT + minute * MINUTE)

    await seen(1, tried=1, ok=1)
    # We were stopped ourselves: nobody asked PanDA, so it is not silent.
    await seen(30, tried=1, ok=1)
    await seen(31, tried=31, ok=1)
    await seen(32, tried=32, ok=1)
    await seen(33, tried=33, ok=33)
    await seen(34, tried=34, ok=34)
    await seen(40, tried=40, ok=34)

    assert await kinds_told(database) == [
        ("SOURCE_SILENT", "panda"),
        ("SOURCE_BACK", "panda"),
        ("SOURCE_SILENT", "panda"),
    ]

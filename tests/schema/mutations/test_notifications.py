"""What people choose to be told of, and the webhooks of administrators."""

import datetime as dt
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from gateway.app import create_executor
from gateway.auth.permissions import RIGHTS, Role
from gateway.auth.sealing import Sealer
from gateway.auth.viewer import Viewer
from gateway.domain.webhook_targets import networks_of, signature_of
from gateway.resolvers.notifications import CODE_TRIES, Notifying, reseal_notifications
from gateway.resolvers.services import Services
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.notices import Delivery, MailSetting, Webhook
from gateway.sync.notifier import Notifier
from gateway.upstreams.webhooks import WebhookDoor
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.receivers import SEALER, KeptMail, KeptPosts, Moving, receiving

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

ADMINISTRATOR = Viewer("A", RIGHTS[Role.ADMINISTRATOR], subject="sub-voadmin", username="voadmin")
ANALYST = Viewer("B", RIGHTS[Role.ANALYST], subject="sub-analyst", username="analyst")

SETTINGS = "isMailPossible address isConfirmed kinds onlyOwn"
SET = f"""mutation($kinds: [NoticeKind!]!, $address: String, $onlyOwn: Boolean! = true) {{
  change: setNotifications(kinds: $kinds, address: $address, onlyOwn: $onlyOwn) {{
    ... on NotificationsSet {{ isCodeAwaited settings {{ {SETTINGS} }} }}
    ... on Refusal {{ code message }} }} }}"""
CONFIRM = f"""mutation($code: String!) {{ change: confirmNotificationAddress(code: $code) {{
    ... on NotificationsSet {{ isCodeAwaited settings {{ {SETTINGS} }} }}
    ... on Refusal {{ code message }} }} }}"""
WEBHOOK = "id url name kinds isActive createdBy lastOkAt error waiting dead"
CREATE = f"""mutation($url: String!, $kinds: [NoticeKind!]! = [REQUEST_STATE]) {{
  change: createWebhook(url: $url, name: "the board", kinds: $kinds) {{
    ... on WebhookCreated {{ secret webhook {{ {WEBHOOK} }} }} ... on Refusal {{ code message }} }} }}"""


def asker(database: Database, viewer: Viewer, notifying: Notifying | None) -> Asker:
    ask = Asker(database, LOADED_AT, viewer)
    ask.executor = create_executor(database, clock=lambda: ask.now, services=Services(notifying=notifying))
    return ask


@pytest.fixture
def administrator(own_world: Database) -> Asker:
    return asker(own_world, ADMINISTRATOR, Notifying(SEALER, has_mail=True))


@pytest.fixture
def analyst(own_world: Database) -> Asker:
    return asker(own_world, ANALYST, Notifying(SEALER, has_mail=True))


async def mails(database: Database, at: dt.datetime) -> list[tuple[str, str, str, str]]:
    mail = KeptMail()
    clock = Moving(at)
    await Notifier(database, KeptPosts(), mail, SEALER, clock=clock, public_url="https://gw.example").work()
    return mail.sent


async def test_an_address_is_used_after_its_owner_named_the_code(analyst: Asker) -> None:
    chosen = await analyst(SET, kinds=["TASK_BROKEN", "REQUEST_STATE"], address="analyst@spd.example")
    [(address, subject, text, _id)] = await mails(analyst.database, LOADED_AT)
    code = text.split("code\n\n")[1].split()[0]
    wrong = await analyst(CONFIRM, code=f"{(int(code) + 1) % 10**8:08}")
    right = await analyst(CONFIRM, code=f" {code} ")
    again = await analyst(CONFIRM, code=code)

    shown = {
        "isMailPossible": True,
        "address": "analyst@spd.example",
        "isConfirmed": False,
        "kinds": ["REQUEST_STATE", "TASK_BROKEN"],
        "onlyOwn": True,
    }
    assert chosen["change"] == {"isCodeAwaited": True, "settings": shown}
    assert (address, subject) == ("analyst@spd.example", "[SPD gateway] Confirm this address")
    assert wrong["change"]["message"] == "This is not the code that was sent."
    assert right["change"] == {"isCodeAwaited": False, "settings": {**shown, "isConfirmed": True}}
    assert again["change"]["message"] == "No code is waited for."


async def test_a_code_cannot_be_guessed_nor_used_late(analyst: Asker) -> None:
    await analyst(SET, kinds=[], address="analyst@spd.example")
    [(*_head, text, _id)] = await mails(analyst.database, LOADED_AT)
    code = text.split("code\n\n")[1].split()[0]
    for _try in range(CODE_TRIES):
        await analyst(CONFIRM, code="x")
    guessed = await analyst(CONFIRM, code=code)
    too_soon = await analyst(SET, kinds=[], address="analyst@spd.example")
    analyst.now += dt.timedelta(minutes=2)
    await analyst(SET, kinds=[], address="analyst@spd.example")
    [(*_head, text, _id)] = await mails(analyst.database, analyst.now)
    analyst.now += dt.timedelta(minutes=61)
    late = await analyst(CONFIRM, code=text.split("code\n\n")[1].split()[0])

    assert (
        guessed["change"]["message"]
        == late["change"]["message"]
        == "The code has expired: set the address again."
    )
    assert too_soon["change"]["message"] == "A code was sent less than a minute ago: wait a little."


async def test_what_is_chosen_is_kept_without_the_address_in_the_clear(analyst: Asker) -> None:
    await analyst(SET, kinds=["TASK_BROKEN"], address="analyst@spd.example")
    await analyst(SET, kinds=["TASK_FAILED"], onlyOwn=False)

    async with analyst.database.snapshot() as session:
        row = (await session.scalars(select(MailSetting))).one()
        delivery = (await session.scalars(select(Delivery))).one()
        trail = (await session.scalars(select(AuditRow).where(AuditRow.action == "setNotifications"))).all()
    assert (row.kinds, row.only_own) == ("TASK_FAILED", False)
    assert "analyst@" not in row.sealed_address
    assert delivery.sealed_text is not None
    assert "code" not in delivery.sealed_text
    assert len(trail) == 2
    assert all("@" not in str(entry.after) for entry in trail)


async def test_only_its_owner_is_shown_a_choice(analyst: Asker, administrator: Asker) -> None:
    await analyst(SET, kinds=["TASK_BROKEN"], address="analyst@spd.example")
    reader = asker(
        analyst.database, replace(ANALYST, rights=RIGHTS[Role.SERVICE]), Notifying(SEALER, has_mail=True)
    )

    query = f"{{ notificationSettings {{ {SETTINGS} }} }}"
    assert (await analyst(query))["notificationSettings"]["address"] == "analyst@spd.example"
    assert (await administrator(query))["notificationSettings"]["address"] is None
    assert (await reader(query))["notificationSettings"] is None


async def test_a_choice_is_forgotten_with_all_that_waits(analyst: Asker) -> None:
    await analyst(SET, kinds=["TASK_BROKEN"], address="analyst@spd.example")
    analyst.now += dt.timedelta(minutes=1)

    await analyst("mutation { forgetNotifications { __typename } }")
    again = await analyst("mutation { forgetNotifications { __typename } }")

    assert again == {"forgetNotifications": {"__typename": "NotificationsSet"}}
    assert (await analyst("{ notificationSettings { address kinds } }"))["notificationSettings"] == {
        "address": None,
        "kinds": [],
    }
    assert await mails(analyst.database, LOADED_AT) == []


async def test_forgetting_does_not_let_codes_be_sent_one_after_the_other(analyst: Asker) -> None:
    await analyst(SET, kinds=[], address="somebody@spd.example")
    analyst.now += dt.timedelta(seconds=59)

    refused = await analyst(
        "mutation { change: forgetNotifications { __typename ... on Refusal { message } } }"
    )
    again = await analyst(SET, kinds=[], address="else@spd.example")

    said = "A code was sent less than a minute ago: wait a little."
    assert refused["change"] == {"__typename": "Refused", "message": said}
    assert again["change"]["message"] == said
    assert [address for address, *_rest in await mails(analyst.database, LOADED_AT)] == [
        "somebody@spd.example"
    ]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"kinds": ["TRIAL"], "address": "a@spd.example"}, "BAD_INPUT"),
        ({"kinds": [], "address": "a@spd.example\r\nBcc: b@spd.example"}, "BAD_INPUT"),
        ({"kinds": [], "address": "nobody"}, "BAD_INPUT"),
        ({"kinds": []}, "BAD_INPUT"),
    ],
)
async def test_what_cannot_be_chosen_is_refused_and_nothing_kept(
    analyst: Asker, variables: dict[str, Any], code: str
) -> None:
    assert (await analyst(SET, **variables))["change"]["code"] == code

    async with analyst.database.snapshot() as session:
        assert (await session.scalars(select(MailSetting))).all() == []
        assert (await session.scalars(select(Delivery))).all() == []


async def test_without_a_key_or_a_mail_server_it_is_said(own_world: Database) -> None:
    keyless = asker(own_world, ANALYST, None)
    mailless = asker(own_world, ANALYST, Notifying(SEALER, has_mail=False))
    nobody = asker(own_world, replace(ANALYST, subject=None), Notifying(SEALER, has_mail=True))

    said = [
        (await ask(SET, kinds=[], address="a@spd.example"))["change"]["message"]
        for ask in (keyless, mailless, nobody)
    ]

    assert said == [
        "This gateway tells nobody anything: GATEWAY_VAULT_KEYS is not set.",
        "This gateway sends no e-mail: GATEWAY_SMTP_HOST is not set.",
        "Log in first: it is kept for the person you are.",
    ]


async def test_a_decision_is_posted_signed_with_the_secret_that_was_shown_once(administrator: Asker) -> None:
    manager = asker(
        administrator.database,
        Viewer("P", RIGHTS[Role.PRODUCTION_MANAGER], subject="sub-prodman", username="prodman"),
        None,
    )
    async with receiving() as receiver:
        made = (await administrator(CREATE, url=receiver.url))["change"]
        found = await manager('{ request(name: "PROD2025-013") { ... on Request { version intent } } }')
        held = await manager(
            """mutation($version: BigInt!) { holdRequest(name: "PROD2025-013", expectedVersion: $version,
              reason: "the disk is full", idempotencyKey: "1") { __typename } }""",
            version=found["request"]["version"],
        )
        door = WebhookDoor(networks_of("127.0.0.0/8"))
        clock = Moving(LOADED_AT)
        notifier = Notifier(
            administrator.database, door, None, SEALER, clock=clock, public_url="https://gw.example"
        )
        await notifier.work()
        await notifier.close()

    assert held == {"holdRequest": {"__typename": "RequestChanged"}}
    [posted] = receiver.posted
    event = orjson.loads(posted.body)
    timestamp = int(posted.headers["x-spd-timestamp"])
    assert (
        posted.headers["x-spd-signature"] == f"sha256={signature_of(made['secret'], timestamp, posted.body)}"
    )
    assert event == {
        "id": posted.headers["x-spd-event-id"],
        "kind": "REQUEST_STATE",
        "at": LOADED_AT.isoformat(),
        "message": f"PROD2025-013 is ON_HOLD, it was {found['request']['intent']}: the disk is full",
        "subject": {"kind": "REQUEST", "key": "PROD2025-013"},
        "request": "PROD2025-013",
        "actor": "prodman",
        "data": {"intent": "ON_HOLD", "intentBefore": found["request"]["intent"]},
        "link": "https://gw.example/requests/PROD2025-013",
    }
    [shown] = (await administrator(f"{{ webhooks {{ {WEBHOOK} }} }}"))["webhooks"]
    assert shown == {**made["webhook"], "lastOkAt": LOADED_AT.isoformat()}
    async with administrator.database.snapshot() as session:
        assert made["secret"] not in (await session.scalars(select(Webhook))).one().sealed_secret
        trail = (await session.scalars(select(AuditRow))).all()
    assert all(made["secret"] not in f"{entry.after}{entry.before}" for entry in trail)


async def test_a_webhook_is_tried_changed_and_deleted(administrator: Asker) -> None:
    hook = (await administrator(CREATE, url="https://hooks.spd.example/a"))["change"]["webhook"]["id"]
    posts = KeptPosts()

    tried = await administrator(
        "mutation($id: BigInt!) { tryWebhook(id: $id) { ... on WebhookTried { eventId } } }", id=hook
    )
    clock = Moving(LOADED_AT)
    await Notifier(administrator.database, posts, None, SEALER, clock=clock, public_url="").work()
    changed = await administrator(
        """mutation($id: BigInt!) { updateWebhook(id: $id, isActive: false, kinds: [TASK_BROKEN]) {
          ... on WebhookChanged { webhook { name isActive kinds } } } }""",
        id=hook,
    )
    refused = await administrator(
        "mutation($id: BigInt!) { tryWebhook(id: $id) { ... on Refusal { message } } }", id=hook
    )
    deleted = [
        await administrator(
            """mutation($id: BigInt!) { deleteWebhook(id: $id) {
              ... on WebhookDeleted { id } ... on Refusal { code } } }""",
            id=hook,
        )
        for _again in range(2)
    ]

    assert posts.event_ids == [tried["tryWebhook"]["eventId"]]
    assert refused["tryWebhook"]["message"] == "This webhook is switched off: switch it on, then try it."
    assert changed["updateWebhook"]["webhook"] == {
        "name": "the board",
        "isActive": False,
        "kinds": ["TASK_BROKEN"],
    }
    assert deleted == [{"deleteWebhook": {"id": hook}}, {"deleteWebhook": {"code": "NOT_FOUND"}}]


async def test_a_second_webhook_for_one_address_and_a_bad_address_are_refused(administrator: Asker) -> None:
    await administrator(CREATE, url="https://hooks.spd.example/a")

    twice = await administrator(CREATE, url="https://hooks.spd.example/a")
    bad = await administrator(CREATE, url="gopher://hooks.spd.example/a")

    assert (twice["change"]["code"], bad["change"]["code"]) == ("REFUSED", "BAD_INPUT")
    assert len((await administrator("{ webhooks { id } }"))["webhooks"]) == 1


async def test_webhooks_are_the_administrators_affair(analyst: Asker) -> None:
    seen = await analyst.answer("{ webhooks { url } }")
    made = await analyst.answer(CREATE, url="https://hooks.spd.example/a")

    assert (seen["data"], seen["errors"][0]["extensions"]["code"]) == ({"webhooks": None}, "FORBIDDEN")
    assert made["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with analyst.database.snapshot() as session:
        assert (await session.scalars(select(Webhook))).all() == []


async def test_secrets_are_sealed_anew_with_a_new_key(analyst: Asker, administrator: Asker) -> None:
    await analyst(SET, kinds=[], address="analyst@spd.example")
    await administrator(CREATE, url="https://hooks.spd.example/a")
    both, new = Sealer((b"n" * 32, b"k" * 32)), Sealer((b"n" * 32,))

    done = [await reseal_notifications(analyst.database, both) for _again in range(2)]

    assert done == [2, 0]
    renewed = asker(analyst.database, ANALYST, Notifying(new, has_mail=True))
    shown = await renewed("{ notificationSettings { address } }")
    assert shown == {"notificationSettings": {"address": "analyst@spd.example"}}

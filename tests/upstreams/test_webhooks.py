"""Posting a notice: signed, to the address that was checked, never further."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.domain.webhook_targets import networks_of, signature_of
from gateway.errors import BrokenError, DeniedError, InputError, UnreachableError, UpstreamError
from gateway.upstreams.webhooks import WebhookDoor, look_up
from tests.support.receivers import receiving

LOOPBACK = networks_of("127.0.0.0/8")


async def post(url: str, door: WebhookDoor | None = None) -> None:
    door = door or WebhookDoor(LOOPBACK)
    try:
        await door.post(url, b'{"id":"one"}', secret="key", event_id="one", kind="TRIAL", timestamp=7)
    finally:
        await door.close()


async def test_a_notice_arrives_with_a_signature_that_the_receiver_can_compute() -> None:
    async with receiving() as receiver:
        await post(receiver.url)

    [posted] = receiver.posted
    assert posted.path == "/hook?from=gateway"
    assert posted.body == b'{"id":"one"}'
    assert posted.headers["x-spd-event"] == "trial"
    assert posted.headers["x-spd-event-id"] == "one"
    assert posted.headers["x-spd-timestamp"] == "7"
    assert posted.headers["x-spd-signature"] == f"sha256={signature_of('key', 7, posted.body)}"
    assert posted.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "error"), [(302, BrokenError), (500, BrokenError), (404, DeniedError), (410, DeniedError)]
)
async def test_anything_but_success_is_a_failure_and_redirects_are_not_followed(
    status: int, error: type[UpstreamError]
) -> None:
    async with receiving(status) as receiver:
        with pytest.raises(error):
            await post(receiver.url)

    assert len(receiver.posted) == 1


async def test_a_private_address_is_not_even_connected_to() -> None:
    async with receiving() as receiver:
        with pytest.raises(InputError):
            await post(receiver.url, WebhookDoor(()))

    assert receiver.posted == []


async def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_afterwards() -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with receiving() as receiver:
        await post(receiver.url.replace("127.0.0.1", "hooks.test"), WebhookDoor(LOOPBACK, resolve=resolve))

    assert asked == ["hooks.test"]
    assert receiver.posted[0].headers["host"] == f"hooks.test:{receiver.port}"


@pytest.mark.parametrize("host", ["xn--\u00e4.invalid", f"{'a' * 64}.invalid"])
async def test_a_name_that_nobody_knows_is_said_to_be_unknown(host: str) -> None:
    with pytest.raises(UnreachableError, match="is not known to the name service"):
        await look_up(host, 443)


async def test_a_receiver_that_is_away_is_said_to_be() -> None:
    async with receiving() as receiver:
        url = receiver.url
    await asyncio.sleep(0)

    with pytest.raises(UnreachableError):
        await post(url)

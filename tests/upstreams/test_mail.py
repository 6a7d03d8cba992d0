"""Giving a mail away by SMTP."""

import pytest

from gateway.errors import BrokenError, UnreachableError
from gateway.settings import MailSecurity
from gateway.upstreams.mail import MailDoor, MailServer
from tests.support.receivers import Mailbox, mailbox


def door(box: Mailbox) -> MailDoor:
    return MailDoor(MailServer("127.0.0.1", box.port, "gateway@spd.example", MailSecurity.NONE))


async def test_a_mail_arrives_as_plain_text_that_no_machine_answers() -> None:
    async with mailbox() as box:
        await door(box).send(
            "prodman@spd.example", "One\r\nBcc: all@spd.example", "It is \u2713.", message_id="7"
        )

    [mail] = box.mails
    assert box.recipients == ["prodman@spd.example"]
    assert mail["Subject"] == "One Bcc: all@spd.example"
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == "<7@spd-gateway.invalid>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "It is \u2713."


async def test_a_refusal_names_no_address() -> None:
    async with mailbox() as box:
        with pytest.raises(BrokenError) as refused:
            await door(box).send("prodman@refused.example", "One", "text", message_id="7")

    assert "prodman" not in refused.value.message


async def test_a_server_that_is_away_is_said_to_be() -> None:
    async with mailbox() as box:
        away = door(box)

    with pytest.raises(UnreachableError):
        await away.send("prodman@spd.example", "One", "text", message_id="7")

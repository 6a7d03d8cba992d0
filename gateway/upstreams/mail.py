"""Sending e-mail by SMTP: the standard library's client, in a thread, with a deadline of ours."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from gateway.errors import BrokenError, DeniedError, SlowError, UnreachableError, UpstreamError
from gateway.settings import MailSecurity

SOURCE: Final = "mail"
_SOCKET_S: Final = 15.0
_DEADLINE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is given away; `password` is asked for each time, None without a login."""

    host: str
    port: int
    sender: str
    security: MailSecurity = MailSecurity.STARTTLS
    username: str = ""
    password: Callable[[], str] | None = field(default=None, repr=False)


class MailDoor:
    """Sends plain text to one person at a time."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, address: str, subject: str, text: str, *, message_id: str) -> None:
        """Send once; returning means that the server took it. Raises an UpstreamError that names no address.

        The same `message_id` again lets a mailbox know a mail that came before.
        """
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = address
        message["Subject"] = " ".join(subject.split())[:200]
        message["Message-ID"] = f"<{message_id}@spd-gateway.invalid>"
        # So that no absence note comes back.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await asyncio.to_thread(self._give, message)
        except TimeoutError as error:
            raise SlowError(SOURCE, "the mail server did not take the mail in time") from error

    def _give(self, message: EmailMessage) -> None:
        server = self._server
        context = ssl.create_default_context()
        try:
            if server.security is MailSecurity.TLS:
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=_SOCKET_S, context=context
                )
            else:
                client = smtplib.SMTP(server.host, server.port, timeout=_SOCKET_S)
            with client:
                if server.security is MailSecurity.STARTTLS:
                    client.starttls(context=context)
                if server.password is not None:
                    client.login(server.username, server.password())
                client.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise _in_words(error) from error


def _in_words(error: smtplib.SMTPException | OSError) -> UpstreamError:
    """What happened, without the server's own text: it repeats addresses."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return BrokenError(SOURCE, "the mail server does not take mail for this address")
        case smtplib.SMTPAuthenticationError():
            return DeniedError(SOURCE, "the mail server does not accept our login")
        case smtplib.SMTPResponseException():
            return BrokenError(SOURCE, f"the mail server refused the mail (SMTP {error.smtp_code})")
        case smtplib.SMTPException():
            return BrokenError(SOURCE, f"the mail server failed: {type(error).__name__}")
        case _:
            return UnreachableError(SOURCE, f"the mail server cannot be reached: {type(error).__name__}")

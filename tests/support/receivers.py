"""Where notices arrive in tests: a program's address that keeps what it was sent, and a mailbox."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from gateway.auth.sealing import Sealer
from gateway.errors import BrokenError


@dataclass(frozen=True)
class Posted:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that answers with the next of `statuses`, then with 204, and with `content`."""

    statuses: list[int] = field(default_factory=list)
    content: bytes = b""
    more: str = ""
    posted: list[Posted] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=gateway"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.posted.append(Posted(head[0].split()[1], headers, body))
            status = self.statuses.pop(0) if self.statuses else 204
            away = "Location: http://127.0.0.1:1/\r\n" if 300 <= status < 400 else ""
            length = f"Content-Length: {len(self.content)}\r\n"
            writer.write(f"HTTP/1.1 {status} Said\r\n{away}{self.more}{length}\r\n".encode() + self.content)
            await writer.drain()


@contextlib.asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    """Listen on loopback meanwhile."""
    receiver = Receiver(list(statuses))
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


@dataclass
class Mailbox:
    """An SMTP server that keeps what it was given; it refuses recipients at `refused.example`."""

    mails: list[EmailMessage] = field(default_factory=list)
    has_come: asyncio.Event = field(default_factory=asyncio.Event)
    recipients: list[str] = field(default_factory=list)
    port: int = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        with contextlib.closing(writer):
            say("220 mailbox")
            while line := (await reader.readline()).decode().strip():
                match line.split(":")[0].split()[0].upper():
                    case "RCPT" if "refused.example" in line:
                        say("550 no such mailbox")
                    case "RCPT":
                        self.recipients.append(line.partition("<")[2].partition(">")[0])
                        say("250 yes")
                    case "DATA":
                        say("354 go on")
                        content = await reader.readuntil(b"\r\n.\r\n")
                        mail = message_from_bytes(content.removesuffix(b".\r\n"), policy=policy.default)
                        self.mails.append(mail)
                        self.has_come.set()
                        say("250 taken")
                    case "QUIT":
                        say("221 bye")
                        break
                    case _:
                        say("250 mailbox")
                await writer.drain()


@contextlib.asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Listen on loopback meanwhile."""
    box = Mailbox()
    server = await asyncio.start_server(box._serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


@dataclass
class KeptPosts:
    """A twin of `upstreams.webhooks` that keeps what is posted; `failures` is how often it fails first.

    It fails with `failure`, and always for the events `refused`.
    """

    failures: int = 0
    failure: Exception = field(
        default_factory=lambda: BrokenError("webhook", "hooks.example failed (HTTP 500)")
    )
    refused: frozenset[str] = frozenset()
    event_ids: list[str] = field(default_factory=list)
    tries: int = 0

    async def post(
        self, _url: str, _body: bytes, *, secret: str, event_id: str, kind: str, timestamp: int
    ) -> None:
        del secret, kind, timestamp
        self.tries += 1
        if event_id in self.refused:
            raise self.failure
        if self.failures > 0:
            self.failures -= 1
            raise self.failure
        self.event_ids.append(event_id)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class KeptMail:
    """A twin of `upstreams.mail` that keeps what is sent."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def send(self, address: str, subject: str, text: str, *, message_id: str) -> None:
        self.sent.append((address, subject, text, message_id))


@dataclass
class Moving:
    """A clock that stands until it is moved."""

    now: dt.datetime

    def __call__(self) -> dt.datetime:
        return self.now

    def on(self, **by: float) -> None:
        """Move it on, by what timedelta takes."""
        self.now += dt.timedelta(**by)


SEALER = Sealer((b"k" * 32,))

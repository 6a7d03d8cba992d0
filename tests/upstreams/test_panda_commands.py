"""Commands to PanDA: each answer is told apart by PanDA's own words, and nobody acts as somebody else."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.domain.steering import CommandKind
from gateway.domain.submission import Accepted, LoginNeeded, NotSent, Refused, Reply, Unknown
from gateway.upstreams.panda.commands import PandaCommands, Pool
from gateway.upstreams.panda.transport import Client, PersonalTransport
from tests.support.serving import served

FORBIDDEN = "ERROR : Token authentication failed. "


def said(success: str, message: str, data: str) -> str:
    return f'{{"success": {success}, "message": "{message}", "data": {data}}}'


@contextmanager
def answering(text: str, status: int = 200) -> Iterator[str]:
    async def answer(_request: Request) -> Response:
        return PlainTextResponse(text, status)

    with served(Starlette(routes=[Route("/api/v1/task/{method}", answer, methods=["POST"])])) as url:
        yield url


async def ask(
    url: str,
    kind: CommandKind | None,
    *,
    may_begin: Callable[[], bool] = lambda: True,
) -> Reply:
    commands = PandaCommands(url, origin="spd:production", pool=Pool(deadline_s=2.0, connect_s=1.0))
    try:
        if kind is None:
            return await commands.submit(
                "a-token", {"taskName": "PROD2026-001.SIM.1"}, None, may_begin=may_begin
            )
        return await commands.command("a-token", 7, kind)
    finally:
        await commands.close()


@pytest.mark.parametrize(
    ("kind", "status", "text", "expected"),
    [
        (None, 200, said("true", "succeeded. new jediTaskID=77", "77"), Accepted),
        (None, 200, said("true", "succeeded. new jediTaskID=77", "78"), Unknown),
        (
            None,
            200,
            said("true", "reactivation accepted. jediTaskID=20 (currently in finished state)", "20"),
            Unknown,
        ),
        (None, 200, said('"true"', "succeeded. new jediTaskID=77", "77"), Unknown),
        (None, 200, "{'success': True, 'message': 'succeeded. new jediTaskID=77', 'data': 77}", Unknown),
        (None, 200, "<html>log in</html>", Unknown),
        (None, 200, said("true", "succeeded. new jediTaskID=77", "77")[:30], Unknown),
        (None, 200, '{"data": {"__datetime__": 7}}', Unknown),
        (None, 200, said("false", "failed to register task", "4"), Unknown),
        (None, 200, said("false", "jediTaskID=3 is already queued for outDS=x. ", "1"), Unknown),
        (None, 200, said("false", "parentTaskName not found", "11"), Refused),
        (None, 200, said("false", "too many active tasks", "10"), Refused),
        (None, 200, said("false", "production or pilot role required", "null"), Refused),
        (None, 200, said("false", "Type error: 'task_parameters' must be of type dict", "null"), Refused),
        (None, 403, FORBIDDEN + "Invalid token. Signature has expired", LoginNeeded),
        (None, 403, FORBIDDEN + "Not a member of the spd/production group", Refused),
        (None, 403, "ERROR : method submit is forbidden", Refused),
        (None, 403, "<html>a proxy says no</html>", Unknown),
        (None, 401, "who are you", Unknown),
        (None, 502, "<html>bad gateway</html>", Unknown),
        (CommandKind.KILL, 200, said("true", "command=kill is registered for task ID 7", "0"), Accepted),
        (
            CommandKind.KILL,
            200,
            said("false", "Command rejected: the kill command is not accepted", "4"),
            Refused,
        ),
        (CommandKind.KILL, 200, said("false", "jediTaskID=7 not found", "2"), Refused),
        (CommandKind.KILL, 200, said("false", "its database failed", "1"), Unknown),
        (CommandKind.KILL, 200, said("false", "not the task owner or no production role", "null"), Refused),
        (
            CommandKind.RETRY,
            200,
            said("true", "Command rejected: the retry command is not accepted", "4"),
            Refused,
        ),
        (CommandKind.RETRY, 200, said("true", "jediTaskID=7 not found", "2"), Refused),
        (CommandKind.RETRY, 200, said("true", "retry has been triggered for failed jobs", "3"), Accepted),
        (CommandKind.KILL, 200, said("true", "something else", "3"), Unknown),
        (CommandKind.CHANGE_PRIORITY, 200, said("true", "1 tasks changed", "null"), Accepted),
        (CommandKind.CHANGE_PRIORITY, 200, said("false", "Task not found", "null"), Refused),
        (CommandKind.CHANGE_PRIORITY, 200, said("false", "Exception while changing", "null"), Unknown),
    ],
)
async def test_an_answer_means_what_pandas_own_words_say(
    kind: CommandKind | None, status: int, text: str, expected: type[Reply]
) -> None:
    with answering(text, status) as url:
        reply = await ask(url, kind)

    assert type(reply) is expected


async def test_an_accepted_task_carries_its_id() -> None:
    with answering(said("true", "succeeded. new jediTaskID=77", "77")) as url:
        assert await ask(url, None) == Accepted(77, "succeeded. new jediTaskID=77")


@contextmanager
def behaving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port whose connections do what they are told to, after the request has come."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        behave(connection)
            except OSError:
                pass

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def drip(connection: socket.socket) -> None:
    over = threading.Event()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.1):
        connection.sendall(b" ")


def stay_silent(connection: socket.socket) -> None:
    connection.recv(1)


def close_at_once(_connection: socket.socket) -> None:
    return


def cut(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success": true')


@pytest.mark.parametrize("behave", [drip, stay_silent, close_at_once, cut])
async def test_whatever_happens_after_the_request_left_is_unknown_within_the_deadline(
    behave: Callable[[socket.socket], None],
) -> None:
    with behaving(behave) as url:
        async with asyncio.timeout(20):
            reply = await ask(url, None)

    assert type(reply) is Unknown


async def test_a_closed_port_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

    assert type(await ask(url, None)) is NotSent


async def test_nothing_leaves_once_it_may_not_begin_any_more() -> None:
    seen: list[str] = []

    async def answer(request: Request) -> Response:
        seen.append(request.url.path)
        return PlainTextResponse(said("true", "succeeded. new jediTaskID=77", "77"))

    with served(Starlette(routes=[Route("/api/v1/task/submit", answer, methods=["POST"])])) as url:
        too_late = await ask(url, None, may_begin=lambda: False)
        in_time = await ask(url, None)

    assert (type(too_late), type(in_time), seen) == (NotSent, Accepted, ["/api/v1/task/submit"])


async def test_eighty_calls_of_eight_people_at_once_carry_eight_identities() -> None:
    async def echo(request: Request) -> Response:
        body = await request.json()
        token = request.headers["authorization"].removeprefix("Bearer ")
        known = token == body["task_parameters"]["owner"] and request.headers["origin"] == "spd:production"
        return PlainTextResponse(said("true", f"succeeded. new jediTaskID={int(known)}", str(int(known))))

    with served(Starlette(routes=[Route("/api/v1/task/submit", echo, methods=["POST"])])) as url:
        commands = PandaCommands(url, origin="spd:production", pool=Pool(places=8))
        replies = await asyncio.gather(
            *(
                commands.submit(f"token-{n % 8}", {"owner": f"token-{n % 8}"}, None, may_begin=lambda: True)
                for n in range(80)
            )
        )
        await commands.close()

    assert [reply.task_id for reply in replies if isinstance(reply, Accepted)] == [1] * 80


def test_importing_the_library_leaves_the_environment_as_it_was() -> None:
    assert [name for name in os.environ if name.startswith("PANDA")] == []


def test_the_library_knows_no_address_but_one_where_nobody_listens() -> None:
    assert {Client.baseURL, Client.baseURLSSL, Client.baseURLCSRVSSL} == {"http://127.0.0.1:9/server/panda"}


def test_the_librarys_transport_has_the_parts_that_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_AUTH_ID_TOKEN", "another-person")
    replaced = ("get_id_token", "randomize_ip", "_build_ssl_context", "_send")

    transport = PersonalTransport("http://127.0.0.1:9", token="mine", origin="spd", connect_s=1, deadline_s=1)

    assert [name for name in replaced if not callable(vars(Client._HttpClient).get(name))] == []
    # The control: the library itself would take the token from the environment.
    monkeypatch.setenv("PANDA_AUTH", "oidc")
    monkeypatch.setenv("PANDA_AUTH_VO", "spd")
    theirs = Client._HttpClient()
    assert theirs._auth_headers()["Authorization"] == "Bearer another-person"
    assert transport._auth_headers() == {"Authorization": "Bearer mine", "Origin": "spd"}


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with answering(said("true", "succeeded. new jediTaskID=77", "77")) as url:
        reply = await ask(url, None)
        with pytest.raises(httpx2.TransportError):
            httpx2.post(f"{url}/api/v1/task/submit")

    assert type(reply) is Accepted

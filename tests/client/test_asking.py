"""The client against answers of every kind: what is asked again, what never is, and what people are told."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from gateway.client import AnswerError, Gateway, UnansweredError, UncertainError
from gateway.client.comparing import differences
from gateway.client.events import Event, events_in
from gateway.errors import InputError
from gateway.terminal.commands import _follow

Answerer = Callable[[httpx2.Request], httpx2.Response]
GOOD = {"data": {"a": 1}}


class Server:
    """Answers one after the other, an exception by raising it; remembers what was asked, and every pause."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def gateway(self, token: str = "") -> Gateway:
        return Gateway(
            "https://gateway.test",
            token=token,
            transport=httpx2.MockTransport(self),
            sleep=self.pauses.append,
        )

    def body(self, place: int = -1) -> dict[str, object]:
        said: dict[str, object] = json.loads(self.asked[place].content)
        return said


def good(content: object = GOOD) -> httpx2.Response:
    return httpx2.Response(200, json=content)


def events(*parts: str) -> httpx2.Response:
    return httpx2.Response(200, text="".join(parts), headers={"content-type": "text/event-stream"})


def told(number: int, value: int) -> str:
    return f'id: {number}\nevent: next\ndata: {{"data":{{"a":{value}}}}}\n\n'


def test_a_question_is_asked_with_token_and_variables() -> None:
    server = Server(good())

    assert server.gateway(token="secret").query("query ($n: Int) { a(n: $n) }", n=3) == {"a": 1}
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert str(server.asked[0].url) == "https://gateway.test/graphql"
    assert server.body() == {"query": "query ($n: Int) { a(n: $n) }", "variables": {"n": 3}}


def test_the_address_may_be_that_of_graphql() -> None:
    assert Gateway("https://gateway.test/graphql", token="").url == "https://gateway.test"


def test_a_question_is_asked_again_while_there_is_no_answer() -> None:
    server = Server(
        httpx2.ConnectError("refused"),
        httpx2.Response(503),
        httpx2.Response(429, headers={"retry-after": "7"}),
        httpx2.ReadTimeout("slow"),
        good(),
    )

    assert server.gateway().query("{ a }") == {"a": 1}
    assert server.pauses == [0.5, 1.0, 7.0, 4.0]


def test_after_five_times_it_is_told_where_nobody_answers() -> None:
    server = Server(*[httpx2.ConnectError("refused")] * 5)

    with pytest.raises(UnansweredError, match=r"no gateway answers at https://gateway\.test: ConnectError"):
        server.gateway().query("{ a }")


@pytest.mark.parametrize("failure", [httpx2.ReadTimeout("slow"), httpx2.RemoteProtocolError("cut")])
def test_a_change_is_never_asked_again_and_its_key_is_given_back(failure: Exception) -> None:
    server = Server(failure)

    with pytest.raises(UncertainError, match="the change may have been made") as lost:
        server.gateway().query("mutation ($key: String!) { a(key: $key) }", key="mine")

    assert (len(server.asked), lost.value.key) == (1, "mine")


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(502, text="<html>Bad Gateway</html>"),
        httpx2.Response(504),
        httpx2.Response(500, json={"errors": [{"message": "an internal error"}]}),
        httpx2.Response(200, text="<html>we are being maintained</html>"),
        httpx2.Response(200, text="[" * 100_000),
        good({"hello": 1}),
    ],
)
def test_a_change_is_uncertain_when_the_answer_does_not_tell(answer: httpx2.Response) -> None:
    server = Server(answer)

    with pytest.raises(UncertainError, match="it may have been made") as lost:
        server.gateway().query("mutation ($key: String!) { a(key: $key) }", key="mine")

    assert (len(server.asked), lost.value.key) == (1, "mine")


def test_a_change_that_was_refused_is_not_uncertain() -> None:
    server = Server(httpx2.Response(401, json={"errors": [{"message": "log in"}]}))

    with pytest.raises(AnswerError, match="log in"):
        server.gateway().query("mutation { a }")


def test_a_token_for_this_machine_is_given_to_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, list[str | None]] = {"proxy": [], "gateway": []}
    with answering(asked["proxy"]) as proxy, answering(asked["gateway"]) as gateway_url:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)

        with Gateway(gateway_url, token="secret") as gateway:
            assert gateway.query("{ a }") == {"a": 1}

        # The way there would be, for what asks the environment.
        assert httpx2.post(gateway_url).json() == GOOD
    assert asked == {"gateway": ["Bearer secret"], "proxy": [None]}


@contextlib.contextmanager
def answering(asked: list[str | None]) -> Iterator[str]:
    """Answer on loopback, and keep who asked."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append(self.headers.get("authorization"))
            content = json.dumps(GOOD).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_change_that_was_not_sent_was_not_made() -> None:
    server = Server(httpx2.ConnectError("refused"))

    with pytest.raises(UnansweredError) as refused:
        server.gateway().query("mutation { a }")

    assert (len(server.asked), type(refused.value)) == (1, UnansweredError)


def test_submitting_takes_the_present_version_and_makes_a_key() -> None:
    sent = {"data": {"submitRequest": {"__typename": "Submitted"}}}
    server = Server(good({"data": {"request": {"version": 4}}}), good(sent), good(sent))
    gateway = server.gateway()

    assert gateway.submit("PROD2025-016") == {"__typename": "Submitted"}
    gateway.submit("PROD2025-016", key="again", version=5, mode="NATIVE")

    first, second = server.body(1)["variables"], server.body(2)["variables"]
    assert isinstance(first, dict)
    assert len(first.pop("key")) == 36
    assert first == {"name": "PROD2025-016", "version": 4}
    assert second == {"name": "PROD2025-016", "version": 5, "key": "again", "mode": "NATIVE"}


def test_errors_are_raised_with_what_could_be_told() -> None:
    error = {"message": "no", "extensions": {"code": "FORBIDDEN"}}
    server = Server(good({"data": {"a": None}, "errors": [error]}))

    with pytest.raises(AnswerError, match=r"^no$") as refused:
        server.gateway().query("{ a }")

    assert (refused.value.code, refused.value.data, refused.value.errors) == (
        "FORBIDDEN",
        {"a": None},
        (error,),
    )


@pytest.mark.parametrize("answer", [httpx2.Response(200, text="<html>"), good([1]), good({"hello": 1})])
def test_what_is_no_gateway_is_told(answer: httpx2.Response) -> None:
    with pytest.raises(UnansweredError, match=r"is no gateway \(HTTP 200\)"):
        Server(answer).gateway().query("{ a }")


def test_a_list_is_read_page_by_page() -> None:
    def page(*names: str, cursor: str | None) -> httpx2.Response:
        info = {"hasNextPage": cursor is not None, "endCursor": cursor}
        return good({"data": {"tasks": {"nodes": [{"name": name} for name in names], "pageInfo": info}}})

    server = Server(page("a", "b", cursor="two"), page("c", cursor=None))

    frame = server.gateway().frame("{ tasks { nodes { name } } }")

    assert frame["name"].tolist() == ["a", "b", "c"]
    cursors = [server.body(place)["variables"] for place in (0, 1)]
    assert cursors == [{"pageCursor": None}, {"pageCursor": "two"}]


def test_a_broken_stream_is_taken_up_after_the_last_event() -> None:
    server = Server(
        events(":\n\n", told(1, 1), told(2, 2), 'id: 3\nevent: next\ndata: {"data'),
        httpx2.ConnectError("restarting"),
        httpx2.Response(503),
        events(told(3, 3), "event: complete\ndata:\n\n"),
        events(told(4, 4)),
    )

    watched = server.gateway().watch("subscription { a }")

    assert [next(watched)["a"] for _ in range(4)] == [1, 2, 3, 4]
    assert [request.headers.get("last-event-id") for request in server.asked] == [None, "2", "2", "2", "3"]
    assert server.pauses == [0.5, 1.0, 2.0, 0.5]


def test_how_it_is_can_be_asked_as_soon_as_changes_are_told() -> None:
    now = good({"data": {"now": 0}})
    server = Server(
        events(":\n\n"),
        now,
        events(":\n\n", told(1, 1)),
        now,
        events(":\n\n", told(2, 2)),
    )

    watched = server.gateway().watch("subscription ($n: Int) { a }", ask_first="query ($n: Int) { now }", n=7)

    # The first stream broke before any event: what happened until the second began is told by nobody.
    assert [next(watched) for _ in range(4)] == [{"now": 0}, {"now": 0}, {"a": 1}, {"a": 2}]
    assert [request.headers["accept"] for request in server.asked] == [
        "text/event-stream",
        "application/graphql-response+json",
        "text/event-stream",
        "application/graphql-response+json",
        "text/event-stream",
    ]
    assert all(server.body(place)["variables"] == {"n": 7} for place in range(5))


def test_an_end_between_asking_and_being_told_of_changes_is_seen() -> None:
    def task(execution: str) -> httpx2.Response:
        return good({"data": {"task": {"__typename": "Task", "name": "t", "execution": execution}}})

    server = Server(task("RUNNING"), events(":\n\n"), task("FAILED"))

    assert _follow(server.gateway(), "tasks", 7) == 1


def test_a_stream_that_cannot_be_taken_up_says_so() -> None:
    lost = '{"errors":[{"message":"read anew","extensions":{"code":"EVENTS_LOST"}}]}'
    server = Server(events(f"event: next\ndata: {lost}\n\n"))

    with pytest.raises(AnswerError, match="read anew"):
        next(server.gateway().watch("subscription { a }"))


def test_a_refused_stream_says_why() -> None:
    server = Server(httpx2.Response(401, json={"errors": [{"message": "log in"}]}))

    with pytest.raises(AnswerError, match="log in"):
        next(server.gateway().watch("subscription { a }"))


def test_a_stream_that_stays_away_is_given_up() -> None:
    server = Server(*[httpx2.ConnectError("gone")] * 5)

    with pytest.raises(UnansweredError):
        next(server.gateway().watch("subscription { a }"))


def test_only_subscriptions_are_watched() -> None:
    with pytest.raises(InputError, match="what is watched is a subscription"):
        next(Server().gateway().watch("{ a }"))


def test_events_end_with_a_blank_line() -> None:
    lines = ["event: next", "data: a", "data: b", "id: 7", "", ": alive", "", "data: half"]

    assert list(events_in(lines)) == [Event("next", "a\nb", "7")]


def test_a_past_moment_goes_beside_the_query_and_not_to_the_present() -> None:
    server = Server(good(), good())
    gateway = server.gateway()

    gateway.at("2026-03-01T12:00:00Z").query("{ a }")
    gateway.query("{ a }")

    assert server.body(0)["extensions"] == {"asOf": "2026-03-01T12:00:00Z"}
    assert "extensions" not in server.body(1)


def test_what_changed_between_two_moments_is_told_row_by_row() -> None:
    def page(**jobs: int) -> httpx2.Response:
        nodes = [{"name": name, "jobs": count} for name, count in jobs.items()]
        return good({"data": {"tasks": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}}})

    server = Server(page(a=1, b=2, c=3), page(b=2, c=4, d=5))

    changed = server.gateway().changes("{ tasks { nodes { name jobs } } }", since="then", until="later")

    nothing = {"field": None, "before": None, "after": None}
    assert changed == [
        {"name": "a", "change": "gone", **nothing},
        {"name": "c", "change": "changed", "field": "jobs", "before": 3, "after": 4},
        {"name": "d", "change": "new", **nothing},
    ]
    assert [server.body(place)["extensions"] for place in (0, 1)] == [{"asOf": "then"}, {"asOf": "later"}]


def test_rows_that_nothing_tells_apart_are_not_compared() -> None:
    with pytest.raises(InputError, match="are not told apart by 'a'"):
        list(differences([], [{"a": 1}, {"a": 1}]))


def test_files_know_how_complete_they_are() -> None:
    headers = {"files-expected": "3", "files-taken-at": "now", "files-missing-seeds": "3"}
    server = Server(
        httpx2.Response(200, text="root://a\nroot://b\n", headers=headers | {"files-stale": "yes"})
    )

    found = server.gateway().files("PROD2025-013", "RECO.R", site="JINR", matched=("S", "P"))

    assert list(found) == ["root://a", "root://b"]
    assert (found.expected, found.is_complete, found.missing_seeds, found.is_stale) == (3, False, "3", True)
    assert (
        str(server.asked[0].url) == "https://gateway.test/files/PROD2025-013/RECO.R.txt?site=JINR&with=S%2CP"
    )


def test_a_list_that_there_is_not_is_told_in_the_gateways_words() -> None:
    server = Server(httpx2.Response(404, text="There is no request 'X'.\n"))

    with pytest.raises(AnswerError, match="There is no request 'X'"):
        server.gateway().files("X", "RECO.R")


SERVER = (
    *("starlette", "strawberry", "graphql", "sqlalchemy", "pydantic", "structlog", "typer", "uvicorn"),
    *("orjson", "rucio", "pandaclient", "dbos", "alembic", "joserfc", "authlib", "yaml", "openpyxl"),
)
ALONE = f"""
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        ours = name.split(".")[1] if name.startswith("gateway.") else "client"
        if name.partition(".")[0] in {SERVER!r} or ours not in ("client", "errors"):
            raise ImportError(name + " is not here")

sys.meta_path.insert(0, Nothing())
from gateway.client import Gateway
import gateway.client.frames
print(Gateway("https://gateway.test", token="").url)
"""


def test_the_client_needs_nothing_of_the_server() -> None:
    alone = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)

    assert (alone.stdout, alone.stderr) == ("https://gateway.test\n", "")

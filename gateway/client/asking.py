"""The client itself: one address, one token, and questions whose answers are plain values."""

import copy
import datetime as dt
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx2

from gateway.client.comparing import differences
from gateway.client.documents import CURSOR, kind_of, paged
from gateway.client.events import events_in
from gateway.client.failures import AnswerError, UnansweredError, UncertainError
from gateway.client.files import FileUrls
from gateway.client.tokens import find_token
from gateway.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

HERE: Final = "http://127.0.0.1:8000"
TIMEOUT_S: Final = 60.0
# A stream is silent for 15 s at most: then the gateway says that it is still there.
_SILENCE_S: Final = 60.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ANSWER: Final = "application/graphql-response+json"
_EVENTS: Final = "text/event-stream"
# Reads are asked again after so many seconds each; a change never is.
_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)
_LONGEST_PAUSE_S: Final = 60.0
_PASSING: Final = frozenset({429, 502, 503, 504})


class Gateway:
    """A gateway at an address, asked as whoever the token says.

    The address is GATEWAY_URL if none is given, or this machine's. The token is found as WLCG prescribes:
    BEARER_TOKEN, the file BEARER_TOKEN_FILE, `bt_u<uid>` in XDG_RUNTIME_DIR or /tmp; give another one, or
    `""` for none. It is sent over https, or to this machine, and nowhere else.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _address(url or os.environ.get("GATEWAY_URL") or HERE)
        found = find_token(os.environ, os.getuid()) if token is None else token
        headers = {"authorization": f"Bearer {found}"} if found else {}
        self._sleep = sleep
        self._as_of: str | None = None
        self._http = httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=TIMEOUT_S,
            follow_redirects=False,
            transport=transport,
            # A proxy of the environment's would be given the token of what is on this machine, in the clear.
            trust_env=urlsplit(self.url).hostname not in _LOOPBACK,
            # Authorities that the environment names are trusted all the same.
            verify=httpx2.create_ssl_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def at(self, moment: dt.datetime | str) -> Self:
        """Return this gateway as of a past moment: all that is asked of it is answered as it was then.

        A moment has a zone, `2026-03-01T12:00:00Z`; close the gateway that it comes from, and not this one.
        """
        then = copy.copy(self)
        then._as_of = moment if isinstance(moment, str) else moment.isoformat()
        return then

    def query(self, document: str, /, **variables: object) -> dict[str, Any]:
        """Ask, and return the answer's data; raises AnswerError when it has errors.

        Questions are asked again while the gateway does not answer, changes never.
        """
        answer = self.answer(document, variables)
        data = answer.get("data")
        if answer.get("errors"):
            raise AnswerError(answer["errors"], data)
        return dict(data or {})

    def answer(self, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Ask, and return the whole answer with `data`, `errors` and `extensions`."""
        body: dict[str, object] = {"query": document, "variables": dict(variables or {})}
        if self._as_of is not None:
            body["extensions"] = {"asOf": self._as_of}
        send = {"json": body, "headers": {"accept": _ANSWER}}
        if kind_of(document) == "query":
            return _json_of(self._read("POST", "/graphql", **send), self.url)
        try:
            response = self._http.post("/graphql", **send)  # type: ignore[arg-type]
        except httpx2.ConnectError as error:
            raise self._unanswered(error) from error
        except httpx2.HTTPError as error:
            raise UncertainError(
                f"the answer of {self.url} got lost ({type(error).__name__}): the change may have been made",
                _key_in(variables),
            ) from error
        answer = _answer_in(response)
        # A proxy that lost the gateway says so with a page of its own; a gateway that failed, with a 500.
        if response.status_code >= 500 or answer is None:
            raise UncertainError(
                f"{self.url} answered HTTP {response.status_code}, which does not say what became of the "
                "change: it may have been made",
                _key_in(variables),
            )
        return answer

    def rows(self, document: str, /, **variables: object) -> Iterator[dict[str, Any]]:
        """Yield the nodes of one list, page by page; rows that are made meanwhile may or may not be there."""
        turned = paged(document)
        cursor = None
        while True:
            page = self.query(turned.document, **variables, **{CURSOR: cursor})[turned.field]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            cursor = page["pageInfo"]["endCursor"]

    def frame(self, document: str, /, **variables: object) -> "pd.DataFrame":
        """Return the nodes of one list, all pages of it, as a pandas frame with typed columns."""
        try:
            # Late: who asks without frames needs no pandas.
            from gateway.client.frames import frame_of
        except ImportError as error:
            raise InputError("frames need pandas: pip install 'spd-gateway[client]'") from error
        return frame_of(self.rows(document, **variables))

    def changes(
        self,
        document: str,
        /,
        *,
        since: dt.datetime | str,
        until: dt.datetime | str | None = None,
        key: str | None = None,
        **variables: object,
    ) -> list[dict[str, Any]]:
        """Return what became of a list's rows between two moments, the second one now if none is given.

        One row for each new row, each gone one and each changed field; rows are known by the field `key`, or
        the first one that is asked for.
        """
        later = self if until is None else self.at(until)
        before = list(self.at(since).rows(document, **variables))
        return list(differences(before, later.rows(document, **variables), key))

    def submit(
        self, request: str, *, mode: str | None = None, key: str | None = None, version: int | None = None
    ) -> dict[str, Any]:
        """Submit what of a request was never submitted, in your name; return what became of it.

        Its `__typename` is Submitted, or says why nothing was sent: Refused, Invalid, Conflict.
        The version is the present one unless you give the one that you have seen. `key` is yours for this
        submission: after an UncertainError ask again with the key that it carries, and nothing is sent twice.
        """
        if version is None:
            version = self.query(_VERSION, name=request)["request"].get("version")
        if version is None:
            raise InputError(f"there is no request {request[:60]!r}")
        variables: dict[str, object] = {"name": request, "version": version, "key": key or str(uuid.uuid4())}
        if mode is not None:
            variables["mode"] = mode
        return dict(self.query(_SUBMIT, **variables)["submitRequest"])

    def watch(
        self, document: str, /, *, after: str | None = None, ask_first: str | None = None, **variables: object
    ) -> Iterator[dict[str, Any]]:
        """Yield the data of each event of a subscription, without end; a broken stream is taken up again.

        Nothing is missed while the gateway still has it (a day); otherwise AnswerError says to read anew.
        `after` is the id of the last event that you have seen, if you have one. `ask_first` is a query of the
        same variables: its answer is yielded as soon as events are told, so that nothing happens between
        asking how it is and being told of changes. It comes again where the stream broke before any event.
        """
        if kind_of(document) != "subscription":
            raise InputError("what is watched is a subscription: subscription { taskChanged { ... } }")
        failures = 0
        while True:
            headers = {"accept": _EVENTS} | ({} if after is None else {"last-event-id": after})
            body = {"query": document, "variables": dict(variables)}
            try:
                with self._http.stream(
                    "POST", "/graphql", json=body, headers=headers, timeout=httpx2.Timeout(_SILENCE_S)
                ) as response:
                    if response.status_code in _PASSING:
                        raise httpx2.ReadError(f"HTTP {response.status_code}")
                    if response.headers.get("content-type", "").partition(";")[0] != _EVENTS:
                        response.read()
                        raise AnswerError(_json_of(response, self.url).get("errors") or [{}])
                    if ask_first is not None and after is None:
                        yield self.query(ask_first, **variables)
                    for event in events_in(response.iter_lines()):
                        if event.name != "next":
                            continue
                        failures = 0
                        after = event.id or after
                        told = json.loads(event.data)
                        if told.get("errors"):
                            raise AnswerError(told["errors"], told.get("data"))
                        yield dict(told["data"])
            except httpx2.HTTPError as error:
                if failures >= len(_PAUSES_S):
                    raise self._unanswered(error) from error
            self._sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    def files(
        self,
        request: str,
        output: str,
        *,
        site: str | None = None,
        protocol: str | None = None,
        matched: tuple[str, ...] = (),
        attempt: int | None = None,
    ) -> FileUrls:
        """Return the addresses of a sample's files, such as `RECO.R` of PROD2025-013, as they are now.

        `matched` names outputs that each seed must have too. Raises AnswerError when there are none to list.
        """
        asked = {"site": site, "protocol": protocol, "with": ",".join(matched) or None, "attempt": attempt}
        response = self._read(
            "GET",
            f"/files/{quote(request, safe='')}/{quote(output, safe='')}.txt",
            params={name: value for name, value in asked.items() if value is not None},
        )
        if response.status_code != 200:
            raise AnswerError([{"message": response.text.strip()[:500] or f"HTTP {response.status_code}"}])
        if "files-expected" not in response.headers:
            raise UnansweredError(f"what answers at {self.url} gives no lists of files; is it a gateway?")
        return FileUrls(response.text.splitlines(), response.headers)

    def _read(self, method: str, path: str, **asked: Any) -> httpx2.Response:
        """Ask for something that changes nothing, again while there is no answer."""
        for pause in (*_PAUSES_S, None):
            try:
                response = self._http.request(method, path, **asked)
            except httpx2.TransportError as error:
                if pause is None:
                    raise self._unanswered(error) from error
                self._sleep(pause)
                continue
            if response.status_code not in _PASSING or pause is None:
                return response
            wished = response.headers.get("retry-after", "")
            self._sleep(min(float(wished), _LONGEST_PAUSE_S) if wished.isdigit() else pause)
        raise AssertionError("the last round returns or raises")

    def _unanswered(self, error: Exception) -> UnansweredError:
        return UnansweredError(
            f"no gateway answers at {self.url}: {type(error).__name__}. Is GATEWAY_URL the right address?"
        )


_VERSION: Final = "query ($name: String!) { request(name: $name) { ... on Request { version } } }"
_SUBMIT: Final = """
mutation ($name: String!, $version: BigInt!, $key: String!, $mode: ChainMode! = GATED) {
  submitRequest(name: $name, expectedVersion: $version, idempotencyKey: $key, mode: $mode) {
    __typename
    ... on Submitted {
      isRepeated
      warnings
      request { name intent execution }
      attempts { key state jediTaskId }
    }
    ... on Refusal { code message }
    ... on Invalid { problems { field message } findings { code message } }
  }
}
"""


def _address(url: str) -> str:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe:
        raise InputError(
            f"a gateway's address begins with https:// (http:// only on this machine), not {url[:40]!r}"
        )
    return url.rstrip("/").removesuffix("/graphql")


def _answer_in(response: httpx2.Response) -> dict[str, Any] | None:
    """The answer to a GraphQL question; None for what is none."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and answer.keys() & {"data", "errors"} else None


def _json_of(response: httpx2.Response, url: str) -> dict[str, Any]:
    answer = _answer_in(response)
    if answer is None:
        raise UnansweredError(f"what answers at {url} is no gateway (HTTP {response.status_code})")
    return answer


def _key_in(variables: Mapping[str, object] | None) -> str | None:
    key = (variables or {}).get("key")
    return key if isinstance(key, str) else None

"""A practice Rucio: the REST calls of our adapter and of Rucio's own client, as version 41.5 answers them."""

import datetime as dt
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.practice.dated import dated
from gateway.practice.faults import FAULT_KEY, Fault, Faults, with_faults
from gateway.practice.rucio_catalogue import TOKEN_LIFE, Row, RucioCatalogue, RucioError
from gateway.practice.rucio_filters import found, groups_of

VERSION: Final = "41.5.1"
_BULK_LIMIT: Final = 1000
_STREAM: Final = "application/x-json-stream"
_RULE_FILTERS: Final = frozenset({"account", "scope", "name", "rse_expression", "activity"})

Handler = Callable[[Request], Awaitable[Response]]
Answerer = Callable[["RucioTwin", Request, dict[str, Any]], Response]


class RucioTwin:
    """The endpoints, over a catalogue that tests may change meanwhile."""

    def __init__(self, catalogue: RucioCatalogue) -> None:
        self.catalogue = catalogue

    def login(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /auth/userpass."""
        given = [request.headers.get(f"x-rucio-{one}", "") for one in ("account", "username", "password")]
        token, ends_at = self.catalogue.log_in(*given)
        headers = {"X-Rucio-Auth-Account": given[0], "X-Rucio-Auth-Token": token}
        headers["X-Rucio-Auth-Token-Expires"] = _written(ends_at)
        return Response(b"", headers=headers, media_type="application/octet-stream")

    def validate(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /auth/validate, whose answer is the text of a Python object."""
        token = request.headers["x-rucio-auth-token"]
        account = self.catalogue.account_of(token)
        _, ends_at = self.catalogue.tokens.get(token, (account, self.catalogue.now() + TOKEN_LIFE))
        said = {"account": account, "identity": account, "lifetime": ends_at.replace(tzinfo=None)}
        return Response(str(said), media_type="application/octet-stream")

    def scopes(self, _request: Request, _body: dict[str, Any]) -> Response:
        """GET /scopes/."""
        return JSONResponse(list(self.catalogue.scopes))

    def search(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /dids/{scope}/dids/search."""
        asked = request.query_params
        scope = request.path_params["scope"]
        rows = (row for (place, _), row in list(self.catalogue.dids.items()) if place == scope)
        names = found(rows, groups_of(asked), asked.get("type", "collection"))
        if asked.get("long", "False").lower() in {"true", "1"}:
            columns = ("scope", "name", "did_type", "bytes", "length")
            return _stream({column: row[column] for column in columns} for row in names)
        return _stream(row["name"] for row in names)

    def bulk_metadata(self, _request: Request, body: dict[str, Any]) -> Response:
        """POST /dids/bulkmeta: what is not known is left out."""
        asked = body["dids"]
        if len(asked) > _BULK_LIMIT:
            raise RucioError(500, "InvalidObject", "Problem validating dids : too long")
        keys = dict.fromkeys((one["scope"], one["name"]) for one in asked)
        return _stream(self.catalogue.dids[key] for key in keys if key in self.catalogue.dids)

    def did(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /dids/{scope}/{name}."""
        row = self.catalogue.did(**_did_of(request))
        same = ("scope", "name", "account", "monotonic", "expired_at", "length", "bytes")
        said = {column: row[column] for column in same}
        return _json({**said, "type": row["did_type"], "open": row["is_open"]})

    def metadata(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /dids/{scope}/{name}/meta."""
        return _json(self.catalogue.did(**_did_of(request)))

    def did_rules(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /dids/{scope}/{name}/rules."""
        self.catalogue.did(**(place := _did_of(request)))
        rules = (rule for rule in list(self.catalogue.rules.values()) if place.items() <= rule.items())
        return _stream({**rule, "bytes": self._bytes_of(rule)} for rule in rules)

    def add_did(self, request: Request, body: dict[str, Any]) -> Response:
        """POST /dids/{scope}/{name}."""
        row = self.catalogue.add_did(
            **_did_of(request), kind=body["type"], account=self._account(request), **body.get("meta") or {}
        )
        if files := body.get("dids"):
            size = sum(one["bytes"] for one in files)
            events = sum((one.get("meta") or {}).get("events", 0) for one in files)
            self.catalogue.contents[row["scope"], row["name"]] = len(files), size, events
        if body.get("rse"):
            self.catalogue.put(row["scope"], row["name"], body["rse"], files=len(files or ()))
        if body.get("lifetime"):
            row["expired_at"] = self.catalogue.now() + dt.timedelta(seconds=body["lifetime"])
        return HTMLResponse("Created", 201)

    def set_metadata(self, request: Request, body: dict[str, Any]) -> Response:
        """POST /dids/{scope}/{name}/meta and .../meta/{key}."""
        key = request.path_params.get("key")
        self.catalogue.set_metadata(
            **_did_of(request), values=body["meta"] if key is None else {key: body["value"]}
        )
        return HTMLResponse("Created", 201)

    def set_status(self, request: Request, body: dict[str, Any]) -> Response:
        """PUT /dids/{scope}/{name}/status: closes; nothing else is offered."""
        if body.get("open") is not False:
            raise RucioError(409, "UnsupportedOperation", "The status cannot be changed")
        self.catalogue.close(**_did_of(request))
        return HTMLResponse("")

    def rules(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rules/."""
        tests = [_rule_test(key, value) for key, value in request.query_params.items()]
        rules = (rule for rule in list(self.catalogue.rules.values()) if all(test(rule) for test in tests))
        return _stream({**rule, "bytes": self._bytes_of(rule)} for rule in rules if self._has_did(rule))

    def rule(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rules/{id}."""
        return _json(self.catalogue.rule(request.path_params["rule_id"]))

    def add_rules(self, request: Request, body: dict[str, Any]) -> Response:
        """POST /rules/: for one storage by its name, not for expressions."""
        given = {
            key: body[key] for key in ("copies", "activity", "priority") if body.get(key) not in (None, "")
        }
        given["comments"] = body.get("comment")
        if body.get("lifetime"):
            given["expires_at"] = self.catalogue.now() + dt.timedelta(seconds=body["lifetime"])
        account = body.get("account") or self._account(request)
        made = [
            self.catalogue.add_rule(
                one["scope"], one["name"], account=account, rse_expression=body["rse_expression"], **given
            )["id"]
            for one in body["dids"]
        ]
        return HTMLResponse(json.dumps(made), 201)

    def delete_rule(self, request: Request, _body: dict[str, Any]) -> Response:
        """DELETE /rules/{id}: it ends an hour later."""
        self.catalogue.delete_rule(request.path_params["rule_id"])
        return HTMLResponse("")

    def replicas(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /replicas/rse/{rse}."""
        rse = request.path_params["rse"]
        self.catalogue.storage(rse, status=500)
        return _stream(copy for (_, place), copy in list(self.catalogue.replicas.items()) if place == rse)

    def file_replicas(self, _request: Request, body: dict[str, Any]) -> Response:
        """POST /replicas/list: of datasets, with the addresses of the schemes that are asked for."""
        schemes = body.get("schemes") or [scheme for scheme, _ in self.catalogue.protocols]
        for one in body["dids"]:
            try:
                self.catalogue.did(one["scope"], one["name"])
            except RucioError as error:
                # Only here it is a bad request, and not one for what is not there.
                raise RucioError(400, error.word, str(error)) from error
        return _stream(
            self._file(one["scope"], row, schemes)
            for one in body["dids"]
            for row in self.catalogue.files(one["scope"], one["name"])
        )

    def _file(self, scope: str, row: Row, schemes: list[str]) -> Row:
        by_storage = {
            rse: [
                self.catalogue.address(scheme, port, rse, scope, row["name"])
                for scheme, port in self.catalogue.protocols
                if scheme in schemes
            ]
            for rse in row["storages"]
        }
        about = {"type": "DISK", "volatile": False, "domain": "wan", "client_extract": False}
        addresses = [(rse, url) for rse, urls in by_storage.items() for url in urls]
        return {
            **{key: row[key] for key in ("name", "bytes", "adler32")},
            "scope": scope,
            "md5": None,
            "pfns": {
                url: {**about, "rse": rse, "rse_id": self.catalogue.storage(rse)["id"], "priority": place}
                for place, (rse, url) in enumerate(addresses, 1)
            },
            "rses": {self.catalogue.storage(rse)["id"]: urls for rse, urls in by_storage.items()},
            "states": {self.catalogue.storage(rse)["id"]: "AVAILABLE" for rse in by_storage},
        }

    def storages(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/, all of them or by name."""
        expression = request.query_params.get("expression")
        if expression is None:
            return _stream(self.catalogue.storages.values())
        if expression not in self.catalogue.storages:
            raise RucioError(400, "InvalidRSEExpression", "RSE Expression resulted in an empty set.")
        return _stream([{"rse": expression}])

    def storage(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/{rse}."""
        row = self.catalogue.storage(request.path_params["rse"])
        availability = ("availability", "availability_delete", "availability_read", "availability_write")
        same = (
            *availability,
            "deterministic",
            "id",
            "qos_class",
            "rse",
            "rse_type",
            "staging_area",
            "volatile",
        )
        fixed = {"credentials": None, "domain": ["lan", "wan"], "lfn2pfn_algorithm": "hash"}
        rest: Row = {"protocols": [], "sign_url": None, "verify_checksum": True}
        return _json({**{column: row[column] for column in same}, **fixed, **rest})

    def usage(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/{rse}/usage."""
        rse, source = request.path_params["rse"], request.query_params.get("source")
        self.catalogue.storage(rse)
        return _stream(
            row
            for (place, kind), row in list(self.catalogue.usages.items())
            if place == rse and source in (None, kind)
        )

    def accounts_usage(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/{rse}/accounts/usage: every account, in a stream that is labelled as JSON."""
        row, catalogue = self.catalogue.storage(request.path_params["rse"]), self.catalogue
        return _stream(
            (
                {
                    "rse_id": row["id"],
                    "rse": row["rse"],
                    "account": account,
                    "used_files": catalogue.used.get((account, row["rse"]), (0, 0))[1],
                    "used_bytes": catalogue.used.get((account, row["rse"]), (0, 0))[0],
                    "quota_bytes": catalogue.limits.get((account, row["rse"])),
                }
                for account in list(catalogue.passwords)
            ),
            media_type="application/json",
        )

    def limits(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/{rse}/limits."""
        self.catalogue.storage(rse := request.path_params["rse"])
        return _json(self.catalogue.storage_limits.get(rse, {}))

    def attributes(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /rses/{rse}/attr/: its own name is one."""
        self.catalogue.storage(rse := request.path_params["rse"])
        return _json({rse: True})

    def transfers(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /requests/metrics, for administrators."""
        if (account := self._account(request)) not in self.catalogue.admins | {"root"}:
            raise RucioError(500, "AccessDenied", f"{account} cannot get request statistics. ")
        return _stream(self.catalogue.transfers())

    def account(self, request: Request, _body: dict[str, Any]) -> Response:
        """GET /accounts/{account}; `whoami` leads to one's own."""
        name = request.path_params["account"]
        if name == "whoami":
            return RedirectResponse(self._account(request), 303)
        if name not in self.catalogue.passwords:
            raise RucioError(404, "AccountNotFound", f"Account {name} cannot be found")
        moments = dict.fromkeys(("created_at", "updated_at"), "2025-01-01T00:00:00")
        kind = "SERVICE" if name in {"root", "gateway"} else "USER"
        email = None if name == "root" else f"{name}@example.org"
        rest: Row = {"deleted_at": None, "suspended_at": None, "status": "ACTIVE", "email": email}
        return _json({"account": name, "account_type": kind, **rest, **moments})

    def _account(self, request: Request) -> str:
        return self.catalogue.account_of(request.headers.get("x-rucio-auth-token", ""))

    def _has_did(self, rule: Row) -> bool:
        return (rule["scope"], rule["name"]) in self.catalogue.dids

    def _bytes_of(self, rule: Row) -> object:
        return self.catalogue.dids[rule["scope"], rule["name"]]["bytes"]


_ROUTES: Final[tuple[tuple[str, str, Answerer], ...]] = (
    ("GET", "/auth/validate", RucioTwin.validate),
    ("GET", "/scopes/", RucioTwin.scopes),
    ("POST", "/dids/bulkmeta", RucioTwin.bulk_metadata),
    ("GET", "/dids/{scope}/dids/search", RucioTwin.search),
    ("GET", "/dids/{scope}/{name}/meta", RucioTwin.metadata),
    ("POST", "/dids/{scope}/{name}/meta", RucioTwin.set_metadata),
    ("POST", "/dids/{scope}/{name}/meta/{key}", RucioTwin.set_metadata),
    ("PUT", "/dids/{scope}/{name}/status", RucioTwin.set_status),
    ("GET", "/dids/{scope}/{name}/rules", RucioTwin.did_rules),
    ("GET", "/dids/{scope}/{name}", RucioTwin.did),
    ("POST", "/dids/{scope}/{name}", RucioTwin.add_did),
    ("GET", "/rules/", RucioTwin.rules),
    ("POST", "/rules/", RucioTwin.add_rules),
    ("GET", "/rules/{rule_id}", RucioTwin.rule),
    ("DELETE", "/rules/{rule_id}", RucioTwin.delete_rule),
    ("GET", "/replicas/rse/{rse}", RucioTwin.replicas),
    ("POST", "/replicas/list", RucioTwin.file_replicas),
    ("GET", "/rses/", RucioTwin.storages),
    ("GET", "/rses/{rse}", RucioTwin.storage),
    ("GET", "/rses/{rse}/usage", RucioTwin.usage),
    ("GET", "/rses/{rse}/accounts/usage", RucioTwin.accounts_usage),
    ("GET", "/rses/{rse}/limits", RucioTwin.limits),
    ("GET", "/rses/{rse}/attr/", RucioTwin.attributes),
    ("GET", "/requests/metrics", RucioTwin.transfers),
    ("GET", "/accounts/{account}", RucioTwin.account),
)


def create_rucio_twin(
    catalogue: RucioCatalogue, *, faults: Faults | None = None, has_switch: bool = False
) -> ASGIApp:
    """Return the application; its clock is the catalogue's, in tokens, rows and the Date of each answer.

    Serve it with uvicorn's `date_header` off.
    """
    twin = RucioTwin(catalogue)

    async def ping(_request: Request) -> Response:
        return JSONResponse({"version": VERSION})

    routes = [
        Route("/ping", ping, methods=["GET"]),
        Route("/auth/userpass", _handler(twin, RucioTwin.login, is_open=True), methods=["GET"]),
        *(Route(path, _handler(twin, answerer), methods=[method]) for method, path, answerer in _ROUTES),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _lost, 405: _lost})
    # Rucio and its client tell /rules from /rules/; a redirect between them is not part of the protocol.
    app.router.redirect_slashes = False
    return with_faults(dated(app, catalogue.clock), faults or Faults(), has_switch=has_switch)


def _handler(twin: RucioTwin, answerer: Answerer, *, is_open: bool = False) -> Handler:
    async def handle(request: Request) -> Response:
        token = request.headers.get("x-rucio-auth-token")
        if request.scope.get(FAULT_KEY) is Fault.TOKEN_EXPIRY and token:
            twin.catalogue.tokens.pop(token, None)
        try:
            if not is_open:
                if not token:
                    raise RucioError(400, "ValueError", "Token must be set.")  # noqa: TRY301
                twin.catalogue.account_of(token)
            return answerer(twin, request, await _body_of(request))
        except RucioError as error:
            return _refusal(error)

    return handle


async def _body_of(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return {}
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RucioError(400, "ValueError", "cannot decode json parameter dictionary")
    return body


async def _lost(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return HTMLResponse("<!doctype html><title>Not Found</title>", status)


def _refusal(error: RucioError) -> Response:
    message = str(error)
    if not error.word:
        return HTMLResponse(message, error.status)
    short = message if len(message) <= 125 else f"{message[:125]}..."
    return Response(
        json.dumps({"ExceptionClass": error.word, "ExceptionMessage": message}),
        error.status,
        headers={"ExceptionClass": error.word, "ExceptionMessage": short},
        media_type="application/octet-stream",
    )


def _rule_test(key: str, value: str) -> Callable[[Row], bool]:
    column, _, when = key.rpartition("_")
    if column in {"created", "updated"} and when in {"after", "before"}:
        try:
            moment = dt.datetime.strptime(value, "%a, %d %b %Y %H:%M:%S UTC").replace(tzinfo=dt.UTC)
        except ValueError as error:
            raise RucioError(500, "", str(error)) from error
        is_after = when == "after"
        return lambda rule: rule[f"{column}_at"] >= moment if is_after else rule[f"{column}_at"] <= moment
    if key not in _RULE_FILTERS:
        raise RucioError(500, "", f"type object 'ReplicationRule' has no attribute '{key}'")
    pattern = re.compile(".*".join(re.escape(part) for part in value.split("*")))
    return lambda rule: pattern.fullmatch(rule[key]) is not None


def _did_of(request: Request) -> dict[str, str]:
    return {part: request.path_params[part] for part in ("scope", "name")}


def _stream(rows: Iterable[object], *, media_type: str = _STREAM) -> Response:
    """One JSON value a line; without any, an answer of no length, as Rucio gives."""
    lines = [f"{json.dumps(row, default=_written)}\n" for row in rows]
    if not lines:
        return Response(b"", media_type=media_type)
    return StreamingResponse(_parts(lines), media_type=media_type)


def _parts(lines: list[str]) -> Iterator[str]:
    for start in range(0, len(lines), 100):
        yield "".join(lines[start : start + 100])


def _json(content: object) -> Response:
    return Response(json.dumps(content, default=_written), media_type="application/json")


def _written(moment: object) -> str:
    """A moment as Rucio writes it, whatever the locale."""
    if not isinstance(moment, dt.datetime):
        raise TypeError(f"no form is known for {type(moment).__name__}")
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {moment.day:02} {months[moment.month - 1]} {moment.year} {moment:%H:%M:%S} UTC"

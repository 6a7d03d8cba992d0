"""What a practice Rucio holds: rows with Rucio's own columns, free to change.

Datasets know how many files they have and how large they are; the files themselves are made up when somebody
asks for them, all of one size.
"""

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from gateway.practice.dated import Clock
from gateway.practice.rucio_columns import DID_COLUMNS, RSE_COLUMNS, RULE_COLUMNS
from gateway.practice.talk import Record

Row = dict[str, Any]
Did = tuple[str, str]

# How long a deleted rule stays, and how long a token lives (Rucio 41.5).
RULE_GRACE: Final = dt.timedelta(hours=1)
TOKEN_LIFE: Final = dt.timedelta(hours=1)


class RucioError(Exception):
    """What Rucio refuses, with its own word for it and the status it comes with."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.word = word


@dataclass(slots=True)
class RucioCatalogue:
    """The state of a practice Rucio; moments in rows are aware, and tests may change everything."""

    clock: Clock
    # Account to password of the identity of the same name.
    passwords: dict[str, str] = field(default_factory=dict)
    # Accounts with the attribute "admin", whom no quota holds.
    admins: set[str] = field(default_factory=set)
    scopes: dict[str, str] = field(default_factory=dict)
    dids: dict[Did, Row] = field(default_factory=dict)
    # Files, bytes and events of open datasets, which show only when they are closed.
    contents: dict[Did, tuple[int, int, int]] = field(default_factory=dict)
    rules: dict[str, Row] = field(default_factory=dict)
    storages: dict[str, Row] = field(default_factory=dict)
    storage_limits: dict[str, dict[str, int]] = field(default_factory=dict)
    usages: dict[tuple[str, str], Row] = field(default_factory=dict)
    limits: dict[tuple[str, str], int] = field(default_factory=dict)
    used: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    replicas: dict[tuple[Did, str], Row] = field(default_factory=dict)
    tokens: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)
    # How files can be read at every storage: scheme and port.
    protocols: tuple[tuple[str, int], ...] = (("root", 1094), ("davs", 443))
    # The numbers in the names of a dataset's files, as far as somebody knows better than 1, 2, 3.
    numbers: Callable[[Row], Sequence[str]] = lambda _row: ()
    # Whose token of an identity provider it is; None for one that is not accepted.
    identify: Callable[[str], str | None] = lambda _token: None
    made: int = 0
    # Files that came to a storage: when, from where, where to, how many.
    arrived: list[tuple[dt.datetime, str, str, int]] = field(default_factory=list)

    def now(self) -> dt.datetime:
        """The time as Rucio keeps it in answers: whole seconds."""
        return self.clock().astimezone(dt.UTC).replace(microsecond=0)

    def log_in(self, account: str, username: str, password: str) -> tuple[str, dt.datetime]:
        """Return a token with its end, or raise RucioError."""
        identity = "ddmlab" if account == "root" else account
        if username != identity or self.passwords.get(account) != password:
            raise RucioError(
                401,
                "CannotAuthenticate",
                f"Cannot authenticate to account {account} with given credentials",
            )
        token = f"{account}-{username}-unknown-{self._new_id('token')}"
        self.tokens[token] = (account, self.now() + TOKEN_LIFE)
        return token, self.tokens[token][1]

    def account_of(self, token: str) -> str:
        """Return whose token it is, or raise RucioError."""
        found = self.identify(token)
        if found in self.passwords:
            return str(found)
        account, ends_at = self.tokens.get(token, ("", None))
        if ends_at is None or ends_at <= self.now():
            raise RucioError(401, "CannotAuthenticate", "Cannot authenticate with given credentials")
        return account

    def did(self, scope: str, name: str) -> Row:
        """Return a DID's row, or raise RucioError."""
        try:
            return self.dids[scope, name]
        except KeyError:
            raise RucioError(
                404, "DataIdentifierNotFound", f"Data identifier '{scope}:{name}' not found"
            ) from None

    def rule(self, rule_id: str) -> Row:
        """Return a rule's row, or raise RucioError."""
        if len(rule_id) != 32:
            raise RucioError(500, "RucioException", f"Badly formatted rule id ({rule_id})")
        try:
            return self.rules[rule_id]
        except KeyError:
            raise RucioError(404, "RuleNotFound", f"No rule with the id {rule_id} found") from None

    def storage(self, rse: str, *, status: int = 404) -> Row:
        """Return an RSE's row, or raise RucioError; the status of that depends on who asks."""
        try:
            return self.storages[rse]
        except KeyError:
            raise RucioError(status, "RSENotFound", f"RSE '{rse}' cannot be found in vo 'def'") from None

    def add_did(self, scope: str, name: str, *, kind: str, account: str, **columns: object) -> Row:
        """Make an open dataset or container, or raise RucioError."""
        if scope not in self.scopes:
            raise RucioError(404, "ScopeNotFound", f"Scope '{scope}' does not exist.")
        if (scope, name) in self.dids:
            raise RucioError(409, "DataIdentifierAlreadyExists", "Data Identifier already exists!")
        now = self.now()
        row = {**DID_COLUMNS, "scope": scope, "name": name, "did_type": kind, "account": account}
        self.dids[scope, name] = {**row, "created_at": now, "updated_at": now, **columns}
        return self.dids[scope, name]

    def close(self, scope: str, name: str) -> None:
        """Close a dataset, which is when Rucio adds up its files; or raise RucioError."""
        row = self.did(scope, name)
        if not row["is_open"]:
            raise RucioError(
                409,
                "UnsupportedOperation",
                f"The status of the data identifier '{scope}:{name}' cannot be changed",
            )
        now = self.now()
        files, size, events = self.contents.pop((scope, name), (0, 0, 0))
        row.update(length=files, bytes=size, events=events, is_open=False, closed_at=now, updated_at=now)

    def reopen(self, scope: str, name: str) -> None:
        """Let a closed dataset take files again, as an administrator may."""
        row = self.did(scope, name)
        self.contents[scope, name] = row["length"] or 0, row["bytes"] or 0, row["events"] or 0
        row.update(is_open=True, closed_at=None, updated_at=self.now())

    def set_metadata(self, scope: str, name: str, values: Mapping[str, object]) -> None:
        """Set columns of a DID, or raise RucioError; other keys are custom metadata, which is not kept."""
        row = self.did(scope, name)
        known = {key: value for key, value in values.items() if key in row}
        if known:
            row.update(known, updated_at=self.now())

    def add_rule(self, scope: str, name: str, *, account: str, rse_expression: str, **columns: object) -> Row:
        """Make a rule on a dataset for one storage, or raise RucioError.

        Files that are there are locked at once; the rest is replicating.
        """
        if (scope, name) not in self.dids:
            raise RucioError(404, "DataIdentifierNotFound", f"Data identifier {scope}:{name} is not valid.")
        if rse_expression not in self.storages:
            raise RucioError(409, "InvalidRSEExpression", "RSE Expression resulted in an empty set.")
        limit, used = self.limits.get((account, rse_expression), 0), self.used.get((account, rse_expression))
        is_held = account not in self.admins and limit >= 0
        if is_held and (self.dids[scope, name]["bytes"] or 0) > limit - (used or (0, 0))[0]:
            raise RucioError(
                409, "InsufficientAccountLimit", "There is insufficient quota on any of the target RSE's."
            )
        same = (scope, name, account, rse_expression)
        if any(
            (r["scope"], r["name"], r["account"], r["rse_expression"]) == same for r in self.rules.values()
        ):
            raise RucioError(409, "DuplicateRule", "A duplicate rule for this account and DID exists")
        dataset, now = self.dids[scope, name], self.now()
        copy = self.replicas.get(((scope, name), rse_expression))
        there = copy["available_length"] or 0 if copy else 0
        missing = (dataset["length"] or 0) - there
        rule_id = self._new_id("rule")
        self.rules[rule_id] = {
            **RULE_COLUMNS,
            "id": rule_id,
            "scope": scope,
            "name": name,
            "did_type": dataset["did_type"],
            "account": account,
            "rse_expression": rse_expression,
            "locks_ok_cnt": there,
            "locks_replicating_cnt": missing,
            "state": "REPLICATING" if missing else "OK",
            "created_at": now,
            "updated_at": now,
            **columns,
        }
        if copy is None and missing:
            self.put(scope, name, rse_expression, files=0)
        return self.rules[rule_id]

    def delete_rule(self, rule_id: str) -> None:
        """Let a rule end in an hour, as Rucio does; or raise RucioError."""
        now = self.now()
        self.rule(rule_id).update(expires_at=now + RULE_GRACE, updated_at=now)

    def put(self, scope: str, name: str, rse: str, *, files: int) -> Row:
        """Have so many files of a dataset at a storage, of equal sizes."""
        row, now = self.did(scope, name), self.now()
        total, size, _ = self.contents.get((scope, name), (row["length"] or 0, row["bytes"] or 0, 0))
        self.replicas[(scope, name), rse] = {
            "scope": scope,
            "name": name,
            "rse_id": self.storage(rse)["id"],
            "rse": rse,
            "bytes": size,
            "length": total,
            "available_bytes": size * files // total if total else 0,
            "available_length": files,
            "state": "AVAILABLE" if files >= total else "UNAVAILABLE",
            "created_at": now,
            "updated_at": now,
            "accessed_at": None,
        }
        return self.replicas[(scope, name), rse]

    def arrive(self, scope: str, name: str, rse: str, *, files: int) -> None:
        """Have so many files of a dataset at a storage by now, and say so in the rules that wait for them."""
        before = self.replicas.get(((scope, name), rse))
        copy = self.put(scope, name, rse, files=files)
        came = files - ((before or {}).get("available_length") or 0)
        if came > 0 and (source := self._source_of((scope, name), rse)):
            # Enough for six hours of a small grid, and never without end.
            self.arrived = [*self.arrived[-999:], (self.now(), source, rse, came)]
        if before is not None:
            copy["created_at"] = before["created_at"]
        for rule in self.rules.values():
            if (rule["scope"], rule["name"], rule["rse_expression"]) == (scope, name, rse):
                missing = max(0, copy["length"] - files)
                rule.update(
                    locks_ok_cnt=files,
                    locks_replicating_cnt=missing,
                    state="REPLICATING" if missing else "OK",
                    updated_at=copy["updated_at"],
                )

    def transfers(self) -> Iterator[Row]:
        """Yield what is on its way from one storage to another, as Rucio counts its requests."""
        links: dict[tuple[str, str], Row] = {}
        for at, source, rse, files in self.arrived:
            if at > self.now() - dt.timedelta(hours=6):
                counts = _link(links, source, rse)
                counts["files"]["done-total-6h"] = counts["files"].get("done-total-6h", 0) + files
        for rule in list(self.rules.values()):
            did, missing = (rule["scope"], rule["name"]), rule["locks_replicating_cnt"] or 0
            holder = self._source_of(did, rule["rse_expression"])
            if not missing or holder is None:
                continue
            row, counts = self.dids[did], _link(links, holder, rule["rse_expression"])
            size = (row["bytes"] or 0) * missing // max(1, row["length"] or 0)
            for part, number in (("files", missing), ("bytes", size)):
                said = counts[part]
                by_activity = said.setdefault("queued", {})
                by_activity[rule["activity"]] = by_activity.get(rule["activity"], 0) + number
                said["queued-total"] = said.get("queued-total", 0) + number
        yield from links.values()

    def _source_of(self, did: Did, rse: str) -> str | None:
        """The storage that files of a dataset are taken from to another one; None while it has none."""
        holders = (
            place
            for (one, place), copy in list(self.replicas.items())
            if one == did and place != rse and copy["available_length"]
        )
        return min(holders, default=None)

    def files(self, scope: str, name: str) -> Iterator[Row]:
        """Yield a dataset's files with the storages that have them; those that are nowhere are left out."""
        row = self.did(scope, name)
        count, size, _ = self.contents.get((scope, name), (row["length"] or 0, row["bytes"] or 0, 0))
        copies = sorted(
            (rse, copy["available_length"] or 0)
            for (did, rse), copy in self.replicas.items()
            if did == (scope, name)
        )
        known = list(self.numbers(row))[:count]
        numbers = [*known, *(f"{number:06}" for number in range(len(known) + 1, count + 1))]
        ending = "log.tgz" if name.endswith(".log") else "root"
        for place, number in enumerate(numbers):
            storages = [rse for rse, available in copies if place < available]
            if storages:
                file = f"{name}.{number}.{ending}"
                checksum = f"{zlib.adler32(file.encode()):08x}"
                yield {"name": file, "bytes": size // count, "adler32": checksum, "storages": storages}

    def address(self, scheme: str, port: int, rse: str, scope: str, name: str) -> str:
        """Where a file can be read, as Rucio puts it together at a deterministic storage."""
        digest = hashlib.md5(f"{scope}:{name}".encode(), usedforsecurity=False).hexdigest()
        place = scope.replace(".", "/") if scope.startswith(("user", "group")) else scope
        slashes = "//" if scheme == "root" else "/"
        path = f"{rse}/{place}/{digest[:2]}/{digest[2:4]}/{name}"
        return f"{scheme}://storage.example.org:{port}{slashes}{path}"

    def add_storage(self, rse: str, **columns: object) -> Row:
        """Make an RSE."""
        now = self.now()
        row = {**RSE_COLUMNS, "id": _id_of(rse), "rse": rse, "created_at": now, "updated_at": now, **columns}
        bits = {"availability_read": 4, "availability_write": 2, "availability_delete": 1}
        row["availability"] = sum(bit for column, bit in bits.items() if row[column])
        self.storages[rse] = row
        return row

    def set_usage(
        self, rse: str, source: str, *, used: int | None, free: int | None, files: int | None
    ) -> Row:
        """Set the use of a storage as one accounting kind counts it."""
        self.usages[rse, source] = {
            "rse_id": self.storage(rse)["id"],
            "source": source,
            "used": used,
            "free": free,
            "total": (used or 0) + (free or 0),
            "files": files,
            "updated_at": self.now(),
            "rse": rse,
        }
        return self.usages[rse, source]

    def count(self) -> None:
        """Add up what accounts and storages hold, as Rucio's daemons do; what is on its way counts."""
        self.used = {}
        for rule in self.rules.values():
            size, length = (self.dids[rule["scope"], rule["name"]][one] or 0 for one in ("bytes", "length"))
            before = self.used.get((rule["account"], rule["rse_expression"]), (0, 0))
            self.used[rule["account"], rule["rse_expression"]] = (before[0] + size, before[1] + length)
        for rse in self.storages:
            copies = [copy for (_, place), copy in self.replicas.items() if place == rse]
            if copies:
                self.set_usage(
                    rse,
                    "rucio",
                    used=sum(copy["bytes"] for copy in copies),
                    free=None,
                    files=sum(copy["length"] for copy in copies),
                )

    def _new_id(self, kind: str) -> str:
        self.made += 1
        return _id_of(f"{kind} {self.made}")


def practice_catalogue(
    listings: Mapping[str, Mapping[str, Iterable[Record]]], clock: Clock
) -> RucioCatalogue:
    """Return a Rucio that holds the "rucio" part of a snapshot (`world.practice_snapshot`).

    Accounts log in with their own name and "secret-" before it, root as Rucio's bootstrap makes it.
    """
    catalogue = RucioCatalogue(clock)
    records = {section: list(listing["records"]) for section, listing in listings.items()}
    accounts = {str(one["account"]) for kind in ("datasets", "rules", "quotas") for one in records[kind]}
    catalogue.passwords = {name: f"secret-{name}" for name in sorted(accounts | {"gateway"})}
    catalogue.passwords["root"] = "secret"
    for one in records["storages"]:
        catalogue.add_storage(str(one["name"]), **dict(_storage_columns(one)))
    for one in records["datasets"]:
        scope, name = str(one["did"]).split(":", 1)
        catalogue.scopes.setdefault(scope, str(one["account"]))
        columns = dict(_did_columns(one))
        kind = str(one.get("did_type", "DATASET"))
        catalogue.add_did(scope, name, kind=kind, account=str(one["account"]), **columns)
    for one in records["rules"]:
        scope, name = str(one["did"]).split(":", 1)
        rule_id = str(one["rule_id"])
        catalogue.rules[rule_id] = {
            **RULE_COLUMNS,
            "scope": scope,
            "name": name,
            "did_type": catalogue.did(scope, name)["did_type"],
            **dict(_rule_columns(one)),
        }
    for one in records["replicas"]:
        scope, name = str(one["did"]).split(":", 1)
        row = catalogue.put(scope, name, str(one["rse_name"]), files=int(str(one["available_files"])))
        created = _moment(one.get("created_at")) or row["created_at"]
        row.update(available_bytes=one["available_bytes"], state=one["state"], created_at=created)
    for one in records["storage_usages"]:
        catalogue.set_usage(
            str(one["rse_name"]),
            str(one["usage_kind"]),
            used=_number(one.get("used_bytes")),
            free=_number(one.get("free_bytes")),
            files=_number(one.get("file_count")),
        )
    for one in records["quotas"]:
        place = str(one["account"]), str(one["rse_name"])
        catalogue.limits[place] = int(str(one["limit_bytes"]))
        catalogue.used[place] = int(str(one["used_bytes"])), int(str(one["used_files"]))
    return catalogue


def _link(links: dict[tuple[str, str], Row], source: str, rse: str) -> Row:
    return links.setdefault((source, rse), {"src_rse": source, "dst_rse": rse, "files": {}, "bytes": {}})


def _storage_columns(one: Record) -> Iterator[tuple[str, object]]:
    yield "deterministic", one["is_deterministic"]
    yield "volatile", one["is_volatile"]
    yield "rse_type", one["rse_type"]
    for what in ("read", "write", "delete"):
        yield f"availability_{what}", one[f"can_{what}"]


def _did_columns(one: Record) -> Iterator[tuple[str, object]]:
    yield "is_open", one["is_open"]
    yield "bytes", one["size_bytes"]
    yield "length", one["file_count"]
    yield "events", one.get("event_count")
    yield "task_id", one.get("jedi_task_id")
    yield "expired_at", _moment(one.get("expires_at"))
    yield "closed_at", _moment(one.get("closed_at"))
    if created := _moment(one.get("created_at")):
        yield "created_at", created
        yield "updated_at", _moment(one.get("closed_at")) or created


def _rule_columns(one: Record) -> Iterator[tuple[str, object]]:
    yield "id", one["rule_id"]
    for column in ("account", "rse_expression", "copies", "state", "activity"):
        yield column, one[column]
    for state in ("ok", "replicating", "stuck"):
        yield f"locks_{state}_cnt", one[f"locks_{state}"]
    created = _moment(one["created_at"])
    yield "created_at", created
    yield "updated_at", created
    yield "expires_at", _moment(one.get("expires_at"))


def _moment(text: object) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC) if isinstance(text, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _id_of(name: str) -> str:
    return blake2b(name.encode(), digest_size=16).hexdigest()

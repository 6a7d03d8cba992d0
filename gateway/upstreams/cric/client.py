"""Asking CRIC for its documents, over https or from files, without knowing what they mean.

CRIC has no paging and no "changed since" (all public consumers read whole dumps, and `last_modified` does not
move when a status does), so a document is one JSON object read to its end, or an error.
"""

import asyncio
import datetime as dt
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx2

from gateway.errors import DeniedError, GarbledError, NotOfferedError, SettingError, UnreachableError
from gateway.upstreams.http import HttpUpstream, Manners, bytes_of, error_of_status, head_of

SOURCE: Final = "cric"
# The largest known dump has 4 MB; beyond this it is not a dump of ours.
MAX_DOCUMENT_BYTES: Final = 32 * 1024 * 1024

Entry = Mapping[str, Any]

# By default CRIC hides what is not ACTIVE, and everything at places that are not.
_OF_ANY_STATE: Final = {"state": "ANY", "site_state": "ANY", "rcsite_state": "ANY"}
# A downtime that was called off is DISABLED, and must not come.
_IN_FORCE: Final = {"preset": "sites", "site_state": "ANY", "rcsite_state": "ANY"}


@dataclass(frozen=True, slots=True)
class CricAddress:
    """Where CRIC's documents are.

    `base` is `https://host`, or `file:///folder` with `site.json`, `pandaqueue.json`, `ddmendpoint.json`,
    `service.json`, `downtime.json` and `rcsite.json` in it. `plugin` is the experiment's part of CRIC's
    paths. `files` names single documents that are kept elsewhere, by object: `{"ddmendpoint": "file:///x.json"}`.
    `has_centres` says whether `core/rcsite` is asked for the centres behind the sites.
    """

    base: str
    plugin: str = "spd"
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    has_centres: bool = True

    def __post_init__(self) -> None:
        """Raise SettingError for an address of a file that is none."""
        for name in ("site", *self.files):
            self.file_of(name)

    def path_of(self, name: str) -> str:
        """The path of an object's document; the centre's objects belong to CRIC's core."""
        plugin = "core" if name in ("rcsite", "service", "downtime") else self.plugin
        return f"/api/{plugin}/{name}/query/"

    def file_of(self, name: str) -> Path | None:
        """The file of an object's document, or None when it is asked over the network."""
        if name in self.files:
            return _path_of_url(self.files[name])
        return _path_of_url(self.base) / f"{name}.json" if self.base.startswith("file:") else None


@dataclass(frozen=True, slots=True)
class Document:
    """A document as CRIC gave it at `taken_at`, CRIC's own clock."""

    content: Mapping[str, object] | Sequence[object]
    taken_at: dt.datetime


class CricClient:
    """Reads documents; `verify` is an SSL context with a client certificate where CRIC wants one."""

    def __init__(
        self,
        address: CricAddress,
        *,
        verify: ssl.SSLContext | bool = True,
        manners: Manners | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.address = address
        # A base of files makes a client that is never used for lack of a host.
        base_url = "http://localhost" if address.base.startswith("file:") else address.base
        self._http = HttpUpstream(SOURCE, base_url, manners=manners, verify=verify, transport=transport)

    async def document(self, name: str, *, only: str | None = None) -> Document:
        """Return the document of an object ("site", "pandaqueue", ...); with `only`, of one name in it.

        Raises DeniedError where CRIC wants an identity, NotOfferedError where it has no such object, and
        GarbledError for anything but a complete JSON object (or list, which downtimes may be).
        """
        file = self.address.file_of(name)
        if file is not None:
            return await asyncio.to_thread(_read_file, file)
        params = {"json": ""} | (_IN_FORCE if name == "downtime" else _OF_ANY_STATE)
        if only is not None:
            params["name"] = only
        async with self._http.open("GET", self.address.path_of(name), params=params) as answer:
            match answer.status:
                case 200:
                    body = await bytes_of(answer, max_bytes=MAX_DOCUMENT_BYTES)
                    content = await asyncio.to_thread(parse_document, body, name)
                    return Document(content, answer.date)
                case 401 | 403:
                    raise DeniedError(
                        SOURCE,
                        f"cric's {name} list needs an authenticated identity: "
                        f"give a client certificate that CRIC knows (HTTP {answer.status})",
                    )
                case 404:
                    raise NotOfferedError(
                        SOURCE, f"cric has nothing at {self.address.path_of(name)}: look at host and plugin"
                    )
                case _:
                    raise error_of_status(answer, await head_of(answer))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()


def parse_document(content: bytes, name: str) -> Mapping[str, object] | Sequence[object]:
    """Return a document's JSON object, or list; raises GarbledError, for keys that stand twice as well."""
    try:
        parsed = json.loads(content, parse_constant=lambda _name: None, object_pairs_hook=_unique)
    except _DoubledKeyError as error:
        raise GarbledError(SOURCE, f"cric's {name} list has a key twice: one of the two is lost") from error
    except (ValueError, RecursionError) as error:
        looks = "HTML" if content.lstrip()[:1] == b"<" else "something that is cut or no JSON"
        raise GarbledError(SOURCE, f"cric sent {looks} in place of its {name} list") from error
    if not isinstance(parsed, dict | list):
        raise GarbledError(SOURCE, f"cric's {name} list is not a JSON object")
    return parsed


class _DoubledKeyError(ValueError):
    """A JSON object says the same key twice."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DoubledKeyError
    return made


def _read_file(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MAX_DOCUMENT_BYTES + 1)
    except FileNotFoundError as error:
        raise NotOfferedError(SOURCE, f"there is no file {path} with cric's data") from error
    except OSError as error:
        raise UnreachableError(SOURCE, f"the file {path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_DOCUMENT_BYTES:
        raise GarbledError(SOURCE, f"the file {path} has more than {MAX_DOCUMENT_BYTES} bytes")
    now = dt.datetime.now(dt.UTC)
    written_at = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    return Document(parse_document(content, path.stem), min(now, written_at))


def _path_of_url(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise SettingError(
            f"{url!r} is no address of a file: write file:///folder or file:///folder/name.json"
        )
    return Path(unquote(parts.path))

"""What is asked of Rucio in somebody's name: rules added, prolonged and removed, names looked up.

It goes through the collaboration's own client, as one person for one call: the library keeps tokens in a file
by account alone, logs in again by itself and asks the terminal, so the two private methods that do that are
replaced, and a test pins them. Nothing is ever repeated here.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import requests
from requests.adapters import HTTPAdapter
from rucio.client.didclient import DIDClient
from rucio.client.ruleclient import RuleClient
from rucio.common import exception as theirs

from gateway.domain.rules import RuleMade
from gateway.domain.submission import LoginNeeded, NotSent, Refused, Reply, Unknown
from gateway.errors import DeniedError, GarbledError, UnreachableError
from gateway.tracing import SpanKind, span

SOURCE: Final = "rucio"
T = TypeVar("T")

# Names asked for in one call; Rucio takes a thousand.
_NAMES_AT_ONCE: Final = 500
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024


class _Session(requests.Session):
    """One call's connection: no environment, no redirects, no retries, and an end to it."""

    def __init__(self, connect_s: float, ends_at: float) -> None:
        super().__init__()
        self.trust_env = False
        self.failure: requests.RequestException | None = None
        self.said = ""
        self._connect_s = connect_s
        self._ends_at = ends_at
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=0))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and read the whole answer before the deadline: the library's timeout is for each piece."""
        left = max(0.001, self._ends_at - time.monotonic())
        kwargs |= {"timeout": (min(left, self._connect_s), left), "stream": True, "allow_redirects": False}
        try:
            response = super().request(method, url, *args, **kwargs)
            found = b""
            for piece in response.iter_content(65536):
                found += piece
                if len(found) > MAX_ANSWER_BYTES or time.monotonic() > self._ends_at:
                    raise requests.ReadTimeout("too much, or too late")
        except requests.RequestException as error:
            self.failure = error
            raise
        response._content = found
        self.said = response.headers.get("ExceptionClass", "")
        return response


class _AsPerson:
    """Replaces how the library finds out who it is; mixed in before one of its clients."""

    AUTH_RETRIES = 0

    def _BaseClient__authenticate(self) -> None:  # noqa: N802 - the library's name
        """The token is there."""

    def _BaseClient__get_token(self) -> None:  # noqa: N802 - the library's name
        raise theirs.CannotAuthenticate("the token was not accepted")


class _Rules(_AsPerson, RuleClient):  # type: ignore[misc]
    """Rules, as one person."""


class _Names(_AsPerson, DIDClient):  # type: ignore[misc]
    """Names, as one person."""


class RucioCommands:
    """Commands for one Rucio server, each with the token of the person in whose name it is given."""

    def __init__(
        self,
        base_url: str,
        *,
        places: int = 4,
        connect_s: float = 5.0,
        deadline_s: float = 60.0,
        ca_file: str | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._connect_s = connect_s
        self._deadline_s = deadline_s
        self._ca_file = ca_file
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="rucio-command")

    async def add_rule(
        self,
        token: str,
        did: str,
        *,
        rse_expression: str,
        copies: int,
        lifetime_s: int | None,
        comment: str | None,
    ) -> Reply | RuleMade:
        """Ask for so many copies of a dataset on storages of an expression; RuleMade has the rule's id."""
        scope, _, name = did.partition(":")

        def ask(client: Any) -> RuleMade:
            made = client.add_replication_rule(
                [{"scope": scope, "name": name}],
                copies,
                rse_expression,
                lifetime=lifetime_s,
                comment=comment,
            )
            return RuleMade(str(made[0]))

        return await self._change(token, ask)

    async def set_lifetime(self, token: str, rule_id: str, lifetime_s: int | None) -> Reply | RuleMade:
        """Have a rule end so many seconds from now, or never."""

        def ask(client: Any) -> RuleMade:
            client.update_replication_rule(rule_id, {"lifetime": lifetime_s})
            return RuleMade(rule_id)

        return await self._change(token, ask)

    async def delete_rule(self, token: str, rule_id: str) -> Reply | RuleMade:
        """Have a rule end; Rucio keeps it for an hour and then may remove what nothing else holds."""

        def ask(client: Any) -> RuleMade:
            client.delete_replication_rule(rule_id)
            return RuleMade(rule_id)

        return await self._change(token, ask)

    async def existing(self, token: str, dids: Collection[str]) -> frozenset[str]:
        """Return which of these exact names are taken; raises UpstreamError when that cannot be told.

        Names that were deleted can never be used again either, and Rucio does not list those.
        """
        wanted = sorted(set(dids))

        def ask(client: Any) -> frozenset[str]:
            found: set[str] = set()
            for start in range(0, len(wanted), _NAMES_AT_ONCE):
                part = [
                    {"scope": did.partition(":")[0], "name": did.partition(":")[2]}
                    for did in wanted[start : start + _NAMES_AT_ONCE]
                ]
                for one in client.get_metadata_bulk(part):
                    if not isinstance(one, Mapping):
                        raise GarbledError(SOURCE, "rucio listed something that is not a dataset")
                    found.add(f"{one.get('scope')}:{one.get('name')}")
            return frozenset(found)

        try:
            return await self._call(token, _Names, ask)
        except (theirs.CannotAuthenticate, theirs.AccessDenied) as error:
            raise DeniedError(SOURCE, "rucio does not accept the person's token") from error
        except (theirs.RucioException, requests.RequestException, ValueError) as error:
            raise UnreachableError(SOURCE, "rucio did not tell which names are taken") from error

    async def close(self) -> None:
        """Let the calls that run come to their end, and take no more."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _change(self, token: str, ask: Callable[[Any], RuleMade]) -> Reply | RuleMade:
        try:
            return await self._call(token, _Rules, ask)
        except theirs.CannotAuthenticate:
            return LoginNeeded("Rucio does not accept the person's token any more")
        except requests.ConnectTimeout:
            return NotSent("Rucio cannot be reached")
        except theirs.ServerConnectionException as error:
            never_left = isinstance(error.__cause__, requests.ConnectTimeout | requests.ConnectionError)
            is_new = "NewConnectionError" in str(error.__cause__)
            return NotSent("Rucio cannot be reached") if never_left and is_new else _lost()
        except theirs.RucioException as error:
            if type(error) in (theirs.RucioException, theirs.DatabaseException):
                return Unknown("Rucio failed and does not say how far it came")
            return Refused(f"{type(error).__name__}: {str(error)[:300]}")
        except (requests.RequestException, ValueError, KeyError, IndexError):
            return _lost()

    async def _call(self, token: str, kind: type, ask: Callable[[Any], T]) -> T:
        def run() -> T:
            session = _Session(self._connect_s, time.monotonic() + self._deadline_s)
            client = kind(
                rucio_host=self._base_url,
                auth_host=self._base_url,
                account="unused",
                auth_type="oidc",
                creds={"oidc_scope": "openid profile"},
                ca_cert=self._ca_file,
                vo="def",
                user_agent="spd-gateway",
            )
            client.session = session
            # The account is the one that the token's identity has; none is claimed.
            client.account = None
            client.auth_token = token
            client.headers["X-Rucio-Auth-Token"] = token
            try:
                return ask(client)
            except theirs.ServerConnectionException as error:
                raise error from session.failure
            except theirs.CannotAuthenticate as error:
                # Rucio says 401 for "you may not" as well, which the library takes for a bad token.
                if session.said == "AccessDenied":
                    raise theirs.AccessDenied("Rucio says that the person may not do this") from error
                raise

        with span(f"rucio {kind.__name__.strip('_').lower()}", SpanKind.ASKING) as under_way:
            under_way.tell({"gateway.source": "rucio"})
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)


def _lost() -> Unknown:
    return Unknown("the connection to Rucio was lost before its answer")

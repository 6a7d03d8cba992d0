"""panda-client's own way of talking to a server, for one person and one call, with our deadline.

Its library is made for one person on a terminal: it takes identity and addresses from the environment, looks
hosts up at its import, waits for ten minutes, and answers a refusal and a lost connection alike. Only its
transport is used here, and of that everything is replaced which would read the environment, ask the terminal
or end the process. A test pins the private names.
"""

import contextlib
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

# Nobody listens on this port of the machine itself: what escapes us must not reach the library's own default.
_NOWHERE: Final = "http://127.0.0.1:9/server/panda"
_FOR_IMPORT: Final = {
    "PANDA_BEHIND_REAL_LB": "1",  # or its import asks the name service, and fails without one
    "PANDA_URL": _NOWHERE,
    "PANDA_URL_SSL": _NOWHERE,
    "PANDACACHE_URL": _NOWHERE,
}


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


with _environment(_FOR_IMPORT):
    from pandaclient import Client

# An answer to a command is some hundred bytes; beyond this it is something else.
MAX_ANSWER_BYTES: Final = 1024 * 1024


class AnswerTooLongError(Exception):
    """More came than any answer to a command has."""


class PersonalTransport(Client._HttpClient):  # type: ignore[misc]
    """The library's transport as one person, for one call; `failure` keeps what it would have hidden.

    `base_url` is scheme, host and port. The call ends `deadline_s` after it began, whatever the server does.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str,
        origin: str,
        connect_s: float,
        deadline_s: float,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        # Not the library's own: it reads the environment and may end the process.
        self.verify_host = True
        self.ssl_certificate = self.ssl_key = ""
        self.auth_mode = "oidc"
        self.id_token = token
        self.auth_vo = origin
        self.verbose = False
        self.failure: Exception | None = None
        self._base_url = base_url.rstrip("/")
        self._connect_s = connect_s
        self._ends_at = time.monotonic() + deadline_s
        self._verify = verify

    def command(self, name: str, body: Mapping[str, object]) -> tuple[int, bytes | str]:
        """POST `<module>/<method>`; return 0 with the body of an answer of 200, else its status and text.

        After a failure without an answer it is 1, and `failure` says what happened.
        """
        return self.post(f"{self._base_url}/api/v1/{name}", dict(body), json_out=True)  # type: ignore[no-any-return]

    def get_id_token(self, force_new: bool = False) -> bool:  # noqa: ARG002 - the library's signature
        """The token is there; a terminal never is."""
        return True

    def randomize_ip(self, url: str) -> str:
        """Take the address as it was configured."""
        return url

    def _build_ssl_context(self, use_https: bool) -> ssl.SSLContext | bool:
        return self._verify if use_https else False

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        files: Any = None,  # noqa: ARG002 - the library's signature
        verify: ssl.SSLContext | bool = True,
        download_name: str | None = None,  # noqa: ARG002 - the library's signature
    ) -> tuple[int, bytes | str]:
        """Send once and read within the deadline; the library's own takes 600 s and hides what happened."""
        try:
            with (
                httpx.Client(
                    verify=verify, timeout=self._timeout(), trust_env=False, follow_redirects=False
                ) as client,
                client.stream(method, url, headers=headers, content=content) as response,
            ):
                return self._read(response)
        except Exception as error:  # noqa: BLE001 - the library promises that nothing escapes
            self.failure = error
            return 1, type(error).__name__

    def _timeout(self) -> httpx.Timeout:
        left = max(0.001, self._ends_at - time.monotonic())
        # Writing is bounded more tightly: what has not left by then shall not leave late.
        return httpx.Timeout(left, connect=min(left, self._connect_s), write=min(left, self._connect_s))

    def _read(self, response: httpx.Response) -> tuple[int, bytes | str]:
        found = b""
        # The library's timeout is for each piece: one byte a second would hold it for ever.
        for piece in response.iter_bytes():
            found += piece
            if len(found) > MAX_ANSWER_BYTES:
                raise AnswerTooLongError
            if time.monotonic() > self._ends_at:
                raise httpx.ReadTimeout("the deadline has passed")
        if response.status_code != 200:
            return response.status_code, found.decode(errors="replace")
        return 0, found

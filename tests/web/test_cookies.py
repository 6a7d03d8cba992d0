"""How our two cookies are read from whatever a request carries."""

import datetime as dt

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway.web.cookies import Cookies

COOKIES = Cookies.of("http://127.0.0.1:8000")


def request(*headers: str) -> Request:
    fields = [(b"cookie", header.encode("latin-1")) for header in headers]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": fields})


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), None),
        (("",), None),
        (("gateway=secret",), "secret"),
        (('gateway="c2VhbGVk="',), "c2VhbGVk="),
        (("a=b; gateway=secret; c=d",), "secret"),
        (("a=b", "gateway=secret"), "secret"),
        (("gateway=old; gateway=new",), "new"),
        (("gateway-login=sealed",), None),
        (("not-gateway=secret",), None),
        (("gateway",), ""),
        # No browser takes the blank for one, so it is another name.
        (("gateway=secret; \xa0gateway=planted",), "secret"),
    ],
)
def test_the_session_is_found_among_other_cookies(headers: tuple[str, ...], found: str | None) -> None:
    assert COOKIES.session_of(request(*headers)) == found


def test_what_we_gave_comes_back() -> None:
    response = Response()
    COOKIES.set_login(response, "a state", "gAAAA-_=sealed==", dt.timedelta(minutes=5))
    given = response.headers["set-cookie"].split(";")[0]

    assert COOKIES.logins_of(request(given)) == {COOKIES.login_name("a state"): "gAAAA-_=sealed=="}


def test_a_long_cookie_is_read_in_one_pass() -> None:
    assert COOKIES.session_of(request('gateway="' + r"\x" * 200_000 + '"')) == r"\x" * 200_000

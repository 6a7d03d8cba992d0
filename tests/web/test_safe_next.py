"""Where a login may lead: to a path of ours, whatever it is asked for."""

import pytest

from gateway.web.cookies import origin_of
from gateway.web.login import safe_next


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/requests?x=1#y", "/requests?x=1#y"),
        ("/", "/"),
        ("", "/"),
        ("requests", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/\t/evil.test", "/"),
        ("/\n/evil.test", "/"),
        ("https://evil.test", "/"),
        ("https:evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/auth/logout", "/"),
        ("\\\\evil.test", "/"),
        ("/%0d%0aset-cookie:x", "/%0d%0aset-cookie:x"),
        ("/é", "/"),
        ("/" + "a" * 2000, "/"),
        ("http://[", "/"),
        ("///evil.test", "/"),
        ("////evil.test", "/"),
        ("/\r/evil.test", "/"),
        ("/\x00/evil.test", "/"),
        ("/\x7f/evil.test", "/"),
        (" //evil.test", "/"),
        ("\t//evil.test", "/"),
        ("/.\\evil.test", "/"),
        ("HTTPS://evil.test", "/"),
        ("data:text/html,x", "/"),
        ("vbscript:x", "/"),
        ("?next=https://evil.test", "/"),
        ("#//evil.test", "/"),
        ("evil.test/path", "/"),
        ("/\u2044evil.test", "/"),
        ("\uff0f\uff0fevil.test", "/"),
        ("@evil.test", "/"),
        ("/auth/callback?code=x", "/"),
        ("/@evil.test", "/@evil.test"),
    ],
)
def test_a_login_leads_nowhere_but_home(target: str, path: str) -> None:
    assert safe_next(target) == path


@pytest.mark.parametrize(
    "written",
    ["https://gateway.example.org:443", "HTTPS://Gateway.Example.org/", "https://gateway.example.org"],
)
def test_an_address_is_taken_however_it_is_written(written: str) -> None:
    assert origin_of(written) == "https://gateway.example.org"

"""Where a login may lead: to a path of ours, whatever it is asked for."""

import pytest

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
    ],
)
def test_a_login_leads_nowhere_but_home(target: str, path: str) -> None:
    assert safe_next(target) == path

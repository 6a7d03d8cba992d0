"""The login page of a practice IAM: choose one of the role accounts, without a password.

GET shows the page; its buttons POST the same question with `account`, and the browser goes back with a code.
"""

import html
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.practice.iam_tokens import CODE_LIFETIME, Grant, TokenOffice

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PASSED_ON: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)


async def authorize(request: Request, office: TokenOffice) -> Response:
    """Answer the authorization endpoint.

    An unknown client or return address gets a page and never a redirect; every other refusal goes back to
    the client as OAuth's error code. PKCE with S256 is asked for.
    """
    query = request.query_params
    asked = dict(parse_qsl((await request.body()).decode("latin-1"))) if request.method == "POST" else query
    client = office.state.clients.get(asked.get("client_id", ""))
    back = asked.get("redirect_uri", "")
    if client is None or not any(_is_registered(back, one) for one in client.redirect_uris):
        return HTMLResponse(
            _page("<p>This client, or where it wants you to return to, is not known.</p>"), 400
        )
    wanted = frozenset(asked.get("scope", "").split())
    if asked.get("response_type") != "code":
        return _back(asked, error="unsupported_response_type")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return _back(asked, error="invalid_request")
    if not wanted <= client.scopes:
        return _back(asked, error="invalid_scope")
    if asked.get("prompt") == "none":
        return _back(asked, error="login_required")
    if request.method != "POST":
        return HTMLResponse(_page(_choice(asked, office)))
    subject = _subject_of(asked.get("account", ""), office)
    if subject is None:
        return _back(asked, error="access_denied")
    grant = Grant(
        client_id=asked["client_id"],
        subject=subject,
        scopes=wanted,
        expires=office.clock() + CODE_LIFETIME,
        redirect_uri=back,
        challenge=asked["code_challenge"],
        nonce=asked.get("nonce", ""),
    )
    return _back(asked, code=office.code_for(grant))


def _subject_of(account: str, office: TokenOffice) -> str | None:
    for subject, user in office.state.users.items():
        if user["userName"] == account and user["active"]:
            return subject
    return None


def _is_registered(given: str, registered: str) -> bool:
    """Whether an address is the registered one; on loopback the port is free (RFC 8252, section 7.3)."""
    if given == registered:
        return True
    try:
        one, other = urlsplit(given), urlsplit(registered)
    except ValueError:
        return False
    same = (one.scheme, one.hostname, one.path, one.query, one.fragment, one.username) == (
        *(other.scheme, other.hostname, other.path, other.query, other.fragment),
        None,
    )
    return same and one.hostname in _LOOPBACK


def _back(asked: Mapping[str, str], **said: str) -> Response:
    state = {"state": asked["state"]} if "state" in asked else {}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    # 303, because a browser repeats a POST at the other place after 307.
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(said | state)}", 303)


def _choice(asked: Mapping[str, str], office: TokenOffice) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">'
        for name in _PASSED_ON
        if name in asked
    )
    buttons = "".join(
        f'<p><button name="account" value="{html.escape(str(user["userName"]))}">'
        f"{html.escape(_described(user))}</button></p>"
        for user in office.state.users.values()
        if user["active"]
    )
    return (
        f"<p><b>{html.escape(asked['client_id'])}</b> wants to know who you are. "
        f'This is practice: choose who you want to be.</p><form method="post">{hidden}{buttons}</form>'
    )


def _described(user: Mapping[str, object]) -> str:
    groups = user.get("groups")
    names = (
        [str(one["display"]) for one in groups if isinstance(one, dict)] if isinstance(groups, list) else []
    )
    name = user["name"]
    shown = name["formatted"] if isinstance(name, dict) else user["userName"]
    return f"{user['userName']}: {shown} ({', '.join(names)})"


def _page(content: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Practice IAM</title></head>'
        f"<body><h1>Practice IAM</h1>{content}</body></html>"
    )

"""Writing a comment on a request; comments are never changed."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from gateway.errors import InputError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.store.base import JsonValue
from gateway.store.requests import Comment, Request

COMMENT_LIMIT: Final = 20_000


async def add_comment(change: Change, name: str, body: str) -> Mapping[str, JsonValue]:
    """Add a comment; returns its `request`. Raises MissingError, InputError for one that says nothing."""
    text = body.strip()
    if not text or len(text) > COMMENT_LIMIT:
        raise InputError(f"A comment has 1 to {COMMENT_LIMIT} characters.")
    if not await change.rows(select(Request.name).where(Request.name == name)):
        raise MissingError(f"There is no request {name[:64]!r}.")
    comment = Comment(request_name=name, author=change.by, body=text, created_at=change.now)
    change.session.add(comment)
    await change.session.flush()
    change.tell_request(name)
    await change.record("Comment", str(comment.id), after={"request": name, "body": text})
    return {"request": name}

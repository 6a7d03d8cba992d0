"""What can go wrong between a client and a gateway."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import GatewayError


class AnswerError(GatewayError):
    """The gateway answered with errors; `data` is what it could tell all the same, `errors` are its own."""

    code = "ANSWER"

    def __init__(self, errors: Sequence[Mapping[str, Any]], data: Mapping[str, Any] | None = None) -> None:
        self.errors = tuple(errors)
        self.data = data
        super().__init__("; ".join(str(error.get("message", "no message")) for error in errors))
        extensions = errors[0].get("extensions") if errors else None
        if isinstance(extensions, dict) and isinstance(extensions.get("code"), str):
            self.code = extensions["code"]


class UnansweredError(GatewayError):
    """No gateway answered, or what answered is none; the message says where, and what happened."""

    code = "UNANSWERED"


class UncertainError(UnansweredError):
    """A change was sent and its answer got lost: nobody here knows whether it was made.

    Ask for it again with the same `key`: a change that was made is not made again.
    """

    code = "UNCERTAIN"

    def __init__(self, message: str, key: str | None) -> None:
        super().__init__(message)
        self.key = key

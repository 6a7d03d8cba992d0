"""The questions that are measured, with the variables they are asked with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True)
class Question:
    """A document and the variables of its n-th asking: never the same twice where the world allows it."""

    name: str
    document: str
    variables: Callable[[int], Mapping[str, object]]


def questions(request_names: list[str], cursors: list[str | None]) -> list[Question]:
    """Return the questions, asked about these requests and from these cursors in turn."""

    def name_of(turn: int) -> str:
        return request_names[turn % len(request_names)]

    return [
        Question("page", _document("page"), lambda turn: {"after": cursors[turn % len(cursors)]}),
        Question("one request", _document("production"), lambda turn: {"name": name_of(turn)}),
        Question("search", _document("search"), lambda turn: {"text": name_of(turn)}),
        Question("statistics", _document("statistics"), lambda _turn: {}),
    ]


def _document(name: str) -> str:
    return (QUERIES / f"{name}.graphql").read_text()

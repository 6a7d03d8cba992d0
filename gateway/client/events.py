"""Events of a stream as they come, and from where to go on after it broke."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream (HTML, server-sent events); `id` is what to resume after."""

    name: str
    data: str
    id: str | None


def events_in(lines: Iterable[str]) -> Iterator[Event]:
    """Yield each event whose end was seen; comments keep a connection alive and are no events."""
    name, data, number = "message", list[str](), None
    for line in lines:
        if not line:
            if data:
                yield Event(name, "\n".join(data), number)
            name, data, number = "message", [], None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id":
                number = value

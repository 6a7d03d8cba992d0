"""Where people find a thing at the service that owns it: addresses with places for the thing's names."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import InputError

# The names that each address must have a place for.
PLACES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "task": frozenset({"id"}),
        "dataset": frozenset({"scope", "name"}),
        "storage": frozenset({"name"}),
        "site": frozenset({"name"}),
        "person": frozenset({"username"}),
    }
)


@dataclass(frozen=True, slots=True)
class HomePages:
    """Addresses of pages elsewhere, with places such as `{id}`; None where there is no such page."""

    task: str | None = None
    dataset: str | None = None
    storage: str | None = None
    site: str | None = None
    person: str | None = None

    def __post_init__(self) -> None:
        """Raise InputError for an address that a browser must not be led to, or that lacks a place."""
        for field in fields(self):
            address = getattr(self, field.name)
            if address is not None:
                _check(field.name, address)


def _check(thing: str, address: str) -> None:
    wanted = PLACES[thing]
    shown = " and ".join(f"{{{name}}}" for name in sorted(wanted))
    try:
        parts = urlsplit(address)
        places = {name for _, name, _, _ in string.Formatter().parse(address) if name is not None}
    except ValueError as error:
        raise InputError(f"The page of a {thing} is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or "{" in parts.netloc:
        raise InputError(f"The page of a {thing} is an address that begins with https://host/.")
    if places != wanted:
        raise InputError(f"The address of a {thing}'s page has {shown} where its names go, and nothing else.")

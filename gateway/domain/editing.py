"""Which fields of a request may be edited in which state, as data."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final

from gateway.domain.definitions import Definition
from gateway.domain.states import Intent

ALL_FIELDS: Final = frozenset(each.name for each in fields(Definition))

# What nobody's jobs depend on.
_NOTES: Final = frozenset({"description"})
# What was approved is what gets submitted; only how urgent it is may still change.
_BEFORE_SUBMISSION: Final = _NOTES | {"priority", "campaign"}

EDITABLE: Final[Mapping[Intent, frozenset[str]]] = MappingProxyType(
    {
        Intent.DRAFT: ALL_FIELDS,
        Intent.READY: ALL_FIELDS,
        Intent.APPROVED: _BEFORE_SUBMISSION,
        Intent.SUBMITTED: _NOTES,
        Intent.ACCEPTED: _NOTES,
        Intent.REJECTED: _NOTES,
        Intent.CANCELLED: _NOTES,
        Intent.OBSOLETE: _NOTES,
        # Of a request on hold that which its state before allows; without one, nothing but its notes.
        Intent.ON_HOLD: _NOTES,
    }
)


def editable_fields(
    intent: Intent, *, held_from: Intent | None = None, has_attempts: bool = False
) -> frozenset[str]:
    """The fields that may be edited now, by their names in `Definition`.

    Whatever its state says, what attempts were made from stays as it is.
    """
    editable = EDITABLE[held_from if intent is Intent.ON_HOLD and held_from is not None else intent]
    return editable & _BEFORE_SUBMISSION if has_attempts else editable

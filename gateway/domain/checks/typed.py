"""The check of what people type: numbers are understood, and what was understood is said back."""

from collections.abc import Callable

from gateway.domain.facts import RawNumbers
from gateway.domain.findings import Evidence, Finding, Severity, about_request
from gateway.domain.numbers import Understood, parse_count, parse_energy, parse_seed_range
from gateway.errors import NumberError


def numbers_are_understood(request_name: str, raw: RawNumbers) -> tuple[Finding, ...]:
    """Invariant 19: numbers given are readable, or block; what we write otherwise is echoed as INFO."""
    fields: tuple[tuple[str, str | None, Callable[[str], Understood[object]]], ...] = (
        ("events", raw.events, parse_count),
        ("events per file", raw.events_per_file, parse_count),
        ("seeds", raw.seeds, parse_seed_range),
        ("energy", raw.energy, parse_energy),
    )
    return tuple(
        finding
        for field, text, parse in fields
        if text is not None
        for finding in _read(request_name, field, text, parse)
    )


def _read(
    request_name: str, field: str, text: str, parse: Callable[[str], Understood[object]]
) -> tuple[Finding, ...]:
    given = Evidence(field, text)
    try:
        understood = parse(text)
    except NumberError as error:
        return (about_request(request_name, 19, "number-unclear", Severity.BLOCKER, error.message, given),)
    if not understood.is_rewritten:
        return ()
    message = f"The {field} of {request_name}: {understood}."
    echo = Evidence(f"{field} understood", str(understood.value))
    return (about_request(request_name, 19, "number-understood", Severity.INFO, message, given, echo),)

"""Which seeds an import gives to whom: what ran is kept as it was, what is still to run must be free.

The seeds that a past production shares with another cannot be held twice, so only they are exempt from the
database's rule (invariant 1); the rest of its seeds is held, and nobody else can take it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.seeds import SeedRange, count_seeds, format_seeds, missing_seeds, next_free
from gateway.errors import NumberError
from gateway.imports.state import RequestState

_SET_ASIDE: Final = "a range set aside by hand"
# One request that overlaps thousands is one mistake; the first few show it.
_OTHERS_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class HeldRange:
    """Seeds of one physics key that a request holds; the name is None for a range set aside by hand.

    An exempt one was used by its request all the same, which shares it with another.
    """

    seeds: SeedRange
    request_name: str | None
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class PlannedRange:
    """Seeds to be stored for a request; exempt ones say why and take no part in the constraint."""

    seeds: SeedRange
    exempt_reason: str | None


@dataclass(frozen=True, slots=True)
class Grants:
    """The ranges to store by request, and for those that get none the reason, in words."""

    given: Mapping[str, tuple[PlannedRange, ...]]
    refused: Mapping[str, str]


def grant_seeds(
    before: Mapping[str, RequestState],
    after: Mapping[str, RequestState],
    held: Mapping[str, Sequence[HeldRange]],
) -> Grants:
    """Decide about the seeds of the requests whose physics, seeds or exemption change.

    `held` has what is stored of each physics key that `after` touches. Past productions come first, in their
    order, and are never refused; then those still to run, which are refused when they overlap anything that
    was or will be used, unless one is the intended repeat of the other.
    """
    moving = [state for name, state in after.items() if _moves(before.get(name), state)]
    names = {state.name for state in moving}
    spaces = {
        key: _Space(row for row in ranges if row.request_name not in names) for key, ranges in held.items()
    }
    given: dict[str, tuple[PlannedRange, ...]] = {}
    refused: dict[str, str] = {}
    for state in sorted(moving, key=lambda state: state.is_open):
        space = spaces.setdefault(state.physics_key, _Space(()))
        reason = space.refusal(state) if state.is_open else None
        if reason is None:
            given[state.name] = space.grant(state)
        else:
            refused[state.name] = reason
    return Grants(given, refused)


class _Space:
    """The used seeds of one physics key: those held, which do not overlap, and those used once more."""

    def __init__(self, rows: Iterable[HeldRange]) -> None:
        self._held: list[tuple[SeedRange, str]] = []
        self._again: list[tuple[SeedRange, str]] = []
        for row in rows:
            (self._again if row.is_exempt else self._held).append((row.seeds, row.request_name or _SET_ASIDE))
        self._held.sort()

    def grant(self, state: RequestState) -> tuple[PlannedRange, ...]:
        """The wanted seeds, cut into those that become the request's own and those that it shares."""
        if state.exempt_reason is not None:
            return tuple(PlannedRange(seeds, state.exempt_reason) for seeds in state.seeds)
        planned = []
        for wanted in state.seeds:
            shared = self._among_held(wanted)
            free = missing_seeds(wanted, (seeds for seeds, _ in shared))
            planned += [PlannedRange(seeds, _why(other, state)) for seeds, other in shared]
            planned += [PlannedRange(seeds, None) for seeds in free]
            self._again += [(seeds, state.name) for seeds, _ in shared]
            for seeds in free:
                insort(self._held, (seeds, state.name))
        return tuple(sorted(planned, key=lambda each: each.seeds))

    def refusal(self, state: RequestState) -> str | None:
        """Why the seeds cannot be given to something still to run; None when they can."""
        if state.exempt_reason is not None:
            return None
        taken = sorted(
            (other, shared)
            for wanted in state.seeds
            for shared, other in (*self._among_held(wanted), *_overlaps(self._again, wanted))
            if other not in state.repeats
        )
        if not taken:
            return None
        others = ", ".join(f"{shared} by {other}" for other, shared in taken[:_OTHERS_NAMED])
        more = f" and {len(taken) - _OTHERS_NAMED} more" if len(taken) > _OTHERS_NAMED else ""
        return (
            f"{format_seeds(state.seeds)} cannot be given to what is still to run: of the same physics, "
            f"{others}{more} are used already. {self._advice(count_seeds(state.seeds))}"
        )

    def _advice(self, count: int) -> str:
        try:
            free = next_free(count, (seeds for seeds, _ in (*self._held, *self._again)))
        except NumberError:
            return "Take other seeds."
        return f"Take free seeds, such as {free}."

    def _among_held(self, wanted: SeedRange) -> list[tuple[SeedRange, str]]:
        start = bisect_left(self._held, wanted.first, key=lambda entry: entry[0].last)
        found = []
        for seeds, name in self._held[start:]:
            shared = seeds.overlap(wanted)
            if shared is None:
                break
            found.append((shared, name))
        return found


def _overlaps(rows: Iterable[tuple[SeedRange, str]], wanted: SeedRange) -> list[tuple[SeedRange, str]]:
    return [(shared, name) for seeds, name in rows if (shared := seeds.overlap(wanted)) is not None]


def _why(other: str, state: RequestState) -> str:
    return f"repeats {other}" if other in state.repeats else f"overlaps {other}"


def _moves(before: RequestState | None, after: RequestState) -> bool:
    """Whether the seeds must be decided about; a past production that is to run again, too."""
    if before is None or (after.is_open and not before.is_open):
        return True
    return _wants(before) != _wants(after)


def _wants(state: RequestState) -> tuple[object, ...]:
    return state.physics_key, state.seeds, state.exempt_reason

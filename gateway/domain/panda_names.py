"""Whom a user name in PanDA may mean: PanDA makes it of the display name, so two people may share one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Known:
    """A person in IAM, as far as their names go."""

    user_name: str
    display_name: str | None


@dataclass(slots=True)
class Namesakes:
    """Who in IAM goes by which name."""

    _by_display: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _user_names: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, people: Iterable[Known]) -> "Namesakes":
        """Take in all people of IAM."""
        found = cls()
        for person in people:
            found._user_names.add(person.user_name)
            if person.display_name:
                found._by_display[spoken(person.display_name)].add(person.user_name)
        return found

    def of_name(self, name: str) -> tuple[str, ...]:
        """Return the user names of all whom a name in PanDA may mean, in order."""
        own = {name} if name in self._user_names else set()
        return tuple(sorted(own | self._by_display.get(spoken(name), set())))


def spoken(name: str | None) -> str:
    """A name as it sounds: PanDA capitalises each word, and capitals and spacing differ between services."""
    return " ".join((name or "").split()).casefold()

"""The JSON of rows of root lists, each with all below it, kept until a row that it was made from changes.

A part remembers what its rows were found by, also where nothing was found: the log of changed rows names the
same values. All parts are as new as the newest look at the log; one that was read later than somebody's
snapshot is not given to them.
"""

import datetime as dt
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.schema.compiled.plans import RowPlan
from gateway.store.row_changes import NOTED
from gateway.store.sources import SourceName
from gateway.store.version_watch import Change, Changes, VersionWatch

# What a part takes beside its JSON, and for each value that its rows were found by, bytes.
PART_BYTES: Final = 800
POINT_BYTES: Final = 300
# What a plan takes that its parts alone may keep in memory: functions, statements, nodes of the document.
GROUP_BYTES: Final = 40_000
# Changes remembered for those who began to read before they were made.
REMEMBERED_CHANGES: Final = 4000

# A column of a table, and a value of it.
Column = tuple[str, str]
Point = tuple[Column, object]


@dataclass(slots=True, eq=False)
class Group:
    """Parts that differ in their row only: of one plan, for the same rights and values of variables."""

    key: Hashable
    plan: RowPlan
    parts: dict[object, "Part"] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Life:
    """Whether a part is still what would be read; an answer made of it holds this, and not its JSON."""

    is_alive: bool = True


@dataclass(slots=True, eq=False)
class Part:
    """The JSON of one row. `read_at` is the look of the snapshot it was read in; later it became no other."""

    json: bytes
    group: Group
    key: object
    read_at: int
    points: Sequence[Point]
    tables: frozenset[str]
    touched: frozenset[SourceName]
    good_until: dt.datetime | None
    life: Life = field(default_factory=Life)

    @property
    def bytes(self) -> int:
        """About what it takes in memory."""
        return PART_BYTES + len(self.json) + POINT_BYTES * len(self.points)


class Trace:
    """What several parts are made from, collected while they are read together.

    Parts are bits of a number, so that whose rows lead to a value is a sum of theirs.
    """

    def __init__(self, parts: int) -> None:
        self.everybody = (1 << parts) - 1
        self.points: dict[Column, dict[object, int]] = {}
        self.tables: dict[str, int] = {}
        self.touched: dict[SourceName, int] = {}
        self.asks_moment = False

    def note_points(self, table: str, column: str, owners: Mapping[object, int]) -> None:
        """Note that rows were looked for by these values, for whom each."""
        if column not in NOTED.get(table, ()):
            self.note_tables({table}, all_of(owners))
            return
        known = self.points.setdefault((table, column), {})
        for value, bits in owners.items():
            known[value] = known.get(value, 0) | bits

    def note_tables(self, tables: Iterable[str], bits: int) -> None:
        """Note that any row of the tables may have been read."""
        for table in tables:
            self.tables[table] = self.tables.get(table, 0) | bits

    def note_touched(self, sources: Iterable[SourceName], bits: int) -> None:
        """Note whose copies were read."""
        for source in sources:
            self.touched[source] = self.touched.get(source, 0) | bits

    @property
    def is_known(self) -> bool:
        """Whether the log tells of every change that concerns the parts."""
        return not self.asks_moment and NOTED.keys() >= self.tables.keys()

    def of(self, part: int) -> tuple[list[Point], frozenset[str], frozenset[SourceName]]:
        """Return the points, tables and sources of one part."""
        bit = 1 << part
        points = [
            (column, value)
            for column, found in self.points.items()
            for value, bits in found.items()
            if bits & bit
        ]
        return (
            points,
            frozenset(table for table, bits in self.tables.items() if bits & bit),
            frozenset(source for source, bits in self.touched.items() if bits & bit),
        )

    def concerned(self, changes: Iterable[Change]) -> int:
        """Return the parts that any of the changes concerns, as bits."""
        bits = 0
        for table, values in changes:
            bits |= self.tables.get(table, 0)
            for column, value in _points_of(table, values):
                found = self.points.get(column)
                if found is not None:
                    bits |= all_of(found) if values is None else found.get(value, 0)
        return bits


class KeptParts:
    """Parts of one process, at most `max_bytes` of them; those not asked for longest are dropped first.

    With `keeps_pages` which rows a page has is taken from its tables' versions too, and not read each time.
    """

    def __init__(self, watch: VersionWatch, *, max_bytes: int, keeps_pages: bool = True) -> None:
        self.keeps_pages = keeps_pages
        self._watch = watch
        self._max_bytes = max_bytes
        self._parts: OrderedDict[Part, None] = OrderedDict()
        self._groups: dict[Hashable, Group] = {}
        self._by_point: dict[Column, dict[object, Part | set[Part]]] = {}
        self._by_table: dict[str, set[Part]] = {}
        self._changes: deque[tuple[int, Sequence[Change]]] = deque()
        self._remembered = 0
        # Since which look all changes are remembered.
        self._known_since = 0
        self.bytes = 0
        self.found = 0
        self.read = 0
        watch.follow(self._take)

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def group(self, plan: RowPlan, asked: Hashable) -> Group:
        """Return the parts of a plan for what is asked: the rights, and the values of variables."""
        key = (id(plan), asked)
        # The group holds the plan, so that no other one gets its place in memory.
        return self._groups.get(key) or Group(key, plan)

    def find(
        self, group: Group, keys: Sequence[object], look: int, is_past: Callable[[dt.datetime], bool]
    ) -> list[Part | None]:
        """Return for each row's key what is kept, if it is what the snapshot of a look holds."""
        found: list[Part | None] = []
        for key in keys:
            part = group.parts.get(key)
            if part is not None and part.read_at > look:
                part = None
            if part is not None and part.good_until is not None and is_past(part.good_until):
                part = None
            if part is not None:
                self._parts.move_to_end(part)
                self.found += 1
            found.append(part)
        return found

    def keep(
        self,
        group: Group,
        trace: Trace,
        made: Sequence[tuple[object, bytes]],
        look: int,
        good_until: dt.datetime | None,
    ) -> list[Part]:
        """Keep what was read in the snapshot of a look; what has changed since is returned all the same."""
        self.read += len(made)
        changed = trace.everybody if look < self._known_since else 0
        for number, changes in self._changes:
            if number > look:
                changed |= trace.concerned(changes)
        parts: list[Part] = []
        for place, (key, json) in enumerate(made):
            part = Part(json, group, key, look, *trace.of(place), good_until)
            parts.append(part)
            if changed >> place & 1:
                part.life.is_alive = False
            else:
                self._add(part)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._parts)))
        return parts

    def _add(self, part: Part) -> None:
        group = part.group = self._registered(part.group)
        former = group.parts.get(part.key)
        if former is not None:
            self._drop(former)
            group = part.group = self._registered(group)
        group.parts[part.key] = part
        self._parts[part] = None
        self.bytes += part.bytes
        for column, value in part.points:
            index = self._by_point.setdefault(column, {})
            known = index.get(value)
            if known is None:
                # Mostly there is one: a set for each would take more than all the rest.
                index[value] = part
            elif isinstance(known, set):
                known.add(part)
            else:
                index[value] = {known, part}
        for table in part.tables:
            self._by_table.setdefault(table, set()).add(part)

    def _registered(self, group: Group) -> Group:
        if group.key not in self._groups:
            self._groups[group.key] = group
            self.bytes += GROUP_BYTES
        return self._groups[group.key]

    def _drop(self, part: Part) -> None:
        if not part.life.is_alive:
            return
        part.life.is_alive = False
        del self._parts[part]
        self.bytes -= part.bytes
        group = part.group
        del group.parts[part.key]
        if not group.parts:
            del self._groups[group.key]
            self.bytes -= GROUP_BYTES
        for column, value in part.points:
            index = self._by_point[column]
            known = index[value]
            if isinstance(known, set) and len(known) > 1:
                known.discard(part)
            else:
                del index[value]
        for table in part.tables:
            self._by_table[table].discard(part)

    def _take(self, changes: Changes) -> None:
        """Drop what changes concern, and remember them for those who are reading."""
        look = self._watch.order
        if changes is None:
            self._known_since = look
            self._changes.clear()
            self._remembered = 0
            for part in list(self._parts):
                self._drop(part)
            return
        self._changes.append((look, changes))
        self._remembered += len(changes)
        while self._remembered > REMEMBERED_CHANGES:
            self._known_since, forgotten = self._changes.popleft()
            self._remembered -= len(forgotten)
        for change in changes:
            for part in self._concerned(change):
                self._drop(part)

    def _concerned(self, change: Change) -> Sequence[Part]:
        table, values = change
        found: list[Part] = list(self._by_table.get(table, ()))
        for column, value in _points_of(table, values):
            index = self._by_point.get(column)
            if index is None:
                continue
            several = list(index.values()) if values is None else [index[value]] if value in index else []
            for known in several:
                found += known if isinstance(known, set) else (known,)
        return found


def _points_of(table: str, values: Sequence[object] | None) -> Iterator[Point]:
    """Return the columns of a table that are noted, each with its value in a change, None for any."""
    columns = NOTED.get(table, ())
    for place, column in enumerate(columns):
        yield (table, column), None if values is None else values[place]


def all_of(owners: Mapping[object, int]) -> int:
    """Return all parts that any of these is of."""
    bits = 0
    for each in owners.values():
        bits |= each
    return bits

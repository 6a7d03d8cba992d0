"""Reading feeds in tests: all records by section, as the gateway would type them."""

from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.ports import Feed, Record


async def read_all(feed: Feed) -> dict[str, list[Record]]:
    """Return the records of a complete reading by section."""
    found: dict[str, list[Record]] = {section: [] for section in feed.sections}
    async for page in feed.everything():
        found[page.section].extend(page.records)
    return found


async def read_one(feed: Feed) -> list[Record]:
    """Return the records of a complete reading of a feed of one section."""
    (records,) = (await read_all(feed)).values()
    return records


def assert_typed(source: SourceName, section: str, records: list[Record]) -> None:
    """Check that each record goes in: no field is unknown, none is bad, no key stands twice."""
    (typed,) = [one for one in SECTIONS[source] if one.name == section]
    for record in records:
        assert set(record) <= typed.fields
        typed.row(record)
    assert len({typed.key(record) for record in records}) == len(records)

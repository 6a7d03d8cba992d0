"""A look at configured services: how each is, where, and what to do about it."""

import pytest

from gateway.doctor import address_of, look_at
from gateway.errors import SettingError
from gateway.settings import Settings
from gateway.store.sources import SourceName
from gateway.upstreams.ports import Feed, Health


class Looked:
    """An upstream of which a look finds what a test says."""

    source = SourceName.CRIC
    feeds: tuple[Feed, ...] = ()

    def __init__(self, found: Health | SettingError) -> None:
        self._found = found

    async def look(self) -> Health:
        if isinstance(self._found, SettingError):
            raise self._found
        return self._found

    async def close(self) -> None:
        return


def health(*advice: str, ahead_s: float | None = 1.0, version: str | None = "2.1", **offers: bool) -> Health:
    return Health(SourceName.CRIC, not advice, version, offers, ahead_s, advice)


@pytest.mark.parametrize(
    ("found", "is_well", "lines"),
    [
        (health(), True, ("cric: well, at https://cric.test, version 2.1, clock ahead +1 s",)),
        (health(version=None, ahead_s=None), True, ("cric: well, at https://cric.test",)),
        (
            health(sites=True, queues=False),
            True,
            ("cric: well, at https://cric.test, version 2.1, clock ahead +1 s", "does not offer queues"),
        ),
        (
            health(ahead_s=-600.0),
            False,
            (
                "cric: NOT WELL, at https://cric.test, version 2.1, clock ahead -600 s",
                "The clocks differ by 600 s: set ours or that of cric by NTP.",
            ),
        ),
        (
            SettingError("cannot read the secret in /run/x: No such file"),
            False,
            ("cric: NOT WELL, at https://cric.test", "cannot read the secret in /run/x: No such file"),
        ),
    ],
)
async def test_a_look_says_how_a_service_is_and_what_to_do(
    found: Health | SettingError, is_well: bool, lines: tuple[str, ...]
) -> None:
    finding = await look_at(Looked(found), "https://cric.test")

    assert (finding.is_well, finding.lines) == (is_well, lines)


@pytest.mark.parametrize("source", SourceName)
def test_every_service_has_an_address_in_the_settings(source: SourceName) -> None:
    name = "iam_issuer" if source is SourceName.IAM else f"{source.value}_url"

    assert address_of(Settings.read(**{name: "https://there.test"}), source) == "https://there.test"

"""How a configured service is, in lines for whoever has to do something about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.store.sources import SourceName
from gateway.upstreams.ports import Upstream

# The overlap of readings bears a difference of ten minutes; half of it is time to say so.
CLOCK_TOLERANCE_S: Final = 300.0
_ADDRESSES: Final[Mapping[SourceName, str]] = {
    SourceName.PANDA: "panda_url",
    SourceName.RUCIO: "rucio_url",
    SourceName.CRIC: "cric_url",
    SourceName.IAM: "iam_issuer",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found: the first line says how the service is, the others what to do."""

    is_well: bool
    lines: tuple[str, ...]


def address_of(settings: Settings, source: SourceName) -> str:
    """Return where the settings say that a service is."""
    return str(getattr(settings, _ADDRESSES[source]))


async def look_at(upstream: Upstream, address: str) -> Finding:
    """Ask a service how it is; whatever keeps us from asking is a finding too."""
    name = upstream.source.value
    try:
        health = await upstream.look()
    except GatewayError as error:
        return Finding(False, (f"{name}: NOT WELL, at {address}", error.message))
    advice = list(health.advice)
    ahead_s = health.clock_ahead_s
    if ahead_s is not None and abs(ahead_s) > CLOCK_TOLERANCE_S and not any("clock" in one for one in advice):
        advice.append(f"The clocks differ by {abs(ahead_s):.0f} s: set ours or that of {name} by NTP.")
    is_well = health.is_ok and not advice
    said = [f"{name}: {'well' if is_well else 'NOT WELL'}, at {address}"]
    if health.version is not None:
        said.append(f"version {health.version}")
    if ahead_s is not None:
        said.append(f"clock ahead {ahead_s:+.0f} s")
    lacking = sorted(one for one, is_there in health.capabilities.items() if not is_there)
    lines = [", ".join(said), *([f"does not offer {', '.join(lacking)}"] if lacking else []), *advice]
    return Finding(is_well, tuple(lines))

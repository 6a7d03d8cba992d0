"""PanDA as the rest of the program sees it: its readings, and how it is."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.errors import DeniedError, UpstreamError
from gateway.store.sources import SourceName
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.feeds import Ids, JobCountsFeed, JobsCounted, TasksFeed, TellCoreSeconds
from gateway.upstreams.ports import Feed, Health

# The clocks may differ by this much before the overlap of readings begins to be used up.
_CLOCK_TOLERANCE_S: Final = 300.0
# A method, an HTTP method that it does not take, and the version that brought it (panda-server's tags).
_PROBES: Final[Mapping[str, tuple[str, str]]] = {
    "task/get_tasks_detailed_info_since": ("POST", "1.0.0"),
    "task/get_job_descriptions": ("POST", "0.8.1"),
    "task/get_detailed_info": ("POST", "0.7.2"),
    "task/submit": ("GET", "0.6.0"),
    "job/get_description_incl_archive": ("GET", "0.6.0"),
}


class PandaUpstream:
    """A PanDA server; owns its client. The callables are the feeds', and asked at each reading."""

    source = SourceName.PANDA

    def __init__(
        self,
        client: PandaClient,
        *,
        known_ids: Ids,
        canaries: Ids,
        ids_to_count: Ids,
        jobs_counted: JobsCounted | None = None,
        tell_core_seconds: TellCoreSeconds | None = None,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._client = client
        self._clock = clock
        self.feeds: Sequence[Feed] = (
            TasksFeed(client, known_ids=known_ids, canaries=canaries),
            JobCountsFeed(
                client,
                task_ids=ids_to_count,
                jobs_counted=jobs_counted,
                tell_core_seconds=tell_core_seconds,
            ),
        )

    async def look(self) -> Health:
        """Ask for a task that is nobody's, the clock, and what is offered; changes nothing at PanDA."""
        version, ahead_s, advice = None, None, []
        capabilities: dict[str, bool] = {}
        try:
            _, answer = await self._client.call("GET", "task/get_status", params={"task_id": 0})
            ahead_s = (answer.date - self._clock()).total_seconds()
            if abs(ahead_s) > _CLOCK_TOLERANCE_S:
                advice.append(f"The clocks differ by {abs(ahead_s):.0f} s: set ours or PanDA's by NTP.")
            for name, (method, since) in _PROBES.items():
                capabilities[name] = await self._client.offers(name, wrong_method=method)
                if capabilities[name] and version is None:
                    version = f"{since} or newer"
            if not capabilities["task/get_tasks_detailed_info_since"]:
                advice.append(
                    "This PanDA cannot list tasks: those we know are kept current, new ones are not found."
                    " Take panda-server 1.0.0 or newer."
                )
            if version is None:
                advice.append("This PanDA is older than 0.6.0, which is too old to be used.")
        except DeniedError as error:
            advice.append(f"{error.message}. Look at the token, its groups and the virtual organisation.")
        except UpstreamError as error:
            advice.append(f"{error.message}. Look at the address of PanDA and at the network.")
        is_ok = version is not None and not advice
        return Health(self.source, is_ok, version, capabilities, ahead_s, tuple(advice))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

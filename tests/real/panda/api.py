"""PanDA's API as one person uses it, without the adapter that is tested elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import httpx2


class Issuer(Protocol):
    """Something that has an address and gives out tokens."""

    @property
    def url(self) -> str:
        """The address of the API's host."""
        ...

    def token(self, name: str, groups: Sequence[str] = ...) -> str:
        """A token for a person."""
        ...


@dataclass(frozen=True, slots=True)
class PandaApi:
    """Calls as one person; the answer is the whole envelope."""

    url: str
    token: str
    origin: str = "spd:production"

    @classmethod
    def of(cls, panda: Issuer, name: str, *, is_production: bool = True) -> Self:
        """The API for a person of that display name."""
        groups = ("spd", "spd/production") if is_production else ("spd",)
        return cls(panda.url, panda.token(name, groups), "spd:production" if is_production else "spd")

    def post(self, name: str, **body: object) -> dict[str, Any]:
        """Call with a body."""
        return self._ask("POST", name, json=body)

    def get(self, name: str, **query: object) -> dict[str, Any]:
        """Call with a query."""
        return self._ask("GET", name, params=query)

    def submit(self, parameters: Mapping[str, Any], *, parent: int | None = None) -> int:
        """Submit a task that must be accepted; return its id."""
        said = self.post("task/submit", task_parameters=dict(parameters), parent_tid=parent)
        assert said["success"], said
        return int(said["data"])

    def command(self, name: str, task_id: int, **more: object) -> tuple[bool, str, object]:
        """Give a command; return success, message and data."""
        said = self.post(f"task/{name}", task_id=task_id, **more)
        return said["success"], said["message"], said["data"]

    def status(self, task_id: int) -> str | None:
        """Return a task's state, or None where it is not known."""
        found = self.get("task/get_status", task_id=task_id)["data"]
        return None if found is None else str(found)

    def task(self, task_id: int) -> dict[str, Any]:
        """Return all that is said of a task."""
        found = self.get("task/get_detailed_info", task_id=task_id)["data"]
        assert isinstance(found, dict)
        return found

    def jobs(self, task_id: int) -> list[dict[str, Any]]:
        """Return all jobs of a task, all attempts of them, by their ids."""
        ids = self.get("task/get_job_ids", task_id=task_id)["data"]
        found = self.post("job/get_description_incl_archive", job_ids=ids)["data"] if ids else []
        return sorted((one for one in found if one is not None), key=lambda one: int(one["PandaID"]))

    def _ask(self, method: str, name: str, **more: Any) -> dict[str, Any]:
        answer = httpx2.request(
            method,
            f"{self.url}/api/v1/{name}",
            headers={
                "authorization": f"Bearer {self.token}",
                "origin": self.origin,
                "accept": "application/json",
            },
            timeout=60,
            trust_env=False,
            **more,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

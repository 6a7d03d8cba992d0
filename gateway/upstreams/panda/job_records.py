"""Which jobs of a task have ended well, from PanDA's record of the numbers and files that they were given.

File names do not tell: a job that is retried writes a file of another number with the same seed. JEDI keeps
each job's number in a pseudo dataset of the type "random_seed", counted from 1, and each input file with its
state (panda-server 1.0.4, getRandomSeed_JEDI and get_files_in_datasets).
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.errors import BrokenError, GarbledError
from gateway.upstreams.panda.client import SOURCE, PandaClient

_NUMBER_IN_NAME: Final = re.compile(r"\.([0-9]{6,})\.[A-Za-z0-9]+$")
_NOTHING: Final = "No data found for the task"


class PandaJobRecords:
    """Asks a PanDA server with the gateway's own token."""

    def __init__(self, client: PandaClient) -> None:
        self._client = client

    async def finished_seeds(self, task_id: int, *, reads_files: bool) -> frozenset[int]:
        """Return the numbers of a task's finished jobs; of a task that reads files those in the files' names.

        A task of which PanDA has no record yet has none. Raises UpstreamError when PanDA does not tell.
        """
        kind = "input" if reads_files else "random_seed"
        envelope, _ = await self._client.call(
            "GET", "task/get_datasets_and_files", params={"task_id": task_id, "dataset_types": [kind]}
        )
        if not envelope.success:
            if envelope.message == _NOTHING:
                return frozenset()
            raise BrokenError(SOURCE, f"panda failed: {envelope.message[:200] or 'it does not say why'}")
        if not isinstance(envelope.data, list):
            raise GarbledError(SOURCE, "panda sent something else where a list of files was promised")
        return frozenset(
            number
            for dataset in envelope.data
            for file in _files(dataset)
            if file.get("status") == "finished" and (number := _number(file.get("lfn"))) is not None
        )


def _files(dataset: object) -> list[Mapping[str, object]]:
    files = dataset.get("files") if isinstance(dataset, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise GarbledError(SOURCE, "panda sent something else where a dataset's files were promised")
    return files


def _number(name: object) -> int | None:
    text = str(name)
    if text.isascii() and text.isdigit():
        return int(text)
    found = _NUMBER_IN_NAME.search(text)
    return None if found is None else int(found[1])

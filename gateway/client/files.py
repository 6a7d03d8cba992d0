"""The list of a sample's files as a list of addresses that knows how complete it is."""

from collections.abc import Iterable, Mapping


class FileUrls(list[str]):
    """Addresses in the order of the seeds; give them to uproot or a TChain as they are."""

    def __init__(self, urls: Iterable[str], headers: Mapping[str, str]) -> None:
        super().__init__(urls)
        self.expected = int(headers["files-expected"])
        self.missing_seeds = headers.get("files-missing-seeds", "")
        self.taken_at = headers["files-taken-at"]
        self.is_stale = "files-stale" in headers

    @property
    def is_complete(self) -> bool:
        """Whether there is a file for each seed of the request."""
        return len(self) >= self.expected

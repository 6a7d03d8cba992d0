"""Looking at CVMFS where it is mounted: whether something is there, and what a script holds."""

import asyncio
import hashlib
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.domain.checks.cvmfs import NOT_MOUNTED, Seen

# A macro has kilobytes; whatever is larger is none and not worth reading through.
_LARGEST_SCRIPT_BYTES: Final = 10_000_000
_ROOT: Final = PurePosixPath("/cvmfs")


class MountedCvmfs:
    """CVMFS as a folder of this machine; another folder can stand for it in tests."""

    def __init__(self, root: Path = Path("/cvmfs")) -> None:
        self._root = root

    async def look_at(self, path: str) -> Seen:
        """Return what is at an absolute path below /cvmfs; "not mounted" where nothing can be said.

        It reads the file system in a thread, because CVMFS fetches what is asked for over the network.
        """
        return await asyncio.to_thread(self._look_at, path)

    def _look_at(self, path: str) -> Seen:
        asked = PurePosixPath(path)
        if not asked.is_relative_to(_ROOT) or ".." in asked.parts:
            return Seen(exists=False)
        inside = asked.relative_to(_ROOT)
        try:
            # A repository is mounted when it is looked at; the folder above it is always there.
            if not inside.parts or not (self._root / inside.parts[0]).is_dir():
                return NOT_MOUNTED
            place = self._root / inside
            if place.is_dir():
                return Seen(exists=True)
            if not place.is_file() or place.stat().st_size > _LARGEST_SCRIPT_BYTES:
                return Seen(exists=False)
            return Seen(exists=True, sha256=hashlib.sha256(place.read_bytes()).hexdigest())
        except OSError:
            return NOT_MOUNTED

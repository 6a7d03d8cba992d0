"""Where a person's access token lies: WLCG's bearer token discovery, version 1.0."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import SettingError

MAX_FILE_BYTES = 64 * 1024


def find_token(
    environment: Mapping[str, str],
    user_id: int,
    *,
    last_folder: Path = Path("/tmp"),  # noqa: S108 - as WLCG has it
) -> str | None:
    """Return the token, or None when there is none in any of the four places; the first that is set counts.

    BEARER_TOKEN, the file that BEARER_TOKEN_FILE names, `bt_u<uid>` in XDG_RUNTIME_DIR, then in /tmp. Raises
    SettingError when the first place that is set holds no token, or a file that somebody else wrote or could
    have written.
    """
    token = environment.get("BEARER_TOKEN")
    if token is not None:
        return _token_in(token, "BEARER_TOKEN")
    file = environment.get("BEARER_TOKEN_FILE")
    if file is not None:
        return _token_of(Path(file), user_id)
    name = f"bt_u{user_id}"
    runtime = environment.get("XDG_RUNTIME_DIR")
    for folder in [*([Path(runtime)] if runtime else []), last_folder]:
        if (folder / name).exists():
            return _token_of(folder / name, user_id)
    return None


def _token_of(file: Path, user_id: int) -> str:
    try:
        # Without waiting: anybody may put a pipe into /tmp that nobody writes to.
        with open(file, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as opened:
            status = os.fstat(opened.fileno())
            if status.st_uid not in {user_id, 0} or not stat.S_ISREG(status.st_mode):
                raise SettingError(f"{file} is not a file of yours: a token in it could be anybody's")
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise SettingError(
                    f"others may write to {file}, so a token in it could be anybody's: "
                    "look at what it holds, then `chmod 600` it"
                )
            content = opened.read(MAX_FILE_BYTES)
    except OSError as error:
        raise SettingError(f"cannot read the token in {file}: {error.strerror}") from error
    return _token_in(content.decode("ascii", errors="replace"), str(file))


def _token_in(text: str, place: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingError(f"{place} is set and holds no token; take it away, or put an access token there")
    return token

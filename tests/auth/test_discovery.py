"""WLCG's bearer token discovery: four places, in order; the first that is set counts, even if it is wrong."""

import os
from pathlib import Path

import pytest

from gateway.client.tokens import find_token
from gateway.errors import SettingError

ME = os.getuid()


def places(**given: str) -> dict[str, str]:
    return {name.upper(): value for name, value in given.items()}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A runtime folder and the last folder, each with a token of its own."""
    runtime, last = tmp_path / "run", tmp_path / "tmp"
    for folder, token in ((runtime, "of-runtime"), (last, "of-tmp")):
        folder.mkdir()
        (folder / f"bt_u{ME}").write_text(f" {token}\n")
        (folder / f"bt_u{ME}").chmod(0o600)
    return runtime, last


def test_the_places_are_asked_in_order(folders: tuple[Path, Path], tmp_path: Path) -> None:
    runtime, last = folders
    file = tmp_path / "token"
    file.write_text("of-file")
    file.chmod(0o644)
    all_places = {
        "bearer_token": "of-variable",
        "bearer_token_file": str(file),
        "xdg_runtime_dir": str(runtime),
    }

    found = []
    for taken_away in (None, "bearer_token", "bearer_token_file", "xdg_runtime_dir"):
        all_places.pop(taken_away or "", None)
        found.append(find_token(places(**all_places), ME, last_folder=last))

    assert found == ["of-variable", "of-file", "of-runtime", "of-tmp"]


def test_without_any_place_there_is_no_token(tmp_path: Path) -> None:
    assert find_token(places(xdg_runtime_dir=str(tmp_path)), ME, last_folder=tmp_path) is None


@pytest.mark.parametrize("content", ["", " \n", "a token", "tok\x00en", "tökén"])
def test_a_place_that_holds_no_token_is_told_and_no_other_is_asked(
    folders: tuple[Path, Path], content: str
) -> None:
    with pytest.raises(SettingError, match="BEARER_TOKEN is set and holds no token"):
        find_token(places(bearer_token=content), ME, last_folder=folders[1])


def test_a_file_that_is_not_there_is_told(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot read the token in"):
        find_token(places(bearer_token_file=str(tmp_path / "none")), ME, last_folder=folders[1])


def test_a_file_of_somebody_else_is_not_believed(folders: tuple[Path, Path]) -> None:
    _runtime, last = folders
    stranger = ME + 1
    file = last / f"bt_u{stranger}"
    file.write_text("planted")
    if ME == 0:
        os.chown(file, 4711, -1)

    with pytest.raises(SettingError, match="is not a file of yours"):
        find_token(places(), stranger, last_folder=last)


@pytest.mark.parametrize("mode", [0o666, 0o606, 0o660, 0o622])
def test_a_file_that_others_may_write_to_is_not_believed(folders: tuple[Path, Path], mode: int) -> None:
    _runtime, last = folders
    file = last / f"bt_u{ME}"
    file.chmod(mode)

    with pytest.raises(SettingError, match=f"others may write to {file}.*chmod 600"):
        find_token(places(), ME, last_folder=last)


def test_a_pipe_that_somebody_put_there_is_refused_and_not_waited_for(folders: tuple[Path, Path]) -> None:
    _runtime, last = folders
    (last / f"bt_u{ME}").unlink()
    os.mkfifo(last / f"bt_u{ME}")

    with pytest.raises(SettingError, match="is not a file of yours"):
        find_token(places(), ME, last_folder=last)

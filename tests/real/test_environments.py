"""An environment that cannot be had is said loudly, and where it must be there it is a failure."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.environments import EnvironmentMissingError, bare_environment, environment, skip_or_fail
from tests.support.postgres import ROOT

NAME = "never-there"


@pytest.fixture
def without_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    yield
    shutil.rmtree(ROOT / ".cache" / f"real-{NAME}", ignore_errors=True)
    (ROOT / ".cache" / f"real-{NAME}.lock").unlink(missing_ok=True)


def test_packages_that_cannot_be_had_are_named(without_index: None, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"no-such-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n")

    with pytest.raises(EnvironmentMissingError, match="no-such-package"):
        environment(NAME, lock)

    assert not (ROOT / ".cache" / f"real-{NAME}" / "stamp").exists()


def test_what_is_not_run_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATEWAY_REAL", raising=False)

    with pytest.raises(pytest.skip.Exception, match="NOT RUN: the contract: no index"):
        skip_or_fail("the contract", "no index")

    assert capsys.readouterr().err.strip() == "NOT RUN: the contract: no index"


def test_where_it_is_required_it_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_REAL", "required")

    with pytest.raises(pytest.fail.Exception, match="NOT RUN: the contract: no index"):
        skip_or_fail("the contract", "no index")


def test_a_server_gets_nothing_of_our_environment_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("RUCIO_HOME", "PANDA_URL_SSL", "BEARER_TOKEN", "X509_USER_PROXY", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "ours")

    given = bare_environment(tmp_path)

    assert "ours" not in given.values()
    assert given["TMPDIR"] == str(tmp_path)

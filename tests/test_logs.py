"""What a failure leaves in the log: where it happened, and nothing of what the frames held."""

import subprocess
import sys

import pytest

from gateway.settings import LogFormat

PROGRAM = """
import logging, sys
import structlog
from gateway.logs import set_up_logging
from gateway.settings import LogFormat

if sys.argv[1] in list(LogFormat):
    set_up_logging(LogFormat(sys.argv[1]))

def fail():
    token = "planted" + "-secret"
    raise RuntimeError("something broke")

for log in (structlog.get_logger(), logging.getLogger("a.library")):
    try:
        fail()
    except RuntimeError:
        log.exception("a failure on our side")
"""


def logged(look: str) -> str:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, look], capture_output=True, text=True, check=True)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_failure_is_logged_with_its_traceback_and_without_variables(log_format: LogFormat) -> None:
    said = logged(log_format.value)

    assert said.count("a failure on our side") == 2
    assert said.count("RuntimeError: something broke") == 2
    assert said.count("Traceback (most recent call last)") == 2
    assert "planted-secret" not in said


def test_the_look_that_is_not_used_would_tell_variables() -> None:
    assert "planted-secret" in logged("the library's own")

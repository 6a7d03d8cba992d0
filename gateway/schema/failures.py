"""How a failure of ours is written down: with its traceback and an id, without what the caller sent."""

import traceback

import structlog

log = structlog.get_logger()


def log_failure(error: Exception, *, action: str, correlation_id: str, place: str = "") -> None:
    """Log an error that nobody raised on purpose; `place` is the field or the path where it happened.

    The traceback is rendered here, so that it is a text wherever the event goes.
    """
    log.error(
        "something failed on our side",
        action=action,
        id=correlation_id,
        place=place,
        traceback="".join(traceback.format_exception(error)),
    )

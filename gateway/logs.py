"""How the program logs: structured lines on standard error, one event each, in one of two looks."""

import logging
import sys

import structlog
from structlog.typing import Processor

from gateway.settings import LogFormat


def set_up_logging(log_format: LogFormat) -> None:
    """Send our events and those of libraries through one chain; call it once, before anything logs.

    Tracebacks are written as Python writes them. The console's own look prints the variables of each frame,
    and so tokens, and takes seconds to draw them.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    quiet_libraries()


def quiet_libraries() -> None:
    """Let libraries log warnings only, whatever the level of the root is turned to.

    Below that they tell what we tell ourselves, or a line for each request to a service. What carries
    requests tells their headers, tokens included.
    """
    for name in ("alembic", "uvicorn.access", "uvicorn.error", "httpx2", "httpx", "httpcore2", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
